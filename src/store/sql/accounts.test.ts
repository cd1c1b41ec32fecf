import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { accountSuite, QUICK } from '../testing/account-suite.ts'
import { createPasswordHasher } from '../passwords.ts'
import { openSqlite } from './database.ts'

const folder = mkdtempSync(join(tmpdir(), 'lazaret-accounts-'))
afterAll(() => rmSync(folder, { recursive: true }))

accountSuite('SQLite', () => Promise.resolve(openSqlite(join(folder, 'accounts.db'))))

describe('hashes of passwords', () => {
  it('are argon2id with their parameters, and say when those are outdated', async () => {
    const quick = createPasswordHasher(QUICK)
    const hash = await quick.hash('pässword')
    expect(hash).toMatch(/^\$argon2id\$v=19\$m=64,t=1,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
    expect(await quick.hash('pässword')).not.toBe(hash)
    expect(await quick.verify('pässword', hash)).toBe('right')
    expect(await quick.verify('pa\u0308ssword', hash)).toBe('right')
    expect(await quick.verify('password', hash)).toBe('wrong')
    expect(await createPasswordHasher({ ...QUICK, passes: 2 }).verify('pässword', hash)).toBe('outdated')
    for (const bad of [
      '',
      '$argon2id$',
      hash.replace('m=64', 'm=99999999'),
      hash.slice(0, -10),
      hash.replace('19', '16'),
    ]) {
      expect(await quick.verify('pässword', bad)).toBe('wrong')
    }
  })

  it('agree with the example of another program', async () => {
    // From test.c of the reference implementation: argon2id, two passes, 64 MiB, one lane, salt "somesalt".
    const known = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'
    expect(await createPasswordHasher().verify('password', known)).toBe('outdated')
    expect(await createPasswordHasher().verify('passwort', known)).toBe('wrong')
  })
})

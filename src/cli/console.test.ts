import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import {
  createPasswordHasher,
  inspectVault,
  openAccountStore,
  openSqlite,
  openVault,
  vaultKeyFile,
} from '../store/index.ts'
import { streamOf } from '../store/testing/vault-suite.ts'
import { runCli } from './run.ts'

const folder = mkdtempSync(join(tmpdir(), 'lazaret-cli-accounts-'))
afterAll(() => rmSync(folder, { recursive: true }))
const data = join(folder, 'data')

async function run(...words: string[]): Promise<{ code: number; out: string; err: string }> {
  const written = { out: '', err: '' }
  const stream = (name: 'out' | 'err') =>
    ({ write: (text: string) => ((written[name] += text), true) }) as unknown as NodeJS.WriteStream
  const code = await runCli(words, {
    stdout: stream('out'),
    stderr: stream('err'),
    environment: { LAZARET_DATA: data },
  })
  return { code, ...written }
}

describe('administration from the command line', () => {
  it('makes the first account an administrator with a password that is shown once', async () => {
    expect((await run('account', 'list')).err).toContain('(store-absent)')
    const refused = await run('account', 'add', 'Ada', '--role', 'viewer')
    expect(refused).toMatchObject({ code: 2, out: '' })
    expect(refused.err).toContain('the first account is an administrator with a password')
    const { code, out, err } = await run('account', 'add', 'Ada')
    expect(code).toBe(0)
    expect(err).toContain('Ada with the role administrator')
    expect(out).toMatch(/^[\w-]{20}\n$/)
    const database = openSqlite(join(data, 'ledger.db'))
    const stored = await (await openAccountStore(database)).accountByName('ada')
    expect(await createPasswordHasher().verify(out.trim(), stored?.passwordHash ?? '')).toBe('right')
    await database.close()
    for (const file of ['ledger.db', 'audit.key']) expect(statSync(join(data, file)).mode & 0o777).toBe(0o600)
  })

  it('lists, changes, disables and deletes', async () => {
    const password = join(folder, 'password')
    writeFileSync(password, 'a long passphrase\n')
    expect(await run('account', 'add', 'Bob', '--password-file', password, '--scans-per-day', '5')).toMatchObject({ code: 0, out: '' }) // prettier-ignore
    expect((await run('account', 'change', 'bob', '--role', 'analyst')).err).toBe('Bob: analyst\n')
    expect((await run('account', 'disable', 'Bob')).err).toBe('Bob: analyst, disabled\n')
    expect((await run('account', 'list')).out).toMatch(
      /^\S+ {2}administrator {2}Ada\n\S+ {2}analyst {8}Bob {2}disabled\n$/,
    )
    const { accounts } = JSON.parse((await run('account', 'list', '--json')).out) as { accounts: object[] }
    expect(accounts[1]).toMatchObject({ name: 'Bob', quota: { scansPerDay: 5 } })
    expect((await run('account', 'enable', 'Bob')).code).toBe(0)
    expect((await run('account', 'disable', 'Ada')).err).toContain('no administrator would be left')
    expect((await run('account', 'disable', 'Eve')).err).toContain('(account-unknown)')
  })

  it('makes keys, lists them without their secrets, and revokes them', async () => {
    const { out, err } = await run('account', 'key', 'Bob', '--label', 'mail', '--days', '3')
    expect(out).toMatch(/^lzk_[\w-]{8}_[\w-]{43}\n$/)
    expect(err).toContain('analyst        mail  expires ')
    expect((await run('account', 'key', 'Bob', '--role', 'administrator')).err).toContain('can be analyst at most')
    const list = (await run('account', 'keys', 'Bob')).out
    expect(list).not.toContain(out.trim())
    expect((await run('account', 'revoke', list.split(' ')[0])).code).toBe(0)
    expect((await run('account', 'keys', 'Bob')).out).toBe('')
    expect((await run('account', 'revoke', list.split(' ')[0])).err).toContain('the key')
    expect((await run('account', 'delete', 'Bob')).code).toBe(0)
  })

  it('has written all of that to the audit log, which it exports and checks', async () => {
    const lines = (await run('audit', 'export')).out.trimEnd().split('\n')
    const entries = lines.map(line => JSON.parse(line) as { action: string; outcome: string; target: string })
    const done = entries.map(({ action, outcome }) => `${action} ${outcome}`)
    expect(done.slice(0, 3)).toEqual(['createAccount invalid-input', 'createAccount done', 'createAccount done'])
    expect(done).toContain('createKey invalid-input')
    expect(entries[1]).toMatchObject({ target: 'Ada', door: 'cli', account: 'local', seal: expect.stringMatching(/^[0-9a-f]{64}$/) as string }) // prettier-ignore
    const { out, code } = await run('audit', 'verify')
    expect(code).toBe(0)
    const seal = /last seal ([0-9a-f]{64})/.exec(out)?.[1] ?? ''
    const csv = (await run('audit', 'export', '--csv')).out.split('\r\n')
    expect(csv[0]).toBe('at,id,account,name,key,address,door,action,target,outcome,seal')
    expect(csv.length).toBe(lines.length + 3)
    expect((await run('audit', 'verify', seal)).code).toBe(0)
    const database = openSqlite(join(data, 'ledger.db'))
    await database.write.updateTable('audit').set({ outcome: 'done' }).where('seq', '=', 1).execute()
    await database.close()
    expect(await run('audit', 'verify', seal)).toMatchObject({ code: 1, out: expect.stringContaining('breaks at entry 1') as string }) // prettier-ignore
  })

  it('rotates the keys of the vault and checks it', async () => {
    const vault = await openVault({ place: join(data, 'vault'), keyFile: vaultKeyFile(data), owner: false })
    const { intake, sha256 } = await vault.takeIn(streamOf(Buffer.from('content')), { maxBytes: 100 })
    await vault.keep(intake, sha256)
    const { key } = await vault.status()
    expect(JSON.parse((await run('vault', 'check', '--json')).out)).toMatchObject({ contents: 1, keys: { [key]: 1 }, problems: [] }) // prettier-ignore
    const { out, code } = await run('vault', 'rotate', '--drop-old')
    expect(code).toBe(0)
    expect(out).toContain('1 of 1 contents are sealed by it now')
    expect(out).toContain(`Forgot ${key}`)
    await vault.close()
    expect(await run('vault', 'check', '--deep')).toMatchObject({ code: 0, out: expect.stringContaining('decrypted and hashed') as string }) // prettier-ignore
    const path = join(data, 'vault/store', sha256.slice(0, 2), sha256.slice(2, 4), sha256)
    writeFileSync(path, 'damaged')
    expect(await inspectVault({ place: join(data, 'vault'), keyFile: vaultKeyFile(data) })).toMatchObject({
      state: 'ok',
    })
    expect(await inspectVault({ place: join(data, 'vault'), keyFile: join(data, 'none') })).toMatchObject({ state: 'failed', detail: expect.stringContaining('put it back') as string }) // prettier-ignore
    expect(await inspectVault({ place: join(data, 'none'), keyFile: join(data, 'none') })).toMatchObject({ state: 'absent' }) // prettier-ignore
    expect(await run('vault', 'check')).toMatchObject({ code: 1, out: expect.stringContaining('is damaged in the vault') as string }) // prettier-ignore
  })
})

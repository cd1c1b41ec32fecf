import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { openSqlite } from '../store/index.ts'
import { openAccounts } from './accounts.ts'
import { findCommand } from './commands.ts'
import type { CommandSpec } from './commands.ts'
import { CliError } from './errors.ts'
import { readInvocation } from './settings.ts'

const folder = mkdtempSync(join(tmpdir(), 'lazaret-cli-access-'))
afterAll(() => rmSync(folder, { recursive: true }))
const BEYOND = { address: '0.0.0.0:8320', loopback: false, tls: true }
const nobody = { account: '', name: '', role: undefined, address: '192.0.2.1', door: 'rest' } as const

async function openWith(data: string, words: readonly string[], listeners = [BEYOND]) {
  const database = openSqlite(join(folder, `${data}.db`))
  const { settings } = readInvocation(findCommand(['serve']) as CommandSpec, words, {
    LAZARET_DATA: join(folder, data),
  })
  try {
    const accounts = await openAccounts(settings, database, { listeners, log: () => {} })
    return {
      ...accounts,
      close: async () => {
        await accounts.close()
        await database.close()
      },
    }
  } catch (error) {
    await database.close()
    throw error
  }
}

describe('accounts of a server', () => {
  it('are needed beyond loopback, and begin with the one-time link', async () => {
    const refusal = await openWith('a', []).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(CliError)
    expect(refusal).toMatchObject({ code: 'accounts-needed' })
    expect((refusal as CliError).message).toContain('0.0.0.0:8320 can be reached from other machines')
    expect((refusal as CliError).remedy).toContain('lazaret account add')
    const local = { address: '127.0.0.1', door: 'rest', loopback: true } as const
    const claimable = await openWith('a', ['--claim'])
    // Loopback may be a proxy here: only the link counts.
    expect((await claimable.authenticator.authenticate({ kind: 'none' }, local)).role).toBeUndefined()
    const input = { name: 'Ada', password: 'a long passphrase', token: claimable.claim ?? '' }
    expect((await claimable.useCases.claimServer(nobody, input)).account.role).toBe('administrator')
    await claimable.close()
    const started = await openWith('a', [])
    expect(started.claim).toBeUndefined()
    await started.close()
    const open = await openWith('b', [], [])
    expect((await open.authenticator.authenticate({ kind: 'none' }, local)).role).toBe('administrator')
    await open.close()
  })

  it('name what is missing for an identity provider', async () => {
    const secret = join(folder, 'secret')
    writeFileSync(secret, 'x\n')
    const whole = ['--oidc-issuer', 'https://id.example', '--oidc-client', 'c', '--oidc-secret-file', secret, '--oidc-redirect', 'https://a/b'] // prettier-ignore
    for (const [words, what] of [
      [['--oidc-issuer', 'no url'], '--oidc-issuer needs a URL'],
      [whole.slice(0, 2), '--oidc-client needs'],
      [whole.slice(0, 4), '--oidc-secret-file needs'],
      [whole.slice(0, 6), '--oidc-redirect needs'],
      [[...whole, '--oidc-role', 'chief=x'], '--oidc-role needs ROLE=VALUE'],
      [[...whole, '--oidc-role', 'viewer='], '--oidc-role needs ROLE=VALUE'],
    ] as const) {
      await expect(openWith('c', words, [])).rejects.toThrow(what)
    }
    await (await openWith('c', [...whole, '--oidc-role', 'viewer=*', '--oidc-role', 'analyst=a=b'], [])).close()
  })
})

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createAccounts, UseCaseError } from '../../usecases/index.ts'
import type { AccountServer, AccountStore, Principal } from '../../usecases/index.ts'
import { createPasswordHasher, openAccountStore, openSqlite, systemHashes, systemRandom } from '../../store/index.ts'
import type { Database } from '../../store/index.ts'
import { createOidcProvider } from './index.ts'

// Against oidc-provider, with a browser of a few lines.

interface Provider {
  callback(): Callback
}
type ProviderClass = new (issuer: string, configuration: object) => Provider
type Callback = (request: IncomingMessage, response: ServerResponse) => void

const REDIRECT = 'http://127.0.0.1:8320/console/callback'
const GROUPS: Readonly<Record<string, readonly string[]>> = { alice: ['security', 'staff'], bob: ['staff'], eve: [] }
const nobody: Principal = { account: '', name: '', role: undefined, address: '192.0.2.1', door: 'rest' }

/** Logs in at the forms of the provider. @returns the address that the browser is sent back to */
async function browse(startUrl: string, login: string): Promise<string> {
  const cookies = new Map<string, string>()
  let url = startUrl
  let body: URLSearchParams | undefined
  for (let step = 0; step < 20; step++) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const init = { redirect: 'manual' as const, headers: { cookie }, ...(body && { method: 'POST', body }) }
    const answer = await fetch(url, init)
    for (const line of answer.headers.getSetCookie()) {
      const [name, value] = line.split(';')[0].split('=', 2)
      cookies.set(name, value)
    }
    body = undefined
    const location = answer.headers.get('location')
    if (location !== null) {
      url = new URL(location, url).href
      if (url.startsWith(REDIRECT)) return url
      continue
    }
    const html = await answer.text()
    const prompt = /name="prompt" value="(\w+)"/.exec(html)?.[1]
    const action = /action="([^"]+)"/.exec(html)?.[1]
    if (prompt === undefined || action === undefined) throw new Error(`No form at ${url}: ${html.slice(0, 300)}`)
    url = new URL(action, url).href
    body = new URLSearchParams({ prompt, ...(prompt === 'login' ? { login, password: 'x' } : {}) })
  }
  throw new Error('The provider sends in circles')
}

const refusalOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'no error',
    (error: unknown) => (error instanceof UseCaseError ? `${error.code}: ${error.detail ?? ''}` : String(error)),
  )

describe('login at an identity provider', () => {
  let http: Server
  let issuer: string
  let database: Database
  let store: AccountStore
  let server: AccountServer
  const serverWith = (clientSecret: string): AccountServer =>
    createAccounts({
      store,
      clock: { now: () => Date.now(), after: () => () => {} },
      random: systemRandom,
      hashes: systemHashes,
      passwords: createPasswordHasher({ memoryKib: 64, passes: 1, parallelism: 1 }),
      log: () => {},
      auditKey: 'key',
      openLocal: true,
      oidc: {
        provider: createOidcProvider({ issuer, clientId: 'lazaret', clientSecret, scopes: ['profile', 'groups'] }),
        mapping: { claim: 'groups', roles: { administrator: ['security'], viewer: ['staff'] } },
        redirectUrls: [REDIRECT],
      },
    })

  beforeAll(async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => {})
    vi.spyOn(console, 'info').mockImplementation(() => {})
    // @ts-expect-error It has no types.
    const { default: OidcServer } = (await import('oidc-provider')) as { default: ProviderClass }
    let callback: Callback = () => {}
    http = createServer((request, response) => callback(request, response))
    await new Promise<void>(resolve => void http.listen(0, '127.0.0.1', resolve))
    issuer = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
    callback = new OidcServer(issuer, {
      clients: [{ client_id: 'lazaret', client_secret: 'a secret', redirect_uris: [REDIRECT] }],
      cookies: { keys: ['k'] },
      pkce: { required: () => true },
      scopes: ['openid', 'profile', 'groups'],
      claims: { openid: ['sub'], profile: ['preferred_username'], groups: ['groups'] },
      findAccount: (_: unknown, id: string) => ({
        accountId: id,
        claims: () => ({ sub: id, preferred_username: id, groups: GROUPS[id] ?? [] }),
      }),
    }).callback()
    database = openSqlite(':memory:')
    // One connection, because memory is not shared by two.
    store = await openAccountStore({ ...database, read: database.write })
    server = serverWith('a secret')
  })
  afterAll(async () => {
    await server.close()
    await database.close()
    await new Promise(resolve => http.close(resolve))
    vi.restoreAllMocks()
  })

  async function logIn(name: string, accounts = server): ReturnType<AccountServer['useCases']['finishOidcLogin']> {
    const { url, state } = await accounts.useCases.startOidcLogin(nobody, { redirectUrl: REDIRECT })
    return accounts.useCases.finishOidcLogin(nobody, { callbackUrl: await browse(url, name), state })
  }

  it('makes an account with the role that the groups give, and finds it again', async () => {
    const first = await logIn('alice')
    expect(first.account).toMatchObject({ name: 'alice', role: 'administrator', oidc: { issuer, subject: 'alice' } })
    const peer = { address: '192.0.2.9', door: 'rest', loopback: false } as const
    const { token, csrf } = first
    expect(await server.authenticator.authenticate({ kind: 'session', token, csrf }, peer)).toMatchObject({
      name: 'alice',
    })
    expect((await logIn('alice')).account.id).toBe(first.account.id)
    expect((await logIn('bob')).account.role).toBe('viewer')
    expect(await refusalOf(logIn('eve'))).toBe('not-allowed: this identity has no role here')
  })

  it('takes over no account of the same name, follows the groups, and refuses who is disabled', async () => {
    const passwordAccount = await server.useCases.createAccount(nobody, { name: 'carol', role: 'submitter', password: 'a long passphrase' }) // prettier-ignore
    ;(GROUPS as Record<string, readonly string[]>).carol = ['staff']
    const { account } = await logIn('carol')
    expect(account.id).not.toBe(passwordAccount.id)
    expect(account.name).toMatch(/^carol [0-9a-f]{12}$/)
    ;(GROUPS as Record<string, readonly string[]>).carol = ['security']
    expect((await logIn('carol')).account).toMatchObject({ id: account.id, role: 'administrator' })
    await server.useCases.updateAccount(nobody, { id: account.id, disabled: true })
    expect(await refusalOf(logIn('carol'))).toBe('not-allowed: the account is disabled')
  })

  it('takes a login once, with its own state, at its own address, from the provider only', async () => {
    const { useCases } = server
    const begin = () => useCases.startOidcLogin(nobody, { redirectUrl: REDIRECT })
    const finish = (callbackUrl: string, state: string) =>
      refusalOf(useCases.finishOidcLogin(nobody, { callbackUrl, state }))
    const one = await begin()
    const callbackUrl = await browse(one.url, 'alice')
    expect(one.url).toContain('code_challenge_method=S256')
    const other = await begin()
    expect(await finish(callbackUrl, other.state)).toMatch(/^wrong-credentials: the identity provider: /)
    expect(await finish(callbackUrl, 'made up')).toMatch(/^wrong-credentials: this login has not begun here/)
    expect(await finish(callbackUrl, one.state)).toBe('no error')
    expect(await finish(callbackUrl, one.state)).toMatch(/^wrong-credentials: this login has not begun here/)
    const stolen = await begin()
    expect(await finish(callbackUrl.replace('127.0.0.1:8320', 'example.org'), stolen.state)).toMatch(/not begun here/)
    const denied = await begin()
    expect(await finish(`${REDIRECT}?error=access_denied&state=${denied.state}&iss=${encodeURIComponent(issuer)}`, denied.state)).toMatch(/^wrong-credentials: /) // prettier-ignore
    const forged = await begin()
    const code = new URL(await browse(forged.url, 'alice'))
    code.searchParams.set('code', 'guessed')
    expect(await finish(code.href, forged.state)).toMatch(/^wrong-credentials: /)
    expect(await refusalOf(useCases.startOidcLogin(nobody, { redirectUrl: 'https://example.org/' }))).toMatch(/^invalid-input/) // prettier-ignore
  })

  it('says what is wrong with client or provider', async () => {
    const wrong = serverWith('another secret')
    expect(await refusalOf(logIn('alice', wrong))).toMatch(/^wrong-credentials: the identity provider: /)
    await wrong.close()
    const absent = createOidcProvider({ issuer: 'http://127.0.0.1:9', clientId: 'x', clientSecret: 'y' })
    await expect(absent.start(REDIRECT)).rejects.toThrow()
    const plain = createOidcProvider({ issuer: 'http://192.0.2.1', clientId: 'x', clientSecret: 'y' })
    await expect(plain.start(REDIRECT)).rejects.toThrow('HTTPS')
  })
})

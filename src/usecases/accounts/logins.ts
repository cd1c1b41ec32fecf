import type { OpenedSession } from '../accounts.ts'
import { UseCaseError } from '../errors.ts'
import type { StoredAccount } from '../ports/accounts.ts'
import type { Principal } from '../policy.ts'
import { OIDC_LOGIN_MS, SESSION_LIMITS } from './limits.ts'
import { checkedName, checkPassword } from './names.ts'
import { publicAccount, type AccountParts } from './parts.ts'
import { roleOfClaims } from './roles.ts'
import { csrfOf, newToken } from './secrets.ts'

/** Longest text of a provider that becomes part of an account. */
const MAX_CLAIM_CHARS = 256

/** Ways to a session: the one-time link, a password, an identity provider. */
export class Logins {
  readonly #parts: AccountParts

  constructor(parts: AccountParts) {
    this.#parts = parts
  }

  async claim(
    principal: Principal,
    { token, name, password }: { readonly token: string; readonly name: string; readonly password: string },
  ): Promise<OpenedSession> {
    const { throttle, clock, store, hashes, passwords, ids } = this.#parts
    const nowMs = clock.now()
    const wasRight = throttle.begin('claim', principal.address, nowMs)
    const checked = checkedName(name)
    checkPassword(password, checked)
    const account: StoredAccount = {
      id: ids.next(nowMs),
      name: checked,
      role: 'administrator',
      disabled: false,
      quota: {},
      createdAtMs: nowMs,
      passwordHash: await passwords.hash(password),
    }
    const isHeld = await store.addAccount(account, { hash: hashes.sha256(token), nowMs })
    if (!isHeld) throw new UseCaseError('wrong-credentials', { detail: 'the link was used, or is too old' })
    wasRight()
    this.#parts.changed()
    return this.#open(principal, account)
  }

  async logIn(
    principal: Principal,
    { name, password }: { readonly name: string; readonly password: string },
  ): Promise<OpenedSession> {
    const account = await this.#parts.authenticator.checkPassword(name, password, principal.address)
    return this.#open(principal, account)
  }

  /** A session that was there before ends: its token may be known to others. */
  async #open({ session }: Principal, account: StoredAccount): Promise<OpenedSession> {
    const { store, clock, random, hashes, ids, changed } = this.#parts
    const nowMs = clock.now()
    const token = newToken(random)
    const expiresAtMs = nowMs + SESSION_LIMITS.absoluteMs
    if (session !== undefined) await store.deleteSession(session)
    await store.addSession({
      id: ids.next(nowMs),
      account: account.id,
      hash: hashes.sha256(token),
      createdAtMs: nowMs,
      usedAtMs: nowMs,
      expiresAtMs,
    })
    await store.trimSessions(account.id, SESSION_LIMITS.most)
    changed()
    return { token, csrf: csrfOf(hashes, token), expiresAtMs, account: publicAccount(account) }
  }

  async logOut({ session }: Principal): Promise<void> {
    if (session === undefined) return
    await this.#parts.store.deleteSession(session)
    this.#parts.changed()
  }

  async changePassword(principal: Principal, input: { readonly old: string; readonly new: string }): Promise<void> {
    const { store, authenticator, passwords, changed } = this.#parts
    if (principal.key !== undefined) throw new UseCaseError('not-allowed', { detail: 'an API key changes no password' })
    const account = await store.account(principal.account)
    if (account?.passwordHash === undefined)
      throw new UseCaseError('not-found', { detail: 'this account has no password' })
    await authenticator.checkPassword(account.name, input.old, principal.address)
    checkPassword(input.new, account.name)
    await store.updateAccount(account.id, { passwordHash: await passwords.hash(input.new) })
    await store.deleteSessionsOf(account.id, principal.session)
    changed()
  }

  async startOidc({ redirectUrl }: { readonly redirectUrl: string }): Promise<{ url: string; state: string }> {
    const { store, clock, hashes } = this.#parts
    const { provider, redirectUrls } = this.#oidc()
    if (!redirectUrls.includes(redirectUrl))
      throw new UseCaseError('invalid-input', { detail: 'this address is not registered', where: '/redirectUrl' })
    const { url, state, nonce, verifier } = await reached(provider.start(redirectUrl))
    await store.addOidcLogin({
      stateHash: hashes.sha256(state),
      nonce,
      verifier,
      redirectUrl,
      expiresAtMs: clock.now() + OIDC_LOGIN_MS,
    })
    return { url, state }
  }

  #oidc(): NonNullable<AccountParts['oidc']> {
    const { oidc } = this.#parts
    if (oidc === undefined) throw new UseCaseError('not-configured', { detail: 'login at an identity provider' })
    return oidc
  }

  async finishOidc(
    principal: Principal,
    { callbackUrl, state }: { readonly callbackUrl: string; readonly state: string },
  ): Promise<OpenedSession> {
    const { store, clock, hashes } = this.#parts
    const { provider, mapping, nameClaim } = this.#oidc()
    const login = await store.takeOidcLogin(hashes.sha256(state))
    const isOurs = login !== undefined && clock.now() < login.expiresAtMs && isBelow(callbackUrl, login.redirectUrl)
    if (!isOurs)
      throw new UseCaseError('wrong-credentials', { detail: 'this login has not begun here, or too long ago' })
    const { nonce, verifier } = login
    const { issuer, subject, claims } = await reached(provider.finish(callbackUrl, { state, nonce, verifier }))
    const role = roleOfClaims(claims, mapping)
    if (role === undefined || subject === '' || subject.length > MAX_CLAIM_CHARS)
      throw new UseCaseError('not-allowed', { detail: 'this identity has no role here' })
    const known = await store.accountByOidc(issuer, subject)
    if (known?.disabled === true) throw new UseCaseError('not-allowed', { detail: 'the account is disabled' })
    if (known === undefined) {
      return this.#open(principal, await this.#addOidc(issuer, subject, role, nameOf(claims, nameClaim, subject)))
    }
    const account = known.role === role ? known : await store.updateAccount(known.id, { role })
    if (account === undefined) throw new UseCaseError('not-allowed', { detail: 'the account was deleted' })
    return this.#open(principal, account)
  }

  /** A name that is taken is somebody else's: the account gets another, never theirs. */
  async #addOidc(issuer: string, subject: string, role: StoredAccount['role'], wanted: string): Promise<StoredAccount> {
    const { store, clock, hashes, ids } = this.#parts
    const nowMs = clock.now()
    const suffix = hashes.sha256(JSON.stringify([issuer, subject])).slice(0, 12)
    const base = {
      id: ids.next(nowMs),
      role,
      disabled: false,
      quota: {},
      createdAtMs: nowMs,
      oidc: { issuer, subject },
    }
    for (const name of [wanted, `${wanted.slice(0, 40)} ${suffix}`]) {
      if ((await store.accountByName(name)) !== undefined) continue
      const account = { ...base, name }
      await store.addAccount(account)
      return account
    }
    throw new UseCaseError('conflict', { detail: 'the name is taken' })
  }
}

/** What a provider says is no defect of this server. */
async function reached<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    const detail = `the identity provider: ${error instanceof Error ? error.message : String(error)}`
    throw new UseCaseError('wrong-credentials', { detail }, { cause: error })
  }
}

const isBelow = (url: string, redirectUrl: string): boolean => url === redirectUrl || url.startsWith(`${redirectUrl}?`)

/** The first claim that may be a name; the subject, made harmless, where none is. */
function nameOf(claims: Readonly<Record<string, unknown>>, nameClaim: string | undefined, subject: string): string {
  const names = [nameClaim ?? 'preferred_username', 'email', 'name'].map(name => claims[name])
  for (const name of [...names, subject]) {
    if (typeof name !== 'string' || name.length > MAX_CLAIM_CHARS) continue
    try {
      return checkedName(name)
    } catch {
      continue
    }
  }
  return 'somebody'
}

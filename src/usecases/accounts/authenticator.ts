import type { Authenticator, Credentials } from '../accounts.ts'
import { UseCaseError } from '../errors.ts'
import type { AccountStore, PasswordHasher, StoredAccount, StoredKey, StoredSession } from '../ports/accounts.ts'
import type { Clock, Hashes, Random } from '../ports/host.ts'
import type { Door, Principal } from '../policy.ts'
import { BoundedMap } from './bounded.ts'
import { CACHE_MS, MAX_CACHED, PASSWORD_CACHE_MS, SESSION_LIMITS } from './limits.ts'
import { foldedName } from './names.ts'
import { weakerRole } from './roles.ts'
import { base64url, csrfOf, prefixOf, sameText } from './secrets.ts'
import type { Throttle } from './throttle.ts'

export interface AuthenticatorDeps {
  readonly store: AccountStore
  readonly clock: Clock
  readonly random: Random
  readonly hashes: Hashes
  readonly passwords: PasswordHasher
  readonly throttle: Throttle
  /** Where every listener is on loopback: who is there needs no account as long as there is none. */
  readonly openLocal: boolean
}

interface Peer {
  readonly address: string
  readonly door: Door
  readonly loopback: boolean
}
interface Cached<T> {
  readonly value: T
  readonly untilMs: number
}

/** Whom credentials belong to. Forgets what it knows when accounts are changed in this process. */
export class AccountAuthenticator implements Authenticator {
  readonly #deps: AuthenticatorDeps
  readonly #keys = new BoundedMap<string, Cached<{ readonly key: StoredKey; readonly account: StoredAccount }>>(
    MAX_CACHED,
  )
  readonly #sessions = new BoundedMap<string, Cached<{ session: StoredSession; readonly account: StoredAccount }>>(MAX_CACHED) // prettier-ignore
  readonly #passwords = new BoundedMap<string, Cached<string>>(MAX_CACHED)
  /** Hashes of passwords in memory mean nothing outside of this process. */
  readonly #processKey: string
  #accounts = { exist: false, untilMs: -Infinity }
  #nobodysHash: Promise<string> | undefined

  constructor(deps: AuthenticatorDeps) {
    this.#deps = deps
    this.#processKey = base64url(deps.random.bytes(32))
  }

  /** After any change of accounts, keys or sessions. */
  forget(): void {
    this.#keys.clear()
    this.#sessions.clear()
    this.#passwords.clear()
    this.#accounts = { exist: false, untilMs: -Infinity }
  }

  authenticate(credentials: Credentials, peer: Peer): Promise<Principal> {
    if (credentials.kind === 'key') return this.#byKey(credentials.secret, peer)
    if (credentials.kind === 'session') return this.#bySession(credentials.token, credentials.csrf, peer)
    if (credentials.kind === 'password') return this.#byPassword(credentials.name, credentials.password, peer)
    return this.#nobody(peer)
  }

  async #nobody({ address, door, loopback }: Peer): Promise<Principal> {
    if (this.#deps.openLocal && loopback && !(await this.#haveAccounts())) {
      return { account: 'local', name: 'local', role: 'administrator', address, door }
    }
    return { account: '', name: '', role: undefined, address, door }
  }

  /** Once there is one there always is: the last administrator cannot be deleted. */
  async #haveAccounts(): Promise<boolean> {
    const nowMs = this.#deps.clock.now()
    if (nowMs >= this.#accounts.untilMs) {
      const exist = (await this.#deps.store.countAccounts()) > 0
      this.#accounts = { exist, untilMs: exist ? Infinity : nowMs + 1000 }
    }
    return this.#accounts.exist
  }

  async #byKey(secret: string, { address, door }: Peer): Promise<Principal> {
    const { store, hashes, clock } = this.#deps
    const prefix = prefixOf(secret)
    if (prefix === undefined) throw new UseCaseError('wrong-credentials')
    const nowMs = clock.now()
    const hash = hashes.sha256(secret)
    let known = this.#keys.get(prefix)
    if (known === undefined || nowMs >= known.untilMs) {
      const found = await store.keyByPrefix(prefix)
      if (found === undefined) throw new UseCaseError('wrong-credentials')
      known = { value: found, untilMs: nowMs + CACHE_MS }
      this.#keys.set(prefix, known)
      // Only who has the whole key has used it.
      if (sameText(hash, found.key.hash)) void store.touchKey(found.key.id, nowMs).catch(() => {})
    }
    const { key, account } = known.value
    const isRight = sameText(hash, key.hash)
    if (!isRight || account.disabled || nowMs >= (key.expiresAtMs ?? Infinity))
      throw new UseCaseError('wrong-credentials')
    const role = weakerRole(key.role, account.role)
    return { account: account.id, name: account.name, role, key: key.id, address, door, label: key.label }
  }

  async #bySession(token: string, csrf: string | undefined, { address, door }: Peer): Promise<Principal> {
    const { store, hashes, clock } = this.#deps
    const nowMs = clock.now()
    const hash = hashes.sha256(token)
    let known = this.#sessions.get(hash)
    if (known === undefined || nowMs >= known.untilMs) {
      const found = await store.sessionByHash(hash)
      if (found === undefined) throw new UseCaseError('not-authenticated', { detail: 'the session has ended' })
      known = { value: found, untilMs: nowMs + CACHE_MS }
      this.#sessions.set(hash, known)
    }
    const { session, account } = known.value
    const isOver = nowMs >= session.expiresAtMs || nowMs - session.usedAtMs >= SESSION_LIMITS.idleMs
    if (isOver || account.disabled) throw new UseCaseError('not-authenticated', { detail: 'the session has ended' })
    if (csrf !== undefined && !sameText(csrfOf(hashes, token), csrf))
      throw new UseCaseError('wrong-credentials', { detail: 'the CSRF token is not that of the session' })
    if (nowMs - session.usedAtMs >= SESSION_LIMITS.touchMs) {
      known.value.session = { ...session, usedAtMs: nowMs }
      await store.touchSession(session.id, nowMs)
    }
    return { account: account.id, name: account.name, role: account.role, session: session.id, address, door }
  }

  async #byPassword(name: string, password: string, { address, door }: Peer): Promise<Principal> {
    const { hashes, clock, store } = this.#deps
    const cacheKey = hashes.hmac(this.#processKey, JSON.stringify([foldedName(name), password]))
    const known = this.#passwords.get(cacheKey)
    const cached = known !== undefined && clock.now() < known.untilMs ? await store.account(known.value) : undefined
    const account = cached ?? (await this.checkPassword(name, password, address))
    if (account.disabled) throw new UseCaseError('wrong-credentials')
    if (cached === undefined)
      this.#passwords.set(cacheKey, { value: account.id, untilMs: clock.now() + PASSWORD_CACHE_MS })
    return { account: account.id, name: account.name, role: account.role, address, door }
  }

  /**
   * The account of a name and its password. Takes as long for a name that is not there.
   * @throws UseCaseError wrong-credentials, rate-limited
   */
  async checkPassword(name: string, password: string, address: string): Promise<StoredAccount> {
    const { store, passwords, throttle, clock } = this.#deps
    const wasRight = throttle.begin(foldedName(name).slice(0, 256), address, clock.now())
    const account = await store.accountByName(name)
    this.#nobodysHash ??= passwords.hash('a password that nobody has')
    const hash = account?.passwordHash ?? (await this.#nobodysHash)
    const verdict = await passwords.verify(password, hash)
    if (verdict === 'wrong' || account?.passwordHash === undefined || account.disabled)
      throw new UseCaseError('wrong-credentials')
    wasRight()
    if (verdict === 'outdated') await store.updateAccount(account.id, { passwordHash: await passwords.hash(password) })
    return account
  }
}

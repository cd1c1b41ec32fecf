import type { Account, ApiKey, AuditEntry } from '../accounts.ts'

// What is stored of accounts, keys, sessions, quotas and the audit log. Secrets come here as hashes only. Every method may
// reject with UseCaseError `storage-full`, `conflict` or `internal`.

/** With the hash of its password, where it has one. */
export interface StoredAccount extends Account {
  readonly passwordHash?: string
}

export interface StoredKey extends ApiKey {
  /** Finds it; not secret. */
  readonly prefix: string
  /** SHA-256 of the whole secret. */
  readonly hash: string
}

export interface StoredSession {
  readonly id: string
  readonly account: string
  /** SHA-256 of the token. */
  readonly hash: string
  readonly createdAtMs: number
  readonly usedAtMs: number
  readonly expiresAtMs: number
}

/** The one-time link of the first start. */
export interface StoredClaim {
  readonly hash: string
  readonly expiresAtMs: number
}

/** A login at a provider that has begun. */
export interface StoredOidcLogin {
  /** SHA-256 of the state. */
  readonly stateHash: string
  readonly nonce: string
  readonly verifier: string
  readonly redirectUrl: string
  readonly expiresAtMs: number
}

export type AccountChanges = Partial<Pick<Account, 'name' | 'role' | 'disabled' | 'quota'>> & {
  readonly passwordHash?: string
}

/** What one account or key has used on one day of UTC. */
export interface Usage {
  /** `account:<id>` or `key:<id>`. */
  readonly subject: string
  /** Days since the epoch. */
  readonly day: number
  readonly scans: number
  readonly bytes: number
}

export interface AuditFilter {
  readonly account?: string
  readonly action?: string
  readonly target?: string
  readonly fromMs?: number
  readonly toMs?: number
}

/** An entry with its place in the chain: 1, 2, 3, … without gaps. */
export interface SealedEntry {
  readonly seq: number
  readonly entry: AuditEntry
  readonly seal: string
}

export interface AccountStore {
  countAccounts(): Promise<number>
  account(id: string): Promise<StoredAccount | undefined>
  /** Without regard to case. */
  accountByName(name: string): Promise<StoredAccount | undefined>
  accountByOidc(issuer: string, subject: string): Promise<StoredAccount | undefined>
  /** In order of their ids, which is that of their making. */
  accounts(after: string | undefined, limit: number): Promise<readonly StoredAccount[]>
  /**
   * With a claim: only where there is no account yet, and the claim is this one and holds; it is used up with it.
   * @returns false: the claim does not hold
   * @throws conflict: the name or the identity is taken
   */
  addAccount(account: StoredAccount, claim?: { readonly hash: string; readonly nowMs: number }): Promise<boolean>
  /**
   * @returns undefined: there is no such account
   * @throws conflict: the name is taken, or no administrator who can log in would be left
   */
  updateAccount(id: string, changes: AccountChanges): Promise<StoredAccount | undefined>
  /** With its keys and sessions. @throws conflict: no administrator would be left */
  deleteAccount(id: string): Promise<boolean>

  keyByPrefix(prefix: string): Promise<{ readonly key: StoredKey; readonly account: StoredAccount } | undefined>
  key(id: string): Promise<StoredKey | undefined>
  keysOf(account: string): Promise<readonly StoredKey[]>
  addKey(key: StoredKey): Promise<void>
  deleteKey(id: string): Promise<boolean>
  touchKey(id: string, atMs: number): Promise<void>

  addSession(session: StoredSession): Promise<void>
  sessionByHash(hash: string): Promise<{ readonly session: StoredSession; readonly account: StoredAccount } | undefined>
  touchSession(id: string, atMs: number): Promise<void>
  deleteSession(id: string): Promise<void>
  /** All but one. */
  deleteSessionsOf(account: string, except?: string): Promise<void>
  /** The newest `most` of an account stay. */
  trimSessions(account: string, most: number): Promise<void>
  /** Sessions, claims and logins at providers that are over; usage of days before `beforeDay`. */
  deleteExpired(nowMs: number, beforeDay: number): Promise<void>

  setClaim(claim: StoredClaim): Promise<void>
  addOidcLogin(login: StoredOidcLogin): Promise<void>
  /** Gives it once. */
  takeOidcLogin(stateHash: string): Promise<StoredOidcLogin | undefined>

  /** Adds to what has been used, and says what that makes together with other servers. */
  addUsage(used: readonly Usage[]): Promise<readonly Usage[]>

  /**
   * Appends in this order; one transaction, and only one at a time over all servers.
   * @param seal - of an entry, from the seal before it; empty before the first
   */
  appendAudit(
    entries: readonly AuditEntry[],
    seal: (before: string, seq: number, entry: AuditEntry) => string,
  ): Promise<void>
  /** Entries with seq below `before`, newest first. */
  searchAudit(filter: AuditFilter, before: number | undefined, limit: number): Promise<readonly SealedEntry[]>
  /** Entries with seq above `after`, oldest first. */
  readAudit(after: number, limit: number): Promise<readonly SealedEntry[]>
  /** Number and seal of the last entry. */
  auditHead(): Promise<{ readonly seq: number; readonly seal: string }>
}

/** Slow on purpose; bounded in memory. */
export interface PasswordHasher {
  /** @returns the hash with its parameters, as PHC string */
  hash(password: string): Promise<string>
  /** `outdated`: right, but hashed with parameters of before. */
  verify(password: string, hash: string): Promise<'right' | 'wrong' | 'outdated'>
}

/** An identity provider (OpenID Connect, authorization code with PKCE). */
export interface OidcProvider {
  start(redirectUrl: string): Promise<{
    readonly url: string
    readonly state: string
    readonly nonce: string
    readonly verifier: string
  }>
  /** Exchanges the code and checks everything that is signed. Rejects with any error where something does not hold. */
  finish(
    callbackUrl: string,
    expected: { readonly state: string; readonly nonce: string; readonly verifier: string },
  ): Promise<{ readonly issuer: string; readonly subject: string; readonly claims: Readonly<Record<string, unknown>> }>
}

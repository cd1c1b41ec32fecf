import type { Page, PageRequest } from './nouns.ts'
import type { Door, Principal, Role } from './policy.ts'

// Accounts, keys, sessions, quotas and the audit log: the use cases and what they need stored. What belongs to it alone
// stays in files named accounts-*.ts.

export interface Quota {
  readonly scansPerMinute?: number
  readonly scansPerDay?: number
  readonly bytesPerDay?: number
  /** Scans that may be queued or running at once. */
  readonly inFlight?: number
}

export interface Account {
  readonly id: string
  readonly name: string
  readonly role: Role
  readonly disabled: boolean
  readonly quota: Quota
  readonly createdAtMs: number
  /** Issuer and subject where it logs in by OIDC. */
  readonly oidc?: { readonly issuer: string; readonly subject: string }
}

export interface ApiKey {
  readonly id: string
  readonly account: string
  readonly label: string
  /** At most the role of the account. */
  readonly role: Role
  readonly createdAtMs: number
  readonly expiresAtMs?: number
  readonly lastUsedMs?: number
  readonly quota: Quota
}

/** An open session. `token` goes into a cookie, `csrf` into a header of each request that changes something. */
export interface OpenedSession {
  readonly token: string
  readonly csrf: string
  readonly expiresAtMs: number
  readonly account: Account
}

export interface AuditEntry {
  readonly id: string
  readonly atMs: number
  readonly account: string
  readonly name: string
  readonly key?: string
  readonly address: string
  readonly door: Door
  /** Name of the use case. */
  readonly action: string
  /** What it was done to: an id, a digest, a name. */
  readonly target: string
  /** `done`, or the code of the refusal. */
  readonly outcome: string
  /** Binds it to the entry before, once it is stored. */
  readonly seal?: string
}

export interface AccountUseCases {
  claimServer(
    principal: Principal,
    input: { readonly token: string; readonly name: string; readonly password: string },
  ): Promise<OpenedSession>
  logIn(principal: Principal, input: { readonly name: string; readonly password: string }): Promise<OpenedSession>
  startOidcLogin(
    principal: Principal,
    input: { readonly redirectUrl: string },
  ): Promise<{ readonly url: string; readonly state: string }>
  finishOidcLogin(
    principal: Principal,
    input: { readonly callbackUrl: string; readonly state: string },
  ): Promise<OpenedSession>
  logOut(principal: Principal): Promise<void>
  whoAmI(principal: Principal): Promise<{ readonly principal: Principal; readonly allowed: readonly string[] }>
  changePassword(principal: Principal, input: { readonly old: string; readonly new: string }): Promise<void>
  listAccounts(principal: Principal, input: PageRequest): Promise<Page<Account>>
  createAccount(
    principal: Principal,
    input: { readonly name: string; readonly role: Role; readonly password?: string; readonly quota?: Quota },
  ): Promise<Account>
  updateAccount(
    principal: Principal,
    input: { readonly id: string } & Partial<Pick<Account, 'name' | 'role' | 'disabled' | 'quota'>> & {
        readonly password?: string
      },
  ): Promise<Account>
  deleteAccount(principal: Principal, input: { readonly id: string }): Promise<void>
  /** Of the own account, or of `account`. */
  listKeys(principal: Principal, input: { readonly account?: string }): Promise<readonly ApiKey[]>
  /** `secret` is shown this once. */
  createKey(
    principal: Principal,
    input: {
      readonly account?: string
      readonly label: string
      readonly role?: Role
      readonly expiresAtMs?: number
      readonly quota?: Quota
    },
  ): Promise<{ readonly key: ApiKey; readonly secret: string }>
  revokeKey(principal: Principal, input: { readonly id: string }): Promise<void>
  getQuota(
    principal: Principal,
    input: { readonly account?: string },
  ): Promise<{ readonly quota: Quota; readonly used: Required<Quota> }>
  searchAudit(
    principal: Principal,
    input: PageRequest & {
      readonly account?: string
      readonly action?: string
      readonly target?: string
      readonly fromMs?: number
      readonly toMs?: number
    },
  ): Promise<Page<AuditEntry>>
  exportAudit(
    principal: Principal,
    input: { readonly fromMs?: number; readonly toMs?: number },
  ): Promise<AsyncIterable<AuditEntry>>
}

/** What a door has of somebody before it knows who that is. */
export type Credentials =
  | { readonly kind: 'none' }
  | { readonly kind: 'key'; readonly secret: string }
  | { readonly kind: 'session'; readonly token: string; readonly csrf?: string }
  | { readonly kind: 'password'; readonly name: string; readonly password: string }

/** Turns credentials into a principal; the first thing every door does. Cheap when asked again (cached for seconds). */
export interface Authenticator {
  /** @throws UseCaseError not-authenticated, wrong-credentials, rate-limited. `none` gives `local` on loopback without accounts, otherwise no role. */
  authenticate(
    credentials: Credentials,
    peer: { readonly address: string; readonly door: Door; readonly loopback: boolean },
  ): Promise<Principal>
}

/** Charged by the other use cases before they take work in. */
export interface QuotaGate {
  /** @throws UseCaseError quota-exceeded, rate-limited. Returns what gives back the slot in flight. */
  charge(principal: Principal, sizeBytes: number): Promise<() => void>
}

/** Written by the use cases for each rule of POLICY that says `audited`; never waits for the disk on reads. */
export interface Audit {
  record(principal: Principal, action: string, target: string, outcome: string): Promise<void>
}

import type { AccountUseCases, Audit, Authenticator, QuotaGate } from '../accounts.ts'
import type { AccountStore, OidcProvider, PasswordHasher } from '../ports/accounts.ts'
import type { Clock, Hashes, Log, Random } from '../ports/host.ts'
import { createIds } from '../ids.ts'
import { periodically } from '../periodic.ts'
import { AccountAdministration } from './administration.ts'
import { createAudit } from './audit.ts'
import { AccountAuthenticator } from './authenticator.ts'
import { ApiKeys } from './keys.ts'
import { CLAIM_MS, DAY_MS, USAGE_DAYS } from './limits.ts'
import { Logins } from './logins.ts'
import { QuotaMeters } from './quota.ts'
import type { RoleMapping } from './roles.ts'
import { newToken } from './secrets.ts'
import { Throttle } from './throttle.ts'
import { AuditReading } from './trail.ts'

export interface OidcSetup {
  readonly provider: OidcProvider
  readonly mapping: RoleMapping
  /** The claim that names the account, before `email` and the subject. */
  readonly nameClaim?: string
  /** Addresses to which the provider may send a browser back, as they are registered there. */
  readonly redirectUrls: readonly string[]
}

export interface AccountOptions {
  readonly store: AccountStore
  readonly clock: Clock
  readonly random: Random
  readonly hashes: Hashes
  readonly passwords: PasswordHasher
  readonly log: Log
  /** Seals the audit log; not in the database. */
  readonly auditKey: string
  /** `decideAccess` said `open`. */
  readonly openLocal: boolean
  readonly oidc?: OidcSetup
}

/** Everything that has to do with accounts. */
export interface AccountServer {
  /** Without the check of the role by itself: `createUseCases` puts it before. */
  readonly useCases: AccountUseCases
  readonly authenticator: Authenticator
  readonly quota: QuotaGate
  readonly audit: Audit
  /** The token of a new one-time link; the one before is void. Undefined where there are accounts already. */
  issueClaim(): Promise<string | undefined>
  close(): Promise<void>
}

const CLEAN_MS = 600_000

export function createAccounts(options: AccountOptions): AccountServer {
  const { store, clock, random, hashes } = options
  const throttle = new Throttle()
  const authenticator = new AccountAuthenticator({ ...options, throttle })
  const quota = new QuotaMeters(options)
  const changed = (): void => {
    authenticator.forget()
    quota.forget()
  }
  const parts = { ...options, throttle, authenticator, quota, changed, ids: createIds(random, 0) }
  const logins = new Logins(parts)
  const administration = new AccountAdministration(parts)
  const keys = new ApiKeys(parts)
  const trail = new AuditReading(store, hashes)
  const cleaning = periodically(options, CLEAN_MS, 'accounts', () =>
    store.deleteExpired(clock.now(), Math.floor(clock.now() / DAY_MS) - USAGE_DAYS),
  )
  const useCases: AccountUseCases = {
    claimServer: (principal, input) => logins.claim(principal, input),
    logIn: (principal, input) => logins.logIn(principal, input),
    startOidcLogin: (_, input) => logins.startOidc(input),
    finishOidcLogin: (principal, input) => logins.finishOidc(principal, input),
    logOut: principal => logins.logOut(principal),
    changePassword: (principal, input) => logins.changePassword(principal, input),
    whoAmI: principal => Promise.resolve(administration.whoAmI(principal)),
    listAccounts: (_, input) => administration.list(input),
    createAccount: (_, input) => administration.create(input),
    updateAccount: (_, input) => administration.update(input),
    deleteAccount: (_, { id }) => administration.delete(id),
    getQuota: (principal, input) => administration.quotaOf(principal, input),
    listKeys: (principal, input) => keys.list(principal, input),
    createKey: (principal, input) => keys.create(principal, input),
    revokeKey: (principal, { id }) => keys.revoke(principal, id),
    searchAudit: (_, input) => trail.search(input),
    exportAudit: (_, input) => Promise.resolve(trail.export(input)),
  }
  return {
    useCases,
    authenticator,
    quota,
    audit: createAudit(options),
    async issueClaim() {
      if ((await store.countAccounts()) > 0) return undefined
      const token = newToken(random)
      await store.setClaim({ hash: hashes.sha256(token), expiresAtMs: clock.now() + CLAIM_MS })
      return token
    },
    async close() {
      await cleaning.stop()
      await quota.close()
    },
  }
}

import type { Account } from '../accounts.ts'
import type { IdSource } from '../ids.ts'
import type { StoredAccount } from '../ports/accounts.ts'
import type { AccountAuthenticator } from './authenticator.ts'
import type { QuotaMeters } from './quota.ts'
import type { AccountOptions } from './server.ts'
import type { Throttle } from './throttle.ts'

/** What the use cases of accounts stand on. */
export interface AccountParts extends AccountOptions {
  readonly throttle: Throttle
  readonly authenticator: AccountAuthenticator
  readonly quota: QuotaMeters
  readonly ids: IdSource
  /** Called after each change of accounts, keys or sessions: what was believed of them is looked up again. */
  readonly changed: () => void
}

/** An account as it may be shown. */
export function publicAccount(account: StoredAccount): Account {
  const { id, name, role, disabled, quota, createdAtMs, oidc } = account
  return { id, name, role, disabled, quota, createdAtMs, ...(oidc === undefined ? {} : { oidc }) }
}

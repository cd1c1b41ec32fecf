import type { AccountUseCases } from './accounts.ts'
import { UseCaseError } from './errors.ts'
import type { Parts } from './parts.ts'
import { isAllowed, POLICY, type PolicyName } from './policy.ts'

/** One person on their own machine: nobody logs in, nothing is limited, and there is no log of who did what. */
export function noAccounts(): Pick<Parts, 'accounts' | 'quota' | 'audit'> {
  const off = (): Promise<never> => Promise.reject(new UseCaseError('not-configured', { detail: 'accounts' }))
  const accounts: AccountUseCases = {
    claimServer: off,
    logIn: off,
    startOidcLogin: off,
    finishOidcLogin: off,
    logOut: off,
    whoAmI: principal =>
      Promise.resolve({
        principal,
        allowed: (Object.keys(POLICY) as PolicyName[]).filter(name => isAllowed(principal, name)),
      }),
    changePassword: off,
    listAccounts: off,
    createAccount: off,
    updateAccount: off,
    deleteAccount: off,
    listKeys: off,
    createKey: off,
    revokeKey: off,
    getQuota: off,
    searchAudit: off,
    exportAudit: off,
  }
  return {
    accounts,
    quota: { charge: () => Promise.resolve(() => {}) },
    audit: { record: () => Promise.resolve() },
  }
}

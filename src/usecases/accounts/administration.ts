import type { Account, Quota } from '../accounts.ts'
import { demand } from '../guard.ts'
import { UseCaseError } from '../errors.ts'
import type { Page, PageRequest } from '../nouns.ts'
import { page } from '../pages.ts'
import type { AccountChanges, StoredAccount } from '../ports/accounts.ts'
import { isAllowed, POLICY, ROLES, type PolicyName, type Principal, type Role } from '../policy.ts'
import { checkedName, checkPassword, invalid } from './names.ts'
import { publicAccount, type AccountParts } from './parts.ts'

const QUOTAS = ['scansPerMinute', 'scansPerDay', 'bytesPerDay', 'inFlight'] as const

/** Accounts as administrators see them. */
export class AccountAdministration {
  readonly #parts: AccountParts

  constructor(parts: AccountParts) {
    this.#parts = parts
  }

  whoAmI(principal: Principal): { readonly principal: Principal; readonly allowed: readonly string[] } {
    const allowed = Object.keys(POLICY).filter(name => isAllowed(principal, name as PolicyName))
    return { principal, allowed }
  }

  list(request: PageRequest): Promise<Page<Account>> {
    const load = async (after: string | undefined, limit: number): Promise<readonly Account[]> =>
      (await this.#parts.store.accounts(after, limit)).map(publicAccount)
    return page(request, load, ({ id }) => id)
  }

  async create(input: {
    readonly name: string
    readonly role: Role
    readonly password?: string
    readonly quota?: Quota
  }): Promise<Account> {
    const { store, clock, ids, passwords, changed } = this.#parts
    const { role, password, quota = {} } = input
    const name = checkedName(input.name)
    checkRole(role)
    checkQuota(quota)
    if (password !== undefined) checkPassword(password, name)
    const nowMs = clock.now()
    // With the first account nobody gets in without one any more.
    if ((await store.countAccounts()) === 0 && (role !== 'administrator' || password === undefined))
      throw invalid('the first account is an administrator with a password', '/role')
    const account: StoredAccount = {
      id: ids.next(nowMs),
      name,
      role,
      disabled: false,
      quota,
      createdAtMs: nowMs,
      ...(password === undefined ? {} : { passwordHash: await passwords.hash(password) }),
    }
    await store.addAccount(account)
    changed()
    return publicAccount(account)
  }

  async update({
    id,
    password,
    ...input
  }: { readonly id: string } & AccountChanges & { readonly password?: string }): Promise<Account> {
    const { store, passwords, changed } = this.#parts
    const known = await store.account(id)
    if (known === undefined) throw new UseCaseError('not-found', { detail: 'the account' })
    if (input.role !== undefined) checkRole(input.role)
    if (input.quota !== undefined) checkQuota(input.quota)
    const name = input.name === undefined ? known.name : checkedName(input.name)
    if (password !== undefined) checkPassword(password, name)
    const account = await store.updateAccount(id, {
      name,
      ...(input.role === undefined ? {} : { role: input.role }),
      ...(input.disabled === undefined ? {} : { disabled: input.disabled }),
      ...(input.quota === undefined ? {} : { quota: input.quota }),
      ...(password === undefined ? {} : { passwordHash: await passwords.hash(password) }),
    })
    if (account === undefined) throw new UseCaseError('not-found', { detail: 'the account' })
    if (account.disabled || password !== undefined) await store.deleteSessionsOf(id)
    changed()
    return publicAccount(account)
  }

  async delete(id: string): Promise<void> {
    const isThere = await this.#parts.store.deleteAccount(id)
    this.#parts.changed()
    if (!isThere) throw new UseCaseError('not-found', { detail: 'the account' })
  }

  /** Of a key where one asks; otherwise of an account. */
  async quotaOf(
    principal: Principal,
    { account }: { readonly account?: string },
  ): Promise<{ readonly quota: Quota; readonly used: Required<Quota> }> {
    demand(principal, 'getQuota', account)
    const { quota, store } = this.#parts
    if (account === undefined && principal.key !== undefined) return quota.used(`key:${principal.key}`)
    const id = account ?? principal.account
    if (id !== 'local' && (await store.account(id)) === undefined)
      throw new UseCaseError('not-found', { detail: 'the account' })
    return quota.used(`account:${id}`)
  }
}

function checkRole(role: Role): void {
  if (!ROLES.includes(role)) throw invalid(`a role is one of ${ROLES.join(', ')}`, '/role')
}

/** @throws UseCaseError invalid-input */
export function checkQuota(quota: Quota): void {
  for (const [name, value] of Object.entries(quota)) {
    const isKnown = (QUOTAS as readonly string[]).includes(name)
    if (!isKnown || !Number.isSafeInteger(value) || value < 0)
      throw invalid(`a quota holds whole numbers for ${QUOTAS.join(', ')}`, `/quota/${name.replace(/[~/]/g, '')}`)
  }
}

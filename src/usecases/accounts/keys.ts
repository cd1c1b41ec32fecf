import type { ApiKey, Quota } from '../accounts.ts'
import { UseCaseError } from '../errors.ts'
import { demand } from '../guard.ts'
import type { StoredKey } from '../ports/accounts.ts'
import { isAtLeast, ROLES, type Principal, type Role } from '../policy.ts'
import { checkQuota } from './administration.ts'
import { MAX_KEYS_PER_ACCOUNT } from './limits.ts'
import { checkedLabel, invalid } from './names.ts'
import type { AccountParts } from './parts.ts'
import { weakerRole } from './roles.ts'
import { newKeySecret } from './secrets.ts'

/** A key as it may be shown. */
const publicKey = (stored: StoredKey): ApiKey => {
  const { id, account, label, role, createdAtMs, expiresAtMs, lastUsedMs, quota } = stored
  return {
    id,
    account,
    label,
    role,
    createdAtMs,
    quota,
    ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
    ...(lastUsedMs === undefined ? {} : { lastUsedMs }),
  }
}

/** API keys: made by their owners and by administrators, for no more than those may do themselves. */
export class ApiKeys {
  readonly #parts: AccountParts

  constructor(parts: AccountParts) {
    this.#parts = parts
  }

  async list(principal: Principal, { account = principal.account }: { readonly account?: string }): Promise<ApiKey[]> {
    demand(principal, 'listKeys', account)
    return (await this.#parts.store.keysOf(account)).map(publicKey)
  }

  async create(
    principal: Principal,
    input: {
      readonly account?: string
      readonly label: string
      readonly role?: Role
      readonly expiresAtMs?: number
      readonly quota?: Quota
    },
  ): Promise<{ readonly key: ApiKey; readonly secret: string }> {
    const { store, clock, random, hashes, ids } = this.#parts
    const { account = principal.account, expiresAtMs, quota = {} } = input
    demand(principal, 'createKey', account)
    const owner = await store.account(account)
    if (owner === undefined) throw new UseCaseError('not-found', { detail: 'the account' })
    const most = weakerRole(principal.role as Role, owner.role)
    const role = input.role ?? most
    if (!ROLES.includes(role) || !isAtLeast(most, role))
      throw invalid(`the role of this key can be ${most} at most`, '/role')
    checkQuota(quota)
    const nowMs = clock.now()
    if (expiresAtMs !== undefined && !(Number.isSafeInteger(expiresAtMs) && expiresAtMs > nowMs))
      throw invalid('a key expires in the future', '/expiresAtMs')
    await this.#checkMaker(principal, expiresAtMs, quota)
    if ((await store.keysOf(account)).length >= MAX_KEYS_PER_ACCOUNT)
      throw new UseCaseError('conflict', { detail: `an account has ${MAX_KEYS_PER_ACCOUNT} keys at most` })
    const { prefix, secret } = newKeySecret(random)
    const key: StoredKey = {
      id: ids.next(nowMs),
      account,
      label: checkedLabel(input.label),
      role,
      createdAtMs: nowMs,
      quota,
      prefix,
      hash: hashes.sha256(secret),
      ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
    }
    await store.addKey(key)
    return { key: publicKey(key), secret }
  }

  /** What a key makes lives no longer and may use no more than the key itself, or its bounds would be none. */
  async #checkMaker({ key }: Principal, expiresAtMs: number | undefined, quota: Quota): Promise<void> {
    if (key === undefined) return
    const maker = await this.#parts.store.key(key)
    if (maker === undefined) throw new UseCaseError('wrong-credentials')
    if ((expiresAtMs ?? Infinity) > (maker.expiresAtMs ?? Infinity))
      throw invalid('a key made by a key expires no later than that', '/expiresAtMs')
    for (const name of Object.keys(maker.quota) as (keyof Quota)[]) {
      if ((quota[name] ?? Infinity) > (maker.quota[name] ?? Infinity))
        throw invalid('a key made by a key has no larger quota than that', `/quota/${name}`)
    }
  }

  async revoke(principal: Principal, id: string): Promise<void> {
    const { store, changed } = this.#parts
    const key = await store.key(id)
    // Whether somebody else's key exists is not told either.
    if (key === undefined) throw new UseCaseError('not-found', { detail: 'the key' })
    demand(principal, 'revokeKey', key.account)
    await store.deleteKey(id)
    changed()
  }
}

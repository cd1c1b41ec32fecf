import { createHash, timingSafeEqual } from 'node:crypto'
import { formatAddress, isLocalAddress } from '../../protocol/index.ts'
import type { Address } from '../../protocol/index.ts'
import { ListenError } from '../listen-error.ts'

/** What a connection may do: `user` scans and asks for the version, `admin` everything. */
export type Role = 'user' | 'admin'

/** A token and what it opens. */
export interface TokenGrant {
  readonly token: string
  readonly role: Role
}

/** Least role for each verb of REQUEST. */
export const VERB_ROLES = { version: 'user', ping: 'user', stats: 'admin', reload: 'admin' } as const satisfies Record<
  string,
  Role
>
export type Verb = keyof typeof VERB_ROLES

/** True for the verbs that this server knows. */
export const isVerb = (verb: string): verb is Verb => Object.hasOwn(VERB_ROLES, verb)

export const mayDo = (role: Role, verb: Verb): boolean => role === 'admin' || VERB_ROLES[verb] === 'user'

const digest = (text: string): Buffer => createHash('sha256').update(text, 'utf8').digest()

/**
 * Checks tokens in a time that depends neither on the token shown nor on which one fits: digests of equal length are
 * compared, and all of them.
 */
export const tokenChecker = (grants: readonly TokenGrant[]): ((token: string) => Role | undefined) => {
  const known = grants.map(grant => ({ digest: digest(grant.token), role: grant.role }))
  return token => {
    const shown = digest(token)
    let role: Role | undefined
    for (const grant of known) if (timingSafeEqual(grant.digest, shown)) role = grant.role
    return role
  }
}

/** @throws ListenError `insecure-address` when strangers could reach the address without showing who they are. */
export const requireSafe = (address: Address, hasTokens: boolean, demandsCertificate: boolean): void => {
  if (isLocalAddress(address) || hasTokens || demandsCertificate) return
  throw new ListenError(
    'insecure-address',
    `${formatAddress(address)} can be reached from other machines: give the server a token, or listen on tls: and ` +
      'demand client certificates, or listen on 127.0.0.1 or a unix socket',
  )
}

import { isAtLeast, ROLES, type Role } from '../policy.ts'

// Which role somebody has.

/** The weaker one: a key has at most the role of its account, whatever that was when the key was made. */
export const weakerRole = (one: Role, other: Role): Role => (isAtLeast(one, other) ? other : one)

/** How the claims of an identity provider become a role. */
export interface RoleMapping {
  /** The claim that holds one value or a list, such as `groups`. */
  readonly claim: string
  /** For each role the values that give it; the strongest one counts. */
  readonly roles: Partial<Readonly<Record<Role, readonly string[]>>>
  /** For everybody else whom the provider knows; absent: they are refused. */
  readonly otherwise?: Role
}

/** Undefined: this identity has no role here. */
export function roleOfClaims(claims: Readonly<Record<string, unknown>>, mapping: RoleMapping): Role | undefined {
  const value = Object.hasOwn(claims, mapping.claim) ? claims[mapping.claim] : undefined
  const values = (Array.isArray(value) ? value : [value]).filter(item => typeof item === 'string')
  return ROLES.findLast(role => mapping.roles[role]?.some(name => values.includes(name))) ?? mapping.otherwise
}

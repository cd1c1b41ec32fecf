// Tables and bounds that load nothing else.

/** Every role, weakest first; each may do what those before it may. */
export const ROLES = ['viewer', 'submitter', 'analyst', 'administrator'] as const
export type Role = (typeof ROLES)[number]

/** Which content stays in the vault after its scan. `detections`: only what is not clean or trusted. */
export const KEEP_RULES = ['everything', 'detections', 'nothing'] as const
export type KeepRule = (typeof KEEP_RULES)[number]

/** Bounds of the use cases; what the command line lets people set. */
export interface UseCaseLimits {
  readonly maxUploadBytes: number
  /** Jobs that wait; one more is answered busy. */
  readonly maxQueued: number
  /** Jobs of this server in the scanner at once. */
  readonly maxRunning: number
  /** How often a job is given to an engine. */
  readonly maxAttempts: number
  /** How long a job belongs to a server that does not renew it. */
  readonly leaseMs: number
  readonly keep: KeepRule
}

export const USE_CASE_LIMITS: UseCaseLimits = {
  maxUploadBytes: 4 * 1024 ** 3,
  maxQueued: 100_000,
  maxRunning: 32,
  maxAttempts: 3,
  leaseMs: 30_000,
  keep: 'detections',
}

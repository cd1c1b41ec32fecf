// Bounds of accounts, each with its reason.

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
export const DAY_MS = 24 * HOUR_MS

export const SESSION_LIMITS = {
  /** Without a request for so long a session ends (OWASP ASVS 5.0, 7.3). */
  idleMs: 2 * HOUR_MS,
  /** However busy it is, it ends: a working day. */
  absoluteMs: 12 * HOUR_MS,
  /** How often the time of the last use is written. */
  touchMs: MINUTE_MS,
  /** Open sessions of one account; the oldest go. */
  most: 32,
} as const

/** The link of the first start; a new start makes a new one. */
export const CLAIM_MS = 24 * HOUR_MS
/** Logging in at a provider, with a second factor and all. */
export const OIDC_LOGIN_MS = 15 * MINUTE_MS
/** What has been looked up of keys and sessions is believed for so long: a revoked key works no longer than that. */
export const CACHE_MS = 5000
/** A password that was right is not hashed again for so long, for clients that send it with every request. */
export const PASSWORD_CACHE_MS = 60_000
/** Entries of each table in memory. */
export const MAX_CACHED = 10_000
export const MAX_KEYS_PER_ACCOUNT = 100
export const MIN_PASSWORD_CHARS = 12
/** Hashing is slow with any length; more says nothing. */
export const MAX_PASSWORD_CHARS = 256
/** Days for which usage is kept. */
export const USAGE_DAYS = 32

/** Failures until the next try has to wait, and for how long, doubling. One second pays for the slow hash of each try. */
export const THROTTLE = {
  /** One name from one address: somebody who mistypes gets five. */
  pair: { free: 5, firstMs: 2000, mostMs: 15 * MINUTE_MS },
  /** One name from anywhere: far enough up that others cannot lock its owner out cheaply. */
  name: { free: 50, firstMs: 1000, mostMs: MINUTE_MS },
  /** One address, whatever names. */
  address: { free: 30, firstMs: 2000, mostMs: 15 * MINUTE_MS },
  /** Failures are forgotten after this time without one. */
  forgetMs: HOUR_MS,
} as const

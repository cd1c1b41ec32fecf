// Fixed windows of a minute, per account or address, and what the headers say of them.

const WINDOW_MS = 60_000
/** Callers remembered; beyond it the table begins anew, which only forgives. */
const MAX_CALLERS = 100_000

export interface Rate {
  readonly allowed: boolean
  readonly limit: number
  readonly remaining: number
  readonly resetSeconds: number
}

/** Counts requests; `limit` 0 counts nothing and allows all. */
export class Rates {
  readonly #counts = new Map<string, number>()
  #window = 0

  count(caller: string, limit: number, nowMs: number): Rate | undefined {
    if (limit === 0) return undefined
    const window = Math.floor(nowMs / WINDOW_MS)
    if (window !== this.#window || this.#counts.size >= MAX_CALLERS) {
      this.#counts.clear()
      this.#window = window
    }
    const count = (this.#counts.get(caller) ?? 0) + 1
    this.#counts.set(caller, count)
    const resetSeconds = Math.ceil(((window + 1) * WINDOW_MS - nowMs) / 1000)
    return { allowed: count <= limit, limit, remaining: Math.max(0, limit - count), resetSeconds }
  }
}

/** draft-ietf-httpapi-ratelimit-headers-10. */
export const rateHeaders = ({ limit, remaining, resetSeconds }: Rate): Record<string, string> => ({
  'ratelimit-policy': `"requests";q=${limit};w=${WINDOW_MS / 1000}`,
  ratelimit: `"requests";r=${remaining};t=${resetSeconds}`,
})

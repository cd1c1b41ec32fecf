// Classes of sizes and times, and the start of intervals.

import type { Interval } from './limits.ts'

/** Largest size of each class in bytes; behind the last there is one more class. */
export const SIZE_CLASSES = [100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9] as const
/** Longest time of each class in milliseconds; behind the last there is one more class. */
export const TIME_CLASSES_MS = [1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 60_000] as const

/** Index of the first class that holds the value. */
export function classOf(limits: readonly number[], value: number): number {
  const index = limits.findIndex(limit => value <= limit)
  return index < 0 ? limits.length : index
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** The epoch was a Thursday: three days after the Monday of its week. */
const MONDAY_MS = 3 * DAY_MS

const LENGTH_MS: Readonly<Record<Interval, number>> = { hour: HOUR_MS, day: DAY_MS, week: 7 * DAY_MS }

/** Start of the interval that holds a moment, both in milliseconds since the epoch, UTC. */
export function intervalStartMs(interval: Interval, momentMs: number): number {
  const shift = interval === 'week' ? MONDAY_MS : 0
  const length = LENGTH_MS[interval]
  return Math.floor((momentMs + shift) / length) * length - shift
}

/** Each bucket of a quantile sketch is this much wider than the one before: what a quantile may be off by. */
const SKETCH_STEP = Math.log(1.05)
const SKETCH_LEAST_MS = 0.01

/** Counts of durations in logarithmic buckets; quantiles are right to 5 percent. */
export class QuantileSketch {
  readonly #counts = new Map<number, number>()
  #total = 0

  add(ms: number): void {
    const bucket = Math.ceil(Math.log(Math.max(ms, SKETCH_LEAST_MS) / SKETCH_LEAST_MS) / SKETCH_STEP)
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + 1)
    this.#total++
  }

  /** The duration that `share` (0 to 1) of all do not exceed; 0 where there are none. */
  quantile(share: number): number {
    let left = Math.ceil(share * this.#total)
    for (const [bucket, count] of [...this.#counts].sort(([a], [b]) => a - b)) {
      left -= count
      if (left <= 0) return Number((SKETCH_LEAST_MS * Math.exp(bucket * SKETCH_STEP)).toPrecision(3))
    }
    return 0
  }
}

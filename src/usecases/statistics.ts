import type { Verdict } from '../report/index.ts'
import type { Door } from './policy.ts'

// Counts from rows that are kept up to date in the transaction that ends a scan; no question reads the scans.

export const STATISTICS_UNITS = ['hour', 'day', 'week', 'total'] as const
/** What counts are split by. `verdict` is always there. `size` and `time` are classes, powers of two. */
export const DIMENSIONS = ['verdict', 'type', 'detection', 'reason', 'packer', 'size', 'time'] as const
export type Dimension = (typeof DIMENSIONS)[number]

export interface StatisticsQuestion {
  /** Half open; absent: from the first, to now. Rounded down to hours. */
  readonly fromMs?: number
  readonly toMs?: number
  /** Default: hour up to 2 days, day beyond. */
  readonly unit?: (typeof STATISTICS_UNITS)[number]
  /** Only scans of this door or label. */
  readonly door?: Door
  readonly label?: string
  /** Which rankings are wanted, the whole range together; default all. */
  readonly dimensions?: readonly Dimension[]
  /** Entries of each ranking; default 20, at most 1,000. */
  readonly top?: number
}

export interface Counts {
  readonly scans: number
  readonly bytes: number
  readonly elapsedMs: number
}

export interface StatisticsAnswer {
  readonly fromMs: number
  readonly toMs: number
  readonly unit: (typeof STATISTICS_UNITS)[number]
  readonly total: Counts & { readonly failed: number; readonly reused: number; readonly scansPerSecond: number }
  readonly series: readonly (Counts & {
    readonly atMs: number
    readonly verdicts: Readonly<Record<Verdict, number>>
    readonly failed: number
  })[]
  readonly sources: readonly (Counts & { readonly door: Door; readonly label: string })[]
  readonly rankings: Readonly<Partial<Record<Dimension, readonly (Counts & { readonly value: string })[]>>>
}

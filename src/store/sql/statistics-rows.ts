import type { CompiledQuery, Kysely } from 'kysely'
import { insertQueries } from './many.ts'
import { STATE } from './rows.ts'
import { WORD_KINDS, type ScanRow, type StatisticsRow, type Tables } from './tables.ts'

// Sums by hour and by day, added to by the transaction that ends a scan.

export const HOUR_MS = 3_600_000
export const DAY_MS = 24 * HOUR_MS
/** `unit` of a row. */
export const UNITS = { hour: 0, day: 1 } as const

/**
 * `kind` of a row. Those of words are the words' own (WORD_KINDS) and `item` is the word; here `item` is the index of the
 * verdict, or a class: log2 of bytes or of microseconds.
 */
export const SUMS = { outcome: 100, size: 101, time: 102, reused: 103 } as const
/** Items of `outcome` beside the verdicts. */
export const OUTCOMES = { failed: 50, cancelled: 51 } as const

const UPDATE =
  'on conflict (unit, kind, at, source, item) do update set scans = "statistics".scans + excluded.scans, ' +
  'bytes = "statistics".bytes + excluded.bytes, "elapsedUs" = "statistics"."elapsedUs" + excluded."elapsedUs"'

export class StatisticsSums {
  readonly #rows = new Map<string, StatisticsRow>()
  readonly #kinds = new Map<number, number>()

  /** Tells what kind a word is of, before `add` counts it. */
  nameKind(word: number, kind: number): void {
    this.#kinds.set(word, kind)
  }

  /** Counts one scan that has ended. */
  add(row: ScanRow, marks: readonly number[]): void {
    const hour = Math.floor((row.finishedAt ?? 0) / HOUR_MS)
    const outcome =
      row.state === STATE.finished
        ? (row.verdict ?? 0)
        : row.state === STATE.failed
          ? OUTCOMES.failed
          : OUTCOMES.cancelled
    this.#count(hour, row, SUMS.outcome, outcome)
    if (row.state !== STATE.finished) return
    if (row.report !== null && row.report !== row.seq) this.#count(hour, row, SUMS.reused, 0)
    this.#count(hour, row, SUMS.size, classOf(row.size))
    this.#count(hour, row, SUMS.time, classOf(row.elapsedUs ?? 0))
    if (row.type !== null) this.#count(hour, row, WORD_KINDS.type, row.type)
    for (const word of marks) {
      const kind = this.#kinds.get(word)
      if (kind !== undefined && kind !== WORD_KINDS.contains) this.#count(hour, row, kind, word)
    }
  }

  queries(db: Kysely<Tables>): CompiledQuery[] {
    const rows = [...this.#rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row)
    return insertQueries(db, 'statistics', COLUMNS, rows, UPDATE)
  }

  #count(hour: number, row: ScanRow, kind: number, item: number): void {
    this.#sum(UNITS.hour, hour, row, kind, item)
    this.#sum(UNITS.day, Math.floor(hour / 24), row, kind, item)
  }

  #sum(unit: number, at: number, { source, size, elapsedUs }: ScanRow, kind: number, item: number): void {
    const key = `${unit} ${at} ${source} ${kind} ${item}`
    const known = this.#rows.get(key)
    if (known === undefined) {
      this.#rows.set(key, { unit, at, source, kind, item, scans: 1, bytes: size, elapsedUs: elapsedUs ?? 0 })
      return
    }
    known.scans++
    known.bytes += size
    known.elapsedUs += elapsedUs ?? 0
  }
}

const COLUMNS = ['unit', 'at', 'source', 'kind', 'item', 'scans', 'bytes', 'elapsedUs'] as const

/** 0 for 0, otherwise 1 + floor(log2): class n holds 2^(n-1) … 2^n - 1. */
export const classOf = (value: number): number => (value < 1 ? 0 : 1 + Math.floor(Math.log2(value)))

import type { Report, Summary } from './model.ts'

// Counts over a run, one report at a time.

/** Adds up reports and errors; keeps nothing of them but the sums. */
export interface SummaryBuilder {
  report(report: Report): void
  error(): void
  /** The sums so far. The object is new each time. */
  summary(elapsedMs: number): Summary
}

/** A builder with every count at 0. */
export function createSummary(): SummaryBuilder {
  const counts = emptyCounts()
  return {
    report(report) {
      counts.files++
      counts.bytes += report.artifacts[0].size
      counts[report.verdict]++
    },
    error() {
      counts.errors++
    },
    summary: elapsedMs => ({ ...counts, elapsedMs }),
  }
}

/** The sums of two runs; times are added. */
export function addSummaries(a: Summary, b: Summary): Summary {
  const sum = { ...a }
  for (const key of Object.keys(a) as (keyof Summary)[]) sum[key] += b[key]
  return sum
}

const emptyCounts = (): Omit<Summary, 'elapsedMs'> => ({
  files: 0,
  bytes: 0,
  infected: 0,
  suspicious: 0,
  unwanted: 0,
  unscannable: 0,
  clean: 0,
  trusted: 0,
  errors: 0,
})

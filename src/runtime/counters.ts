import type { Report } from '../report/index.ts'
import type { Job } from './job.ts'

/** What the server has done since it began; told by status(). */
export class Counters {
  scans = 0
  bytes = 0
  engineRestarts = 0
  readonly verdicts: Record<string, number> = {}
  readonly #startedAtMs = performance.now()

  get uptimeSeconds(): number {
    return (performance.now() - this.#startedAtMs) / 1000
  }

  count(report: Report): void {
    this.scans++
    this.bytes += report.artifacts[0]?.size ?? 0
    this.verdicts[report.verdict] = (this.verdicts[report.verdict] ?? 0) + 1
  }
}

/** A job as lists of work in hand show it. */
export const activeJob = (job: Job): { readonly name: string; readonly seconds: number; readonly command: string } => ({
  name: job.name,
  seconds: (Date.now() - job.admittedAtMs) / 1000,
  command: job.path === undefined ? 'INSTREAM' : 'SCAN',
})

import { VERDICTS, type ArtifactReport, type Report, type ScanError, type Verdict } from '../report/index.ts'
import { classOf, intervalStartMs, QuantileSketch, SIZE_CLASSES, TIME_CLASSES_MS } from './classes.ts'
import { STATISTICS_VERSION, type Interval } from './limits.ts'
import type { Statistics } from './model.ts'
import { Ranking } from './ranking.ts'

// Counts reports one at a time and keeps nothing of them but sums.

/** Property that names the packer of a program. */
export const PACKER_PROPERTY = 'packer'

export interface StatisticsOptions {
  /** What the timeline is cut into. */
  readonly interval: Interval
  /** Rows of each ranking. */
  readonly top: number
  /** Only scans that started in this time, milliseconds since the epoch: from, inclusive, to, exclusive. */
  readonly fromMs?: number
  readonly toMs?: number
}

export interface StatisticsBuilder {
  /** @param source - where the report comes from */
  report(report: Report, source: string): void
  error(error: ScanError): void
  /** The sums so far; new objects each time. */
  statistics(): Statistics
}

type VerdictCounts = Record<Verdict, number>
type Row<K extends 'detections' | 'types' | 'packers' | 'notSeenTypes' | 'errors' | 'sources'> =
  Statistics[K]['rows'][number]

const noVerdicts = (): VerdictCounts => Object.fromEntries(VERDICTS.map(verdict => [verdict, 0])) as VerdictCounts

class Collector implements StatisticsBuilder {
  readonly #options: StatisticsOptions
  readonly #totals = { files: 0, bytes: 0, bytesScanned: 0, artifacts: 0, errors: 0, elapsedMs: 0 }
  readonly #verdicts = new Map(VERDICTS.map(verdict => [verdict, { verdict, files: 0, bytes: 0 }]))
  readonly #detections = new Ranking<Row<'detections'>>()
  readonly #types = new Ranking<Row<'types'>>()
  readonly #packers = new Ranking<Row<'packers'>>()
  readonly #notSeen = new Ranking<Statistics['notSeen'][number]>()
  readonly #notSeenTypes = new Ranking<Row<'notSeenTypes'>>()
  readonly #errors = new Ranking<Row<'errors'>>()
  readonly #sources = new Ranking<Row<'sources'>>()
  readonly #sizes = Array.from({ length: SIZE_CLASSES.length + 1 }, () => 0)
  readonly #times = Array.from({ length: TIME_CLASSES_MS.length + 1 }, () => 0)
  readonly #sketch = new QuantileSketch()
  readonly #timeline = new Map<number, Statistics['timeline'][number]>()
  #firstMs = Infinity
  #lastMs = -Infinity

  constructor(options: StatisticsOptions) {
    this.#options = options
  }

  report(report: Report, source: string): void {
    const startedMs = Date.parse(report.startedAt)
    const { fromMs = -Infinity, toMs = Infinity } = this.#options
    if (startedMs < fromMs || startedMs >= toMs) return
    this.#firstMs = Math.min(this.#firstMs, startedMs)
    this.#lastMs = Math.max(this.#lastMs, startedMs)
    this.#addTotals(report)
    this.#addPlaces(report, startedMs, source)
    this.#addDetections(report)
    this.#addNotSeen(report)
    for (const artifact of report.artifacts) this.#addArtifact(artifact)
  }

  error({ code }: ScanError): void {
    this.#totals.errors++
    add(
      this.#errors.row(code, () => ({ code, times: 0 })),
      'times',
    )
  }

  #addTotals({ artifacts, bytesScanned, elapsedMs, verdict }: Report): void {
    const { size } = artifacts[0]
    const totals = this.#totals
    totals.files++
    totals.bytes += size
    totals.bytesScanned += bytesScanned
    totals.artifacts += artifacts.length
    totals.elapsedMs += elapsedMs
    this.#sizes[classOf(SIZE_CLASSES, size)]++
    this.#times[classOf(TIME_CLASSES_MS, elapsedMs)]++
    this.#sketch.add(elapsedMs)
    const row = this.#verdicts.get(verdict)
    add(row, 'files')
    add(row, 'bytes', size)
  }

  /** In time and by source. */
  #addPlaces({ artifacts, verdict }: Report, startedMs: number, source: string): void {
    const startMs = intervalStartMs(this.#options.interval, startedMs)
    let slot = this.#timeline.get(startMs)
    if (slot === undefined) {
      slot = { start: new Date(startMs).toISOString(), files: 0, bytes: 0, ...noVerdicts() }
      this.#timeline.set(startMs, slot)
    }
    for (const row of [slot, this.#sources.row(source, () => ({ source, files: 0, bytes: 0, ...noVerdicts() }))]) {
      add(row, 'files')
      add(row, 'bytes', artifacts[0].size)
      add(row, verdict)
    }
  }

  #addDetections({ artifacts }: Report): void {
    const seen = new Map(
      artifacts.flatMap(({ detections }) => detections.map(({ name, kind }) => [`${name}\0${kind}`, { name, kind }])),
    )
    for (const [key, which] of seen) {
      const row = this.#detections.row(key, () => ({ ...which, files: 0 }))
      add(row, 'files')
    }
  }

  #addNotSeen({ artifacts }: Report): void {
    const reasons = new Set<string>()
    for (const { type, notSeen } of artifacts)
      for (const { reason, bytes = 0 } of notSeen) {
        const row = this.#notSeen.row(reason, () => ({ reason, times: 0, files: 0, bytes: 0 }))
        add(row, 'times')
        add(row, 'bytes', bytes)
        if (!reasons.has(reason)) add(row, 'files')
        reasons.add(reason)
        const kind = this.#notSeenTypes.row(`${type}\0${reason}`, () => ({ type, reason, times: 0 }))
        add(kind, 'times')
      }
  }

  #addArtifact({ type, size, id, detections, properties }: ArtifactReport): void {
    const row = this.#types.row(type, () => ({ type, files: 0, artifacts: 0, bytes: 0, findings: 0 }))
    add(row, 'artifacts')
    add(row, 'bytes', size)
    if (id === 0) add(row, 'files')
    if (detections.length > 0) add(row, 'findings')
    for (const { name, value } of properties)
      if (name === PACKER_PROPERTY)
        add(
          this.#packers.row(value, () => ({ name: value, artifacts: 0 })),
          'artifacts',
        )
  }

  statistics(): Statistics {
    const { interval, top } = this.#options
    const { elapsedMs, bytes } = this.#totals
    return {
      version: STATISTICS_VERSION,
      interval,
      ...(this.#totals.files === 0 ? {} : { from: instant(this.#firstMs), to: instant(this.#lastMs) }),
      totals: { ...this.#totals, bytesPerSecond: rate(bytes, elapsedMs) },
      verdicts: [...this.#verdicts.values()].map(row => ({ ...row })),
      detections: this.#detections.top(top, ({ files }) => files),
      types: this.#types.top(top, ({ artifacts }) => artifacts),
      packers: this.#packers.top(top, ({ artifacts }) => artifacts),
      notSeen: this.#notSeen.top(Infinity, ({ times }) => times).rows,
      notSeenTypes: this.#notSeenTypes.top(top, ({ times }) => times),
      errors: this.#errors.top(top, ({ times }) => times),
      sizes: this.#sizes.map((files, index) => ({ ...limit('upTo', SIZE_CLASSES[index]), files })),
      times: this.#times.map((files, index) => ({ ...limit('upToMs', TIME_CLASSES_MS[index]), files })),
      quantiles: {
        medianMs: this.#sketch.quantile(0.5),
        p90Ms: this.#sketch.quantile(0.9),
        p99Ms: this.#sketch.quantile(0.99),
      },
      timeline: [...this.#timeline].sort(([a], [b]) => a - b).map(([, slot]) => ({ ...slot })),
      sources: this.#sources.top(top, ({ files }) => files),
    }
  }
}

/** A builder with every count at 0. */
export const collectStatistics = (options: StatisticsOptions): StatisticsBuilder => new Collector(options)

/** Bytes for each second; scans that took no measurable time have no rate. */
const rate = (bytes: number, elapsedMs: number): number => {
  const perSecond = Math.round((bytes * 1000) / elapsedMs)
  return Number.isSafeInteger(perSecond) ? perSecond : 0
}

const instant = (ms: number): string => new Date(ms).toISOString()

const limit = <K extends string>(name: K, value: number | undefined): Partial<Record<K, number>> =>
  value === undefined ? {} : ({ [name]: value } as Record<K, number>)

/** Adds to a count of a row; a row behind the limit of names is none. */
function add<K extends string>(row: Record<K, number> | undefined, key: K, amount = 1): void {
  if (row !== undefined) row[key] += amount
}

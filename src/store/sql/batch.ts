import type { CompiledQuery, Kysely } from 'kysely'
import { VERDICTS, type Report } from '../../report/index.ts'
import { factsOf, type ReportFacts, type ScanEnd } from '../../usecases/index.ts'
import { hexToBytes } from './ids.ts'
import { insertQueries, padded } from './many.ts'
import { reportRow } from './reports.ts'
import { STATE, SCAN_COLUMNS } from './rows.ts'
import { StatisticsSums } from './statistics-rows.ts'
import { WORD_KINDS } from './tables.ts'
import type { ChangeRow, DeliveryRow, IdempotencyRow, JobRow, JoinRow, MarkRow, MemberRow } from './tables.ts'
import type { ReportRow, ScanRow, Tables, WordKind } from './tables.ts'
import type { Word, WordIds } from './words.ts'

// Everything that one transaction stores, put together in memory first and then written table by table.

export interface EndFacts extends ReportFacts {
  readonly report: Report
}

/** The facts of an end, computed once; undefined where there is no report. */
export const factsOfEnd = (end: ScanEnd): EndFacts | undefined =>
  end.state === 'finished' ? { ...factsOf(end.report), report: end.report } : undefined

export interface KnownMark {
  readonly word: number
  readonly kind: number
}

const MARK_KINDS = { detections: 'detection', reasons: 'reason', packers: 'packer', contains: 'contains' } as const
const MAX_FOUND = 16

/** The words that an end needs. */
export function* wordsOfEnd(facts: EndFacts): Generator<Word> {
  yield { kind: 'type', text: facts.type }
  yield { kind: 'engine', text: facts.report.scanner.version }
  yield { kind: 'database', text: facts.report.scanner.database }
  for (const [list, kind] of Object.entries(MARK_KINDS) as [keyof typeof MARK_KINDS, WordKind][])
    for (const text of facts[list]) yield { kind, text }
}

/** Columns that change after a scan was stored; both databases take `excluded`. */
const CHANGING = [
  'state', 'verdict', 'type', 'engine', 'database', 'startedAt', 'finishedAt', 'elapsedUs', 'attempts', 'problem',
  'found', 'detections', 'notSeen', 'artifacts', 'report', 'priority',
] as const satisfies readonly (keyof ScanRow)[] // prettier-ignore
const UPDATE_SCAN = `on conflict (seq) do update set ${CHANGING.map(name => `"${name}" = excluded."${name}"`).join(', ')}`

export class Batch {
  readonly #words: WordIds
  readonly scans: ScanRow[] = []
  readonly changedScans: ScanRow[] = []
  readonly jobs: JobRow[] = []
  readonly joins: JoinRow[] = []
  readonly idempotency: IdempotencyRow[] = []
  readonly deliveries: DeliveryRow[] = []
  readonly changes: ChangeRow[] = []
  readonly endedJobs: number[] = []
  readonly #reports: ReportRow[] = []
  readonly #marks: MarkRow[] = []
  readonly #members: MemberRow[] = []
  readonly #statistics = new StatisticsSums()

  constructor(words: WordIds) {
    this.#words = words
  }

  /** Changes a row to what its end says. The report lies under `reportSeq`; whoever has that seq brings it along. */
  end(row: ScanRow, end: ScanEnd, facts: EndFacts | undefined, reportSeq: number): void {
    row.finishedAt = end.finishedAtMs
    row.state = STATE[end.state]
    if (end.state === 'failed') row.problem = JSON.stringify(end.problem)
    const marks: number[] = []
    if (end.state === 'finished' && facts !== undefined) {
      row.startedAt ??= end.startedAtMs
      this.#finish(row, facts, marks)
      row.report = reportSeq
    }
    this.ended(row, marks)
  }

  /** The report itself, with what is found by its members. */
  report(seq: number, facts: EndFacts): void {
    this.#reports.push(reportRow(seq, facts.report))
    for (const sha256 of facts.members) this.#members.push({ sha256: hexToBytes(sha256), seq })
  }

  /** Ends a row as another one ended. */
  endAsKnown(row: ScanRow, known: ScanRow, marks: readonly KnownMark[], finishedAtMs: number): void {
    const { verdict, type, engine, database, found, detections, notSeen, artifacts, report } = known
    Object.assign(row, { verdict, type, engine, database, found, detections, notSeen, artifacts, report })
    row.state = STATE.finished
    row.elapsedUs = 0
    row.startedAt = finishedAtMs
    row.finishedAt = finishedAtMs
    for (const { word, kind } of marks) this.#statistics.nameKind(word, kind)
    this.ended(
      row,
      marks.map(({ word }) => word),
    )
  }

  /** Notes marks, sums and what is to be told of a row that has ended. */
  ended(row: ScanRow, marks: readonly number[]): void {
    for (const word of marks) this.#marks.push({ word, seq: row.seq })
    this.#statistics.add(row, marks)
  }

  #finish(row: ScanRow, facts: EndFacts, marks: number[]): void {
    const { report } = facts
    row.verdict = VERDICTS.indexOf(facts.verdict)
    row.type = this.#words.of('type', facts.type)
    row.engine = this.#words.of('engine', report.scanner.version)
    row.database = this.#words.of('database', report.scanner.database)
    row.elapsedUs = Math.round(report.elapsedMs * 1000)
    row.detections = facts.detections.length
    row.found = facts.detections.length === 0 ? null : facts.detections.slice(0, MAX_FOUND).join('\n')
    row.notSeen = facts.notSeen
    row.artifacts = facts.artifacts
    for (const [list, kind] of Object.entries(MARK_KINDS) as [keyof typeof MARK_KINDS, WordKind][]) {
      for (const text of facts[list]) {
        const word = this.#words.of(kind, text)
        marks.push(word)
        this.#statistics.nameKind(word, WORD_KINDS[kind])
      }
    }
  }

  /**
   * Everything to be written, in a fixed order, so that servers do not wait for each other in circles.
   * @param isBlind - scans name their sample by its SHA-256
   */
  queries(db: Kysely<Tables>, isSqlite: boolean, isBlind: boolean): CompiledQuery[] {
    const { scans, jobs, joins, idempotency, deliveries, changes } = this
    return [
      ...insertQueries(db, 'scans', SCAN_COLUMNS, scans, '', isBlind ? SAMPLE_BY_DIGEST : {}),
      ...(isSqlite ? nameQueries(db, scans) : []),
      ...insertQueries(db, 'scans', SCAN_COLUMNS, this.changedScans, UPDATE_SCAN),
      ...insertQueries(db, 'reports', ['seq', 'form', 'body'], this.#reports),
      ...insertQueries(db, 'marks', ['word', 'seq'], this.#marks, 'on conflict do nothing'),
      ...insertQueries(db, 'members', ['sha256', 'seq'], this.#members, 'on conflict do nothing'),
      ...insertQueries(db, 'jobs', JOB_COLUMNS, jobs),
      ...insertQueries(db, 'joins', ['seq', 'leader'], joins),
      ...insertQueries(db, 'idempotency', ['account', 'key', 'seq', 'fingerprint', 'at'], idempotency),
      ...insertQueries(db, 'deliveries', DELIVERY_COLUMNS, deliveries),
      ...insertQueries(db, 'changes', CHANGE_COLUMNS, changes, 'on conflict do nothing'),
      ...this.#dropJobs(db),
      ...this.#announce(db),
      ...this.#statistics.queries(db),
    ]
  }

  #dropJobs(db: Kysely<Tables>): CompiledQuery[] {
    if (this.endedJobs.length === 0) return []
    const ended = padded(this.endedJobs)
    return [
      db.deleteFrom('joins').where('leader', 'in', ended).compile(),
      db.deleteFrom('jobs').where('seq', 'in', ended).compile(),
    ]
  }

  /** What waits for these ends may be sent. Scans that are stored with their end have said so already. */
  #announce(db: Kysely<Tables>): CompiledQuery[] {
    if (this.changedScans.length === 0) return []
    return [
      db
        .updateTable('deliveries')
        .set({ state: 1, runAt: this.changedScans[0].finishedAt ?? 0 })
        .where('seq', 'in', padded(this.changedScans.map(({ seq }) => seq)))
        .where('state', '=', 0)
        .compile(),
    ]
  }
}

const SAMPLE_BY_DIGEST = { sample: '(select seq from samples where sha256 = ?)' }
const CHANGE_COLUMNS = ['retro', 'seq', 'before', 'sample', 'at'] as const
const JOB_COLUMNS = [
  'seq', 'sample', 'options', 'state', 'priority', 'runAt', 'leaseUntil', 'worker', 'attempt', 'intake', 'secrets',
  'problem', 'joinable',
] as const satisfies readonly (keyof JobRow)[] // prettier-ignore
const DELIVERY_COLUMNS = ['seq', 'url', 'secret', 'state', 'attempt', 'runAt', 'leaseUntil', 'error'] as const

/** SQLite's index over names is a table of its own. */
function nameQueries(db: Kysely<Tables>, rows: readonly ScanRow[]): CompiledQuery[] {
  const names = rows.map(({ seq, name, folded }) => ({ rowid: seq, name: folded ?? name }))
  return insertQueries(db, 'names' as never, ['rowid', 'name'] as never, names as never)
}

// The tables as kysely knows them. Digests, ids and times are compact, because there may be many millions of rows:
// a scan is named inside by `seq`, the time and the counter of its UUIDv7 in one integer (ids.ts), so that the order of
// seq is the order of time; repeated texts are numbers of the table `words`.

import type { AccountTables } from './account-tables.ts'

/** `kind` of a word; numbers are stored: never changed, only added to. */
export const WORD_KINDS = {
  type: 1,
  detection: 2,
  reason: 3,
  packer: 4,
  source: 5,
  account: 6,
  options: 7,
  engine: 8,
  database: 9,
  contains: 10,
  tag: 11,
  key: 12,
} as const
export type WordKind = keyof typeof WORD_KINDS

export interface WordRow {
  id: number
  kind: number
  text: string
}

export interface SampleRow {
  /** The seq of its first scan. */
  seq: number
  sha256: Uint8Array
  sha1: Uint8Array
  md5: Uint8Array
  size: number
  kept: number
}

export interface ScanRow {
  seq: number
  /** The last eight bytes of the id. */
  tail: Uint8Array
  sample: number
  name: string
  /** Lower case of a name that is not ASCII; otherwise the name itself is searched. */
  folded: string | null
  size: number
  /** Index in SCAN_STATES, and in VERDICTS. */
  state: number
  verdict: number | null
  type: number | null
  source: number
  account: number
  key: number | null
  address: string | null
  priority: number
  options: number
  engine: number | null
  database: number | null
  startedAt: number | null
  finishedAt: number | null
  elapsedUs: number | null
  attempts: number
  problem: string | null
  /** Names of detections, one a line. */
  found: string | null
  detections: number
  notSeen: number
  artifacts: number
  /** The scan under whose seq the report lies; its own, or the one that it shares. */
  report: number | null
  parent: Uint8Array | null
  retro: number | null
}

export interface ReportRow {
  seq: number
  /** How the body is written: 0 JSON in UTF-8, 1 the same deflated. */
  form: number
  body: Uint8Array
}

/** What a scan can be found by beyond its own columns: detections, reasons, packers, types inside. */
export interface MarkRow {
  word: number
  seq: number
}

export interface MemberRow {
  sha256: Uint8Array
  seq: number
}

/** 0 waiting, 1 leased, 2 dead. */
export interface JobRow {
  seq: number
  sample: number
  options: number
  state: number
  priority: number
  runAt: number
  leaseUntil: number
  worker: string | null
  attempt: number
  intake: string | null
  secrets: string | null
  problem: string | null
  joinable: number
}

export interface JoinRow {
  seq: number
  leader: number
}

export interface IdempotencyRow {
  account: number
  key: string
  seq: number
  fingerprint: string
  at: number
}

/** 0 waits for the end of the scan, 1 to be sent, 2 leased, 3 dead. Sent ones are gone. */
export interface DeliveryRow {
  seq: number
  url: string
  secret: string | null
  state: number
  attempt: number
  runAt: number
  leaseUntil: number
  error: string | null
}

/** Sums over the scans of one hour (unit 0) or day (unit 1). */
export interface StatisticsRow {
  unit: number
  at: number
  source: number
  kind: number
  item: number
  scans: number
  bytes: number
  elapsedUs: number
}

export interface TagRow {
  word: number
  sample: number
}

export interface CommentRow {
  id: Uint8Array
  sample: number
  account: string
  author: string
  text: string
  at: number
}

export interface RetroRow {
  seq: number
  tail: Uint8Array
  query: string
  startedBy: string
  finishedAt: number | null
  state: number
  database: string
  cursor: Uint8Array | null
  planned: number
}

export interface ChangeRow {
  retro: number
  seq: number
  before: number
  sample: number
  at: number
}

export interface Tables extends AccountTables {
  words: WordRow
  samples: SampleRow
  scans: ScanRow
  reports: ReportRow
  marks: MarkRow
  members: MemberRow
  jobs: JobRow
  joins: JoinRow
  idempotency: IdempotencyRow
  deliveries: DeliveryRow
  statistics: StatisticsRow
  tags: TagRow
  comments: CommentRow
  retros: RetroRow
  changes: ChangeRow
  servers: { slot: number; worker: string; until: number }
  settings: { name: string; value: string }
  schema_version: { version: number; name: string; applied_at: number }
}

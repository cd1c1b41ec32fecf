import type { Report, Detection } from '../report/index.ts'

// What services ask of the rest of the house. runtime/ implements it; tests may fake it.

/** Options of one submission. */
export interface ScanOptions {
  /** Report every matching signature instead of stopping at the first. */
  readonly allMatches: boolean
  /** Wall time limit in milliseconds; absent: the server's own. */
  readonly maxTimeMs?: number
  /** Passwords to try on encrypted content, in this order. */
  readonly passwords?: readonly string[]
  /** False: nobody wants the SHA-256 of the content; it is left out of the report where no signature needs it. */
  readonly identity?: boolean
}

/** Content by a path the engine can open itself (`followLinks: false` refuses a symbolic link as no file), or as a stream of chunks (borrowed until the next one is asked for). */
export type ContentSource =
  | { readonly path: string; readonly followLinks?: boolean }
  | { readonly bytes: Uint8Array }
  | { readonly stream: AsyncIterable<Uint8Array>; readonly sizeHint?: number }

/** What may be heard before the report. */
export type ScanEvent =
  | { readonly event: 'progress'; readonly bytesScanned: number; readonly bytesTotal: number }
  | { readonly event: 'detection'; readonly detection: Detection }

/** One submission. */
export interface ScanJob {
  /** Name as the submitter gave it: data, never a path to open. */
  readonly name: string
  readonly content: ContentSource
  readonly options: ScanOptions
  /** Cancels the scan and frees its slot. */
  readonly signal?: AbortSignal
  readonly onEvent?: (event: ScanEvent) => void
}

/** State of the scanner as STATS-like commands and the console show it. */
export interface ScannerStatus {
  readonly version: string
  /** Generation of the database in use: hexadecimal content hash. */
  readonly database: string
  readonly signatures: number
  /** Build time of the database image, milliseconds since the epoch. */
  readonly databaseBuiltAtMs: number
  readonly threads: { readonly live: number; readonly idle: number; readonly max: number }
  readonly queued: number
  readonly active: readonly { readonly name: string; readonly seconds: number; readonly command: string }[]
  readonly scans: number
  readonly bytes: number
  readonly verdicts: Readonly<Record<string, number>>
  readonly engineRestarts: number
  readonly uptimeSeconds: number
  readonly residentBytes: number
}

export interface ReloadOutcome {
  readonly changed: boolean
  readonly database: string
  readonly signatures: number
  /** Lines that were left out. */
  readonly skipped: number
  readonly elapsedMs: number
}

/** The scanner as every service sees it. */
export interface Scanner {
  /**
   * Scans one submission. Rejects with ScanFailure: `busy` at once when the queue is full, `cancelled`, `not-found`,
   * `access-denied`, `not-a-file`, `stream-too-large`, `shutting-down`, or whatever the content stream threw.
   * What content does to an engine is never a rejection: it is a report that says unscannable.
   */
  scan(job: ScanJob): Promise<Report>
  status(): Promise<ScannerStatus>
  /** Builds beside, checks, swaps between two scans; on failure the old database stays and this rejects. */
  reload(): Promise<ReloadOutcome>
  close(): Promise<void>
}

/** Codes with which a submission may be refused. */
export const SCAN_FAILURES = {
  busy: 'The queue is full; try again later',
  cancelled: 'The scan was cancelled',
  'not-found': 'There is no such file',
  'access-denied': 'The file may not be read',
  'not-a-file': 'Only regular files can be scanned',
  'stream-too-large': 'The stream is longer than the server accepts',
  'shutting-down': 'The server is shutting down',
  internal: 'The scanner failed; the log of the server says why',
} as const
export type ScanFailureCode = keyof typeof SCAN_FAILURES

/** A submission that ends without a report. */
export class ScanFailure extends Error {
  readonly code: ScanFailureCode
  readonly retryAfterMs: number | undefined
  constructor(code: ScanFailureCode, detail?: string, retryAfterMs?: number) {
    super(detail === undefined ? SCAN_FAILURES[code] : `${SCAN_FAILURES[code]}: ${detail}`)
    this.name = 'ScanFailure'
    this.code = code
    this.retryAfterMs = retryAfterMs
  }
}

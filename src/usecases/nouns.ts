import type { Detection, Report, Verdict } from '../report/index.ts'
import type { KeepRule } from './limits.ts'
import type { Door } from './policy.ts'

// The things that use cases speak of. Ids are UUIDv7 as text; times are milliseconds since the epoch; sizes are bytes;
// digests are lower-case hexadecimal.

/** How a scan stands; the last three are final. */
export const SCAN_STATES = ['queued', 'running', 'finished', 'failed', 'cancelled'] as const
export type ScanState = (typeof SCAN_STATES)[number]
export const isFinal = (state: ScanState): boolean => SCAN_STATES.indexOf(state) >= 2

/** Named sets of options; what a request says itself comes before them. */
export const PROFILES = {
  standard: { allMatches: false },
  quick: { allMatches: false, maxTimeMs: 10_000 },
  thorough: { allMatches: true, maxTimeMs: 600_000 },
} as const satisfies Readonly<Record<string, { readonly allMatches: boolean; readonly maxTimeMs?: number }>>
export type Profile = keyof typeof PROFILES

/** Lower is served first. */
export const PRIORITIES = { interactive: 0, normal: 5, bulk: 10 } as const
export type Priority = keyof typeof PRIORITIES

export interface Digests {
  readonly sha256: string
  readonly sha1: string
  readonly md5: string
}

/** Who a submission came from. */
export interface Source {
  readonly door: Door
  readonly account: string
  readonly key?: string
  readonly address: string
  readonly label?: string
}

/** What a submitter may ask for. */
export interface RequestOptions {
  readonly profile?: Profile
  readonly allMatches?: boolean
  readonly maxTimeMs?: number
  /** Kept only until the scan has ended; never part of an answer. */
  readonly passwords?: readonly string[]
  readonly keep?: KeepRule
  readonly priority?: Priority
  /** False: scan even where a stored report of the same content, database, engine and options exists. Default true. */
  readonly reuse?: boolean
}

/** The options of a scan as they were used: profile resolved, defaults filled in, no secrets. */
export interface EffectiveOptions {
  readonly profile: Profile
  readonly allMatches: boolean
  readonly maxTimeMs?: number
  readonly passwordCount: number
  readonly keep: KeepRule
}

/** Why a scan ended without a report. */
export interface ScanProblem {
  /** A code of USE_CASE_ERRORS or SCAN_FAILURES. */
  readonly code: string
  readonly message: string
}

/** One submission. */
export interface ScanRecord extends Digests {
  readonly id: string
  /** Name as the submitter gave it: data, never a path. */
  readonly name: string
  readonly sizeBytes: number
  readonly source: Source
  readonly options: EffectiveOptions
  readonly priority: Priority
  readonly state: ScanState
  readonly submittedAtMs: number
  readonly startedAtMs?: number
  readonly finishedAtMs?: number
  /** How often an engine has been given it. */
  readonly attempts: number
  /** Only of failed scans. */
  readonly problem?: ScanProblem
  /** The rest only of finished scans. */
  readonly verdict?: Verdict
  /** Type of the content as reports name it. */
  readonly type?: string
  /** Names of what matched, strongest first, each once; at most MAX_LISTED_DETECTIONS. */
  readonly detections: readonly string[]
  /** How many artifacts something was found in or not seen of. */
  readonly notSeen: number
  readonly elapsedMs?: number
  readonly engine?: string
  readonly database?: string
  /** The scan whose report this one shares, because content, database, engine and options are the same. */
  readonly reusedFrom?: string
  /** The scan or retro-scan that caused this one. */
  readonly parent?: string
}
export const MAX_LISTED_DETECTIONS = 16

/** A scan with its report; absent where it failed or was cancelled. */
export interface ScanResult {
  readonly scan: ScanRecord
  readonly report?: Report
}

/** Content, whoever submitted it. */
export interface SampleRecord extends Digests {
  readonly sizeBytes: number
  readonly type?: string
  readonly firstSeenMs: number
  readonly lastSeenMs: number
  readonly scans: number
  /** The strongest word of the newest finished scan. */
  readonly verdict?: Verdict
  readonly detections: readonly string[]
  /** Whether the vault holds it. */
  readonly kept: boolean
  readonly tags: readonly string[]
}

export interface Comment {
  readonly id: string
  readonly sha256: string
  readonly account: string
  readonly author: string
  readonly text: string
  readonly atMs: number
}

/** One page; `next` is absent on the last. A cursor is opaque and belongs to its query. */
export interface Page<T> {
  readonly items: readonly T[]
  readonly next?: string
}

export interface PageRequest {
  readonly cursor?: string
  /** Default 50, at most MAX_PAGE. */
  readonly limit?: number
}
export const MAX_PAGE = 1000

/** What may be heard of a scan; `finished`, `failed` and `cancelled` are the last. */
export type ScanUpdate =
  | { readonly event: 'queued'; readonly scan: ScanRecord }
  | { readonly event: 'running'; readonly scan: ScanRecord }
  | { readonly event: 'progress'; readonly bytesScanned: number; readonly bytesTotal: number }
  | { readonly event: 'detection'; readonly detection: Detection }
  | { readonly event: 'finished' | 'failed' | 'cancelled'; readonly scan: ScanRecord }

import type { ArtifactReport, Report, Verdict } from '../report/index.ts'
import type { ContentSource, ReloadOutcome, ScannerStatus } from '../scan/index.ts'
import type { AccountUseCases } from './accounts.ts'
import type { Comment, Page, PageRequest, Priority, RequestOptions, SampleRecord } from './nouns.ts'
import type { ScanRecord, ScanResult, ScanState, ScanUpdate } from './nouns.ts'
import type { PolicyName, Principal } from './policy.ts'
import type { SearchField, SearchSort } from './search/fields.ts'
import type { StatisticsAnswer, StatisticsQuestion } from './statistics.ts'

// What the server can be asked, whatever the door. Each call takes who asks, checks the role by POLICY, and rejects
// with UseCaseError and nothing else (a stream of the caller's that throws is passed on as it is).

/** Where to tell the end of a scan. */
export interface NotifyTarget {
  readonly url: string
  /** Key of the HMAC-SHA256 in the header `lazaret-signature`; absent: the server's own key. */
  readonly secret?: string
}

export interface SubmitInput {
  /** Name as the submitter gave it; data. */
  readonly name: string
  /** Bytes, or a stream that is read once, at the pace of the disk, and never held whole. Paths are for local doors. */
  readonly content: ContentSource
  readonly options?: RequestOptions
  /** The same key of the same account within a day answers the first submission instead of making another. */
  readonly idempotencyKey?: string
  readonly notify?: NotifyTarget
  /** The scan this one belongs to; its priority is inherited where none is asked for. */
  readonly parent?: string
  /** Ends the intake; what was acknowledged is not undone. */
  readonly signal?: AbortSignal
}

export interface Submitted {
  readonly scan: ScanRecord
  /** `accepted`: stored and queued. `repeated`: the idempotency key was known. `joined`: the same content with the same
   * options is in flight; its result is shared. `known`: a stored report was reused and the scan is finished. */
  readonly how: 'accepted' | 'repeated' | 'joined' | 'known'
}

/** A digest of any of the three kinds, told apart by its length. */
export interface LookUpAnswer {
  readonly digest: string
  /** Absent: never seen. */
  readonly sample?: SampleRecord
  /** Its newest finished scan. */
  readonly scan?: ScanRecord
  /** Scans in which it was a member of something else; at most 16, newest first. */
  readonly within: readonly ScanRecord[]
}

export interface ScanUseCases {
  /**
   * Takes content in. When this resolves, content and job are stored: kill -9 loses neither.
   * @throws UseCaseError too-large, quota-exceeded, busy, no-worker, storage-full, idempotency-conflict, shutting-down
   */
  submit(principal: Principal, input: SubmitInput): Promise<Submitted>
  /** As submit, with content that the server fetches. @throws also url-not-allowed, url-failed, not-configured */
  submitUrl(principal: Principal, input: Omit<SubmitInput, 'content'> & { readonly url: string }): Promise<Submitted>
  /**
   * Scans and waits; content up to MAX_INLINE_BYTES touches no disk before the result is stored. `onUpdate` hears progress.
   * `how` as in Submitted. When `signal` aborts, the scan is cancelled.
   */
  scan(
    principal: Principal,
    input: SubmitInput & { readonly onUpdate?: (update: ScanUpdate) => void },
  ): Promise<ScanResult & Pick<Submitted, 'how'>>
  getScan(principal: Principal, input: { readonly id: string }): Promise<ScanRecord>
  /** Resolves when the scan is final, or with its state after `timeoutMs` (at most MAX_AWAIT_MS). */
  awaitScan(
    principal: Principal,
    input: { readonly id: string; readonly timeoutMs: number; readonly signal?: AbortSignal },
  ): Promise<ScanRecord>
  /** Begins with the state of now and ends after the final one. Rejects on the first `next` where there is no such scan. */
  watchScan(
    principal: Principal,
    input: { readonly id: string; readonly signal?: AbortSignal },
  ): AsyncIterable<ScanUpdate>
  /** @returns the record as it then is. @throws already-finished */
  cancelScan(principal: Principal, input: { readonly id: string }): Promise<ScanRecord>
  /** @throws scan-not-found, not-finished, no-report */
  getReport(principal: Principal, input: { readonly id: string }): Promise<ScanResult & { readonly report: Report }>
  /** At most MAX_LOOKUPS digests; answers in their order. */
  lookUp(principal: Principal, input: { readonly digests: readonly string[] }): Promise<readonly LookUpAnswer[]>
  deleteScan(principal: Principal, input: { readonly id: string }): Promise<void>
}
export const MAX_LOOKUPS = 1000
export const MAX_AWAIT_MS = 300_000
/** Up to here a synchronous scan holds its content in memory. */
export const MAX_INLINE_BYTES = 1024 * 1024

/** One artifact of a report, with the number of its children instead of the children. */
export interface ArtifactNode extends ArtifactReport {
  readonly children: number
}

export interface ByteRange {
  readonly offset: number
  /** Absent: to the end. */
  readonly length?: number
}

export interface ArtifactBytes {
  readonly sha256: string
  /** Size of the whole artifact. */
  readonly sizeBytes: number
  readonly offset: number
  readonly length: number
  /** Exactly `length` bytes, decrypted while they are read. */
  readonly stream: AsyncIterable<Uint8Array>
}

/** How content leaves the server. */
export const DOWNLOAD_FORMATS = ['zip', 'cart'] as const

export interface Download {
  readonly filename: string
  readonly mediaType: string
  readonly stream: AsyncIterable<Uint8Array>
}

export interface SampleUseCases {
  /** The children of `under` (an artifact's id; absent: the whole tree, parents first), in pages. */
  listArtifacts(
    principal: Principal,
    input: PageRequest & { readonly id: string; readonly under?: number },
  ): Promise<Page<ArtifactNode>>
  /** Bytes of an artifact of a scan. @throws content-not-kept, artifact-not-found, range-not-satisfiable */
  readArtifact(
    principal: Principal,
    input: { readonly id: string; readonly artifact: number; readonly range?: ByteRange },
  ): Promise<ArtifactBytes>
  /** Content as an encrypted ZIP (password as configured, by default `infected`) or CaRT. @throws content-not-kept */
  download(
    principal: Principal,
    input: { readonly sha256: string; readonly format: (typeof DOWNLOAD_FORMATS)[number] },
  ): Promise<Download>
  /** By any digest; with its newest scans and all comments. @throws sample-not-found */
  getSample(
    principal: Principal,
    input: { readonly digest: string },
  ): Promise<{
    readonly sample: SampleRecord
    readonly scans: readonly ScanRecord[]
    readonly comments: readonly Comment[]
  }>
  /** Tags are lower-case words of letters, digits and `-_.:`, at most 64 characters. @returns the tags as they then are */
  changeTags(
    principal: Principal,
    input: { readonly sha256: string; readonly add?: readonly string[]; readonly remove?: readonly string[] },
  ): Promise<readonly string[]>
  addComment(principal: Principal, input: { readonly sha256: string; readonly text: string }): Promise<Comment>
  deleteComment(principal: Principal, input: { readonly id: string }): Promise<void>
  /** Everything about the content: scans, reports, tags, comments, and the bytes in the vault. */
  deleteSample(principal: Principal, input: { readonly sha256: string }): Promise<void>
}

/** What a query answers besides its page, only when asked. */
export const FACETS = ['verdict', 'type', 'detection', 'source', 'label', 'state', 'tag'] as const
export type Facet = (typeof FACETS)[number]
export interface FacetCount {
  readonly value: string
  readonly count: number
}

export interface SearchInput extends PageRequest {
  /** docs/search.md has the grammar. Empty: everything. */
  readonly query: string
  readonly sort?: SearchSort
  readonly descending?: boolean
  /** Count what matches. */
  readonly count?: boolean
  readonly facets?: readonly Facet[]
}

export interface SearchAnswer extends Page<ScanRecord> {
  /** `exact: false`: there are more than that; counting stopped at MAX_COUNTED. */
  readonly total?: { readonly count: number; readonly exact: boolean }
  /** Each at most 50 values, most frequent first, over the newest MAX_COUNTED matches. */
  readonly facets?: Readonly<Partial<Record<Facet, readonly FacetCount[]>>>
}
export const MAX_COUNTED = 100_000

/** One way to go on from the cursor: put `text` in place of the characters from `from` to `to`. */
export interface Completion {
  readonly from: number
  readonly to: number
  readonly text: string
  readonly kind: 'field' | 'operator' | 'value' | 'keyword'
  /** For people. */
  readonly hint: string
}

export interface SearchUseCases {
  /** @throws invalid-query (`where`: position), invalid-cursor */
  search(principal: Principal, input: SearchInput): Promise<SearchAnswer>
  /** At most 20 ways to go on at `position` (default: the end). */
  completeQuery(
    principal: Principal,
    input: { readonly query: string; readonly position?: number },
  ): Promise<readonly Completion[]>
  getStatistics(principal: Principal, input: StatisticsQuestion): Promise<StatisticsAnswer>
}

/** A scan of everything kept, with the database of then. */
export interface RetroScan {
  readonly id: string
  readonly query: string
  readonly startedBy: string
  readonly startedAtMs: number
  readonly finishedAtMs?: number
  readonly state: 'running' | 'finished' | 'cancelled'
  readonly database: string
  /** Samples to scan, scanned, failed, and with another verdict than before. */
  readonly total: number
  readonly done: number
  readonly failed: number
  readonly changed: number
}

export interface ChangedVerdict {
  readonly sha256: string
  readonly name: string
  readonly before: { readonly scan: string; readonly verdict: Verdict; readonly detections: readonly string[] }
  readonly after: { readonly scan: string; readonly verdict: Verdict; readonly detections: readonly string[] }
  readonly atMs: number
}

export interface RescanUseCases {
  /** Kept content again, by digest; never reuses a report. @throws sample-not-found, content-not-kept */
  rescan(
    principal: Principal,
    input: { readonly digest: string; readonly options?: RequestOptions; readonly notify?: NotifyTarget },
  ): Promise<Submitted>
  /** Everything kept whose newest scan matches `query` and was made with another database; at priority bulk. */
  startRetroScan(principal: Principal, input: { readonly query?: string }): Promise<RetroScan>
  getRetroScan(principal: Principal, input: { readonly id: string }): Promise<RetroScan>
  listRetroScans(principal: Principal, input: PageRequest): Promise<Page<RetroScan>>
  listChangedVerdicts(principal: Principal, input: PageRequest & { readonly id: string }): Promise<Page<ChangedVerdict>>
  cancelRetroScan(principal: Principal, input: { readonly id: string }): Promise<RetroScan>
}

export interface SignatureDatabase {
  readonly name: string
  readonly signatures: number
  readonly skipped: number
}

export interface SignatureEntry {
  readonly name: string
  readonly database: string
  readonly line: number
  readonly kind: string
  /** Source text of the signature, where it is at hand. */
  readonly source?: string
}

export interface SignatureUseCases {
  listDatabases(principal: Principal): Promise<readonly SignatureDatabase[]>
  /** Names that contain `text`, without regard to case. */
  searchSignatures(principal: Principal, input: PageRequest & { readonly text: string }): Promise<Page<SignatureEntry>>
  /** Every signature with exactly this name, at most 100. @throws not-found */
  getSignature(principal: Principal, input: { readonly name: string }): Promise<readonly SignatureEntry[]>
}

export interface EngineInfo extends ScannerStatus {
  /** Engines by name where there are several; this server's own is `local`. */
  readonly engines: readonly {
    readonly name: string
    readonly state: 'up' | 'draining' | 'down'
    readonly database?: string
    readonly threads: number
    readonly busy: number
  }[]
}

export interface QueueState {
  readonly waiting: number
  readonly leased: number
  readonly dead: number
  readonly waitingByPriority: Readonly<Record<Priority, number>>
  /** Age of the oldest job that waits. */
  readonly oldestWaitingMs: number
  readonly deliveriesWaiting: number
  readonly deliveriesDead: number
}

/** Something that was tried often enough and given up; it stays until somebody retries or discards it. */
export interface DeadLetter {
  readonly id: string
  readonly kind: 'scan' | 'delivery'
  readonly scan: string
  readonly name: string
  /** Of deliveries. */
  readonly url?: string
  readonly attempts: number
  readonly reason: ScanProblemText
  readonly atMs: number
}
interface ScanProblemText {
  readonly code: string
  readonly message: string
}

/** Days after which something is deleted; absent: never. The first rule that is due deletes. */
export interface RetentionRules {
  readonly cleanDays?: number
  readonly findingsDays?: number
  readonly failedDays?: number
  /** Bytes in the vault, apart from the records. */
  readonly contentDays?: number
  readonly auditDays?: number
  readonly statisticsDays?: number
}

export interface RetentionOutcome {
  readonly scans: number
  readonly samples: number
  readonly contents: number
  readonly auditEntries: number
  readonly statisticsRows: number
}

/** One thing that was tried to see whether the server is well. */
export interface Check {
  readonly name: 'ledger' | 'vault' | 'scanner' | 'queue'
  readonly ok: boolean
  readonly detail: string
}

/** One metric with its samples; names and units as Prometheus has them. */
export interface Metric {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly samples: readonly {
    readonly suffix?: string
    readonly labels: Readonly<Record<string, string>>
    readonly value: number
  }[]
}

export interface OperationUseCases {
  getEngineInfo(principal: Principal): Promise<EngineInfo>
  reloadDatabase(principal: Principal): Promise<ReloadOutcome>
  /** Cheap and always answered while the process lives. */
  getHealth(principal: Principal): Promise<{ readonly ok: true; readonly version: string; readonly uptimeMs: number }>
  getReadiness(principal: Principal): Promise<{ readonly ok: boolean; readonly checks: readonly Check[] }>
  getMetrics(principal: Principal): Promise<readonly Metric[]>
  getQueue(principal: Principal): Promise<QueueState>
  listDeadLetters(principal: Principal, input: PageRequest): Promise<Page<DeadLetter>>
  /** @throws not-found, content-not-kept */
  retryDeadLetter(principal: Principal, input: { readonly id: string }): Promise<void>
  discardDeadLetter(principal: Principal, input: { readonly id: string }): Promise<void>
  getRetention(principal: Principal): Promise<RetentionRules>
  setRetention(principal: Principal, input: RetentionRules): Promise<RetentionRules>
  applyRetention(principal: Principal): Promise<RetentionOutcome>
  rotateVaultKey(principal: Principal): Promise<{ readonly key: string }>
}

/** Everything. A door lists the names that it serves; a test compares the lists with this. */
export interface UseCases
  extends
    ScanUseCases,
    SampleUseCases,
    SearchUseCases,
    RescanUseCases,
    SignatureUseCases,
    OperationUseCases,
    AccountUseCases {}

export type UseCaseName = keyof UseCases

// The table of roles and the interface name the same things: each line fails to compile where one has more.
type Same<A extends B, B> = A
export type PolicyCoversUseCases = Same<UseCaseName, PolicyName>
export type UseCasesCoverPolicy = Same<PolicyName, UseCaseName>

export type { ScanState, SearchField }

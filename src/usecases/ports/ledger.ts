import type { Report } from '../../report/index.ts'
import type { Comment, Digests, EffectiveOptions, Priority, SampleRecord } from '../nouns.ts'
import type { ScanProblem, ScanRecord, Source } from '../nouns.ts'
import type { SearchField, SearchSort } from '../search/fields.ts'
import type { SearchNode } from '../search/syntax.ts'
import type { StatisticsAnswer, StatisticsQuestion } from '../statistics.ts'
import type { ChangedVerdict, DeadLetter, Facet, FacetCount, QueueState } from '../use-cases.ts'
import type { RetentionRules, RetroScan } from '../use-cases.ts'

// What is stored of scans. Every write that has resolved survives kill -9 and, on a disk that keeps its word, power loss.
// Several servers may share one ledger. Time is always the caller's. Every method may reject with UseCaseError
// `storage-full`, `conflict` or `internal`; those that may reject with more say so.

/** A submission before its end. */
export interface NewScan extends Digests {
  readonly id: string
  readonly name: string
  readonly sizeBytes: number
  readonly source: Source
  readonly options: EffectiveOptions
  readonly priority: Priority
  readonly submittedAtMs: number
  readonly parent?: string
  /** Hash over everything but the content that the outcome depends on; scans that agree in it share reports. */
  readonly optionsKey: string
}

/** Makes a stored report good enough: same content and optionsKey, and these two. */
export interface Generation {
  readonly engine: string
  readonly database: string
}

/** What is stored with a submission, whatever becomes of it. */
export interface Extras {
  readonly idempotency?: { readonly key: string; readonly fingerprint: string }
  readonly notify?: NotifyOrder
}

export interface NewJob extends Extras {
  readonly scan: NewScan
  /** Where the content lies. */
  readonly content: JobContent
  readonly passwords: readonly string[]
  /** True: a job in flight with the same content and options may be joined instead. */
  readonly join: boolean
  /** The retro-scan that it belongs to. */
  readonly retro?: string
}
export type JobContent = { readonly room: 'intake'; readonly intake: string } | { readonly room: 'store' }

export interface NotifyOrder {
  readonly url: string
  readonly secret?: string
}

/** `repeated`: the idempotency key was known, and this is its scan. */
export interface JobAnswer {
  readonly how: 'accepted' | 'repeated' | 'joined'
  readonly scan: ScanRecord
}

/** How a scan ended. */
export type ScanEnd =
  | { readonly state: 'finished'; readonly report: Report; readonly startedAtMs: number; readonly finishedAtMs: number }
  | { readonly state: 'failed'; readonly problem: ScanProblem; readonly finishedAtMs: number }
  | { readonly state: 'cancelled'; readonly finishedAtMs: number }
/** As that scan ended, whose report is shared. */
export interface KnownEnd {
  readonly state: 'known'
  readonly from: string
  readonly finishedAtMs: number
}

/** A job that one worker holds until `untilMs`, unless it is renewed. */
export interface Lease {
  readonly scan: string
  readonly worker: string
  /** Counts up with each lease of the job: an old holder is told from the present one. */
  readonly attempt: number
}

export interface LeasedJob extends Lease {
  readonly record: ScanRecord
  readonly content: JobContent
  readonly passwords: readonly string[]
  readonly untilMs: number
}

/** What `complete` did. `ended` holds the scan and those that had joined it; `discard` the intakes nobody needs any more. */
export interface Completed {
  readonly ended: readonly ScanRecord[]
}

export interface Jobs {
  /**
   * One transaction: sample, scan, job, or an answer that makes them needless.
   * @throws UseCaseError idempotency-conflict, conflict (the id is taken: use another)
   */
  submit(job: NewJob): Promise<JobAnswer>
  /** A scan that has ended when it is first heard of, stored whole. @throws UseCaseError idempotency-conflict, conflict */
  record(scan: NewScan, end: ScanEnd | KnownEnd, extras?: Extras): Promise<JobAnswer>
  /** The next jobs by priority, then age; each is then held by the worker. */
  lease(order: {
    readonly worker: string
    readonly nowMs: number
    readonly leaseMs: number
    readonly limit: number
  }): Promise<readonly LeasedJob[]>
  /** Holds on to jobs. @returns the scans among them that this worker no longer holds */
  renew(leases: readonly Lease[], untilMs: number): Promise<readonly string[]>
  /** Ends a scan that is held. Undefined: it is no longer held, and nothing was changed. */
  complete(lease: Lease, end: ScanEnd): Promise<Completed | undefined>
  /** Gives a job back, to be tried again at `atMs`; `counts: false` takes the attempt back. False: no longer held. */
  putBack(
    lease: Lease,
    order: { readonly atMs: number; readonly problem?: ScanProblem; readonly counts: boolean },
  ): Promise<boolean>
  /** Gives a job up: its scan fails, and it stays as a dead letter with its content. */
  bury(lease: Lease, problem: ScanProblem, nowMs: number): Promise<Completed | undefined>
  /** Jobs whose lease ran out wait again, or are buried after `maxAttempts`. */
  expire(nowMs: number, maxAttempts: number): Promise<{ readonly back: number; readonly buried: readonly ScanRecord[] }>
  /** Ends a scan that is not final, whoever holds it. `intake` is to be discarded. */
  cancel(
    id: string,
    nowMs: number,
  ): Promise<{ readonly scan: ScanRecord; readonly cancelled: boolean; readonly intake?: string } | undefined>
  /** Whether a job that owns this intake exists, dead ones too. */
  ownsIntake(intakes: readonly string[]): Promise<readonly string[]>
  queue(nowMs: number): Promise<QueueState>
}

export interface DeadLetters {
  deadLetters(page: { readonly before?: string; readonly limit: number }): Promise<readonly DeadLetter[]>
  /** False: there is none. */
  retryDeadLetter(id: string, nowMs: number): Promise<boolean>
  /** `intake` is to be discarded. Undefined: there is none. */
  discardDeadLetter(id: string): Promise<{ readonly intake?: string } | undefined>
}

/** Webhooks to be sent, each stored by the transaction that ended its scan. */
export interface Outbox {
  leaseDeliveries(order: {
    readonly worker: string
    readonly nowMs: number
    readonly leaseMs: number
    readonly limit: number
  }): Promise<readonly Delivery[]>
  settleDelivery(
    id: string,
    result:
      | { readonly sent: true }
      | { readonly sent: false; readonly error: string; readonly againAtMs?: number; readonly nowMs: number },
  ): Promise<void>
}
export interface Delivery {
  readonly id: string
  readonly url: string
  readonly secret?: string
  readonly attempt: number
  readonly record: ScanRecord
}

export interface Records {
  scan(id: string): Promise<ScanRecord | undefined>
  report(id: string): Promise<Report | undefined>
  /** The newest finished scan of the content with these options and generation. */
  known(sha256: string, optionsKey: string, generation: Generation): Promise<ScanRecord | undefined>
  samples(digests: readonly string[]): Promise<readonly (SampleRecord | undefined)[]>
  /** Newest first. */
  scansOf(sha256: string, limit: number): Promise<readonly ScanRecord[]>
  /** Scans in which this SHA-256 was inside something else, newest first. */
  scansWithin(sha256: string, limit: number): Promise<readonly ScanRecord[]>
  /** What the vault holds changes after the vault has done it (kept) or before it does it (not kept). */
  setKept(sha256: string, kept: boolean): Promise<void>
  deleteScan(
    id: string,
  ): Promise<{ readonly contents: readonly string[]; readonly intakes: readonly string[] } | undefined>
  deleteSample(
    sha256: string,
  ): Promise<{ readonly contents: readonly string[]; readonly intakes: readonly string[] } | undefined>
}

export interface Notes {
  changeTags(sha256: string, add: readonly string[], remove: readonly string[]): Promise<readonly string[] | undefined>
  addComment(comment: Comment): Promise<boolean>
  comments(sha256: string): Promise<readonly Comment[]>
  comment(id: string): Promise<Comment | undefined>
  deleteComment(id: string): Promise<void>
}

export interface SearchOrder {
  readonly node: SearchNode
  readonly sort: SearchSort
  readonly descending: boolean
  /** Key and id of the last one seen. */
  readonly after?: { readonly key: string | number; readonly id: string }
  readonly limit: number
}

export interface Searching {
  search(order: SearchOrder): Promise<readonly ScanRecord[]>
  /** Counts up to `most`. */
  count(node: SearchNode, most: number): Promise<number>
  /** Over the newest `most` matches. */
  facets(
    node: SearchNode,
    facets: readonly Facet[],
    most: number,
  ): Promise<Readonly<Partial<Record<Facet, readonly FacetCount[]>>>>
  /** Stored values of a text field that begin so. */
  suggest(field: SearchField, prefix: string, limit: number): Promise<readonly string[]>
  statistics(
    question: Required<Pick<StatisticsQuestion, 'toMs' | 'unit' | 'dimensions' | 'top'>> & StatisticsQuestion,
  ): Promise<StatisticsAnswer>
}

export interface RetroScans {
  startRetro(retro: RetroScan): Promise<void>
  retro(id: string): Promise<RetroScan | undefined>
  retros(page: { readonly before?: string; readonly limit: number }): Promise<readonly RetroScan[]>
  /** The next kept samples after this digest, each with its newest finished scan where that is of another database. */
  retroCandidates(order: {
    readonly database: string
    readonly after?: string
    readonly limit: number
  }): Promise<readonly { readonly sha256: string; readonly scan: ScanRecord | undefined }[]>
  /** How far its scans have been submitted. */
  planRetro(id: string, plan: { readonly cursor?: string; readonly planned: boolean }): Promise<void>
  retroPlans(): Promise<readonly { readonly retro: RetroScan; readonly cursor?: string; readonly planned: boolean }[]>
  endRetro(id: string, state: 'finished' | 'cancelled', nowMs: number): Promise<readonly string[]>
  changedVerdicts(
    id: string,
    page: { readonly after?: string; readonly limit: number },
  ): Promise<readonly ChangedVerdict[]>
}

/** What was deleted; `contents` and `intakes` are still to be deleted from the vault. */
export interface Swept {
  readonly scans: number
  readonly samples: number
  readonly statisticsRows: number
  readonly auditEntries: number
  readonly contents: readonly string[]
  readonly intakes: readonly string[]
  /** There is more to do. */
  readonly more: boolean
}

export interface Keeping {
  /** A number below 2^SLOT_BITS that no other server has until then; the same one when asked again in time. */
  claimSlot(worker: string, nowMs: number, untilMs: number): Promise<number>
  /** Deletes at most `limit` scans that are due. */
  sweep(rules: RetentionRules, nowMs: number, limit: number): Promise<Swept>
  setting(name: string): Promise<string | undefined>
  setSetting(name: string, value: string): Promise<void>
  /** One cheap read and one cheap write. */
  check(): Promise<{ readonly ok: boolean; readonly detail: string }>
  counts(): Promise<{ readonly scans: number; readonly samples: number; readonly bytes: number }>
  close(): Promise<void>
}

export interface Ledger extends Jobs, DeadLetters, Outbox, Records, Notes, Searching, RetroScans, Keeping {}

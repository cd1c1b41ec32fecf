import type { Report } from '../report/index.ts'
import { ScanFailure } from '../scan/index.ts'
import type { ScanJob, ScanEvent } from '../scan/index.ts'
import { MAX_JOB_NAME } from './limits.ts'

/** Content in a form that can be sent twice: a job may have to be retried. */
export type JobContent = { readonly bytes: Uint8Array } | { readonly path: string; readonly followLinks?: boolean }

/**
 * `waiting` for a thread, `sent` to one, `cancelled`: its owner was told, but a thread may still be at it, `settled`.
 */
export type JobState = 'waiting' | 'sent' | 'cancelled' | 'settled'

/** One admitted submission inside the runtime. */
export class Job {
  readonly name: string
  readonly allMatches: boolean
  readonly identity: boolean
  readonly maxTimeMs: number
  readonly passwords: readonly string[] | undefined
  readonly onEvent: ((event: ScanEvent) => void) | undefined
  readonly admittedAtMs = Date.now()
  /** By performance.now(): when it was sent to its thread, and when its owner gave it up. */
  sentAtMs = 0
  cancelledAtMs = 0
  /** Engines or threads that ended while it was being scanned. */
  crashes = 0
  state: JobState = 'waiting'
  content: JobContent = { bytes: new Uint8Array(0) }
  readonly #onSettled: (job: Job, report: Report | undefined) => void
  readonly #resolve: (report: Report) => void
  readonly #reject: (error: unknown) => void
  readonly #signal: AbortSignal | undefined
  readonly #onAbort = (): void => this.#cancel()

  constructor(
    request: ScanJob,
    maxTimeMs: number,
    promise: { resolve: (report: Report) => void; reject: (error: unknown) => void },
    onSettled: (job: Job, report: Report | undefined) => void,
  ) {
    this.name = request.name.length <= MAX_JOB_NAME ? request.name : request.name.slice(0, MAX_JOB_NAME)
    this.allMatches = request.options.allMatches
    this.identity = request.options.identity ?? true
    this.passwords = request.options.passwords
    this.maxTimeMs = Math.max(1, Math.min(maxTimeMs, Math.ceil(request.options.maxTimeMs ?? maxTimeMs)))
    this.onEvent = request.onEvent
    this.#resolve = promise.resolve
    this.#reject = promise.reject
    this.#onSettled = onSettled
    this.#signal = request.signal
    request.signal?.addEventListener('abort', this.#onAbort, { once: true })
  }

  get path(): string | undefined {
    return 'path' in this.content ? this.content.path : undefined
  }

  /** Bytes to send with it; 0 for a path. */
  get sizeBytes(): number {
    return 'bytes' in this.content ? this.content.bytes.length : 0
  }

  /** True while somebody waits for its answer. */
  get wanted(): boolean {
    return this.state === 'waiting' || this.state === 'sent'
  }

  succeed(report: Report): void {
    if (!this.#settle(report)) return
    this.#resolve(report)
  }

  fail(error: unknown): void {
    if (!this.#settle(undefined)) return
    this.#reject(error)
  }

  /** Tells the owner of an event; what the owner throws is the owner's fault alone. */
  tell(event: ScanEvent): void {
    if (this.wanted) this.onEvent?.(event)
  }

  #cancel(): void {
    if (!this.wanted) return
    const wasSent = this.state === 'sent'
    this.fail(new ScanFailure('cancelled'))
    if (!wasSent) return
    this.state = 'cancelled'
    this.cancelledAtMs = performance.now()
  }

  #settle(report: Report | undefined): boolean {
    if (!this.wanted) return false
    this.state = 'settled'
    this.#signal?.removeEventListener('abort', this.#onAbort)
    this.#onSettled(this, report)
    return true
  }
}

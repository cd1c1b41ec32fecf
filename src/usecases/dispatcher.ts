import { ScanFailure } from '../scan/index.ts'
import type { Report } from '../report/index.ts'
import { UseCaseError } from './errors.ts'
import type { ScannerView } from './generation.ts'
import type { Hub } from './hub.ts'
import { keepIntake } from './keeping.ts'
import { isToKeep, scanOptions } from './options.ts'
import type { Runtime } from './parts.ts'
import type { Completed, LeasedJob } from './ports/ledger.ts'
import { updateOf } from './scanning.ts'
import { updateOfScan } from './waiting.ts'

// Takes jobs from the ledger to the scanner. This clock renews the leases: a thread that hangs in content loses nothing
// but its scan. A server that dies keeps its jobs until their leases run out; then another takes them.

/** Leases are renewed so often in their time, so that one failure loses none. */
const RENEWALS = 3
/** For jobs of other servers, and those that wait for their time. */
const LOOK_MS = 1000
const BACKOFF_MS = 1000
const MAX_BACKOFF_MS = 60_000
/** Jobs that were not yet begun when the scanner had no room. */
const BUSY_BACKOFF_MS = 200

interface Running {
  readonly job: LeasedJob
  readonly abort: AbortController
}

export class Dispatcher {
  readonly #runtime: Runtime
  readonly #view: ScannerView
  readonly #hub: Hub
  readonly #running = new Map<string, Running>()
  readonly #done = new Set<Promise<void>>()
  #timers: (() => void)[] = []
  #stopped = false
  #looking: Promise<void> | undefined
  #lookAgain = false

  constructor(runtime: Runtime, view: ScannerView, hub: Hub) {
    this.#runtime = runtime
    this.#view = view
    this.#hub = hub
  }

  start(): void {
    const { leaseMs } = this.#runtime.limits
    this.#every(LOOK_MS, () => this.look())
    this.#every(leaseMs / RENEWALS, () => this.#renew())
    this.#every(leaseMs / 2, () => this.#expire())
    // The leases of one that is gone need not run out first.
    this.#expire(this.#runtime.exclusive === true ? leaseMs : 0).catch((error: unknown) =>
      this.#runtime.log(`dispatcher: ${String(error)}`),
    )
    this.look()
  }

  /** Nothing new is taken; what runs is given back, to be scanned by whoever comes next. */
  async stop(): Promise<void> {
    this.#stopped = true
    for (const cancel of this.#timers) cancel()
    await this.#looking
    for (const { abort } of this.#running.values()) abort.abort()
    await Promise.all(this.#done)
  }

  /** Looks for jobs, now. */
  look(): void {
    this.#lookAgain = true
    this.#looking ??= this.#lookWhileAsked()
  }

  get running(): number {
    return this.#running.size
  }

  /** A scan that was cancelled is not to go on, where nobody else waits for it. */
  async cancelled(id: string): Promise<void> {
    const running = this.#running.get(id)
    if (running === undefined) return
    const { ledger, clock, limits } = this.#runtime
    const lost = await ledger.renew([running.job], clock.now() + limits.leaseMs)
    if (lost.length > 0) running.abort.abort()
  }

  #every(delayMs: number, call: () => unknown): void {
    const { clock, log } = this.#runtime
    const index = this.#timers.length
    const again = (): void => {
      if (this.#stopped) return
      this.#timers[index] = clock.after(delayMs, () => {
        Promise.resolve()
          .then(call)
          .catch((error: unknown) => log(`dispatcher: ${String(error)}`))
          .finally(again)
      })
    }
    this.#timers.push(() => {})
    again()
  }

  async #lookWhileAsked(): Promise<void> {
    // The caller has its promise before the first look begins.
    await Promise.resolve()
    try {
      while (this.#lookAgain && !this.#stopped) {
        this.#lookAgain = false
        const limit = this.#runtime.limits.maxRunning - this.#running.size
        if (limit <= 0) break
        const { ledger, clock, worker, limits } = this.#runtime
        const jobs = await ledger.lease({ worker, nowMs: clock.now(), leaseMs: limits.leaseMs, limit })
        for (const job of jobs) this.#begin(job)
        if (jobs.length === limit) break
      }
    } catch (error) {
      this.#runtime.log(`dispatcher: ${String(error)}`)
    } finally {
      this.#looking = undefined
    }
  }

  #begin(job: LeasedJob): void {
    const abort = new AbortController()
    this.#running.set(job.scan, { job, abort })
    this.#hub.tell(job.scan, { event: 'running', scan: job.record })
    const done = this.#process(job, abort.signal)
      .catch((error: unknown) => this.#runtime.log(`dispatcher: ${job.scan}: ${String(error)}`))
      .finally(() => {
        this.#running.delete(job.scan)
        this.#done.delete(done)
        this.look()
      })
    this.#done.add(done)
  }

  async #process(job: LeasedJob, signal: AbortSignal): Promise<void> {
    const startedAtMs = this.#runtime.clock.now()
    let report: Report
    try {
      await this.#view.generation()
      report = await this.#scan(job, signal)
    } catch (error) {
      await this.#failed(job, error)
      return
    }
    this.#view.learn(report)
    const keep = isToKeep(job.record.options.keep, report.verdict)
    const { content, record } = job
    const { ledger, vault, clock } = this.#runtime
    if (keep && content.room === 'intake') await keepIntake(this.#runtime, content.intake, record.sha256)
    const done = await ledger.complete(job, { state: 'finished', report, startedAtMs, finishedAtMs: clock.now() })
    if (done !== undefined && !keep && content.room === 'intake') await vault.discard(content.intake)
    this.#tell(done)
  }

  async #scan({ record, passwords, content, scan }: LeasedJob, signal: AbortSignal): Promise<Report> {
    const stream = await this.#open(content, record.sha256)
    return this.#runtime.scanner.scan({
      name: record.name,
      content: { stream, sizeHint: record.sizeBytes },
      options: scanOptions(record.options, passwords),
      signal,
      onEvent: event => this.#hub.tell(scan, updateOf(event)),
    })
  }

  /** What a server that died had moved to the store already is looked for there. */
  async #open(content: LeasedJob['content'], sha256: string): Promise<AsyncIterable<Uint8Array>> {
    const { vault } = this.#runtime
    if (content.room === 'intake') {
      try {
        return await vault.openIntake(content.intake)
      } catch (error) {
        if (!(error instanceof UseCaseError) || error.code !== 'content-not-kept' || !(await vault.has(sha256)))
          throw error
      }
    }
    return (await vault.open(sha256)).stream
  }

  async #failed(job: LeasedJob, error: unknown): Promise<void> {
    const { ledger, clock, limits, log } = this.#runtime
    const code = error instanceof ScanFailure || error instanceof UseCaseError ? error.code : 'internal'
    const message = error instanceof Error ? error.message : String(error)
    const now = clock.now()
    const problem = { code, message }
    if (code === 'cancelled' && !this.#stopped) return
    if (code === 'busy' || code === 'shutting-down' || code === 'cancelled') {
      const retryAfterMs = error instanceof ScanFailure ? (error.retryAfterMs ?? BUSY_BACKOFF_MS) : 0
      await ledger.putBack(job, { atMs: now + (code === 'busy' ? retryAfterMs : 0), counts: false })
      return
    }
    if (
      code === 'stream-too-large' ||
      code === 'no-worker' ||
      code === 'content-not-kept' ||
      job.attempt >= limits.maxAttempts
    ) {
      log(`scan ${job.scan} given up after ${job.attempt} attempts: ${message}`)
      this.#tell(await ledger.bury(job, problem, now))
      return
    }
    const delayMs = Math.min(MAX_BACKOFF_MS, BACKOFF_MS * 2 ** (job.attempt - 1))
    await ledger.putBack(job, { atMs: now + delayMs, problem, counts: true })
  }

  #tell(done: Completed | undefined): void {
    for (const scan of done?.ended ?? []) this.#hub.tell(scan.id, updateOfScan(scan))
  }

  async #renew(): Promise<void> {
    const held = [...this.#running.values()].map(({ job }) => job)
    if (held.length === 0) return
    const { ledger, clock, limits } = this.#runtime
    for (const id of await ledger.renew(held, clock.now() + limits.leaseMs)) this.#running.get(id)?.abort.abort()
  }

  /** @param aheadMs - leases that run out within that time have run out */
  async #expire(aheadMs = 0): Promise<void> {
    const { ledger, clock, limits } = this.#runtime
    const { back, buried } = await ledger.expire(clock.now() + aheadMs, limits.maxAttempts)
    for (const scan of buried) this.#hub.tell(scan.id, updateOfScan(scan))
    if (back > 0) this.look()
  }
}

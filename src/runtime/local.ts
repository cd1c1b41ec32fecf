import type { Report } from '../report/index.ts'
import { ScanFailure } from '../scan/index.ts'
import type { ReloadOutcome, ScanJob, Scanner, ScannerStatus } from '../scan/index.ts'
import { activeJob, Counters } from './counters.ts'
import type { EngineParts, LoadedDatabase } from './engine-parts.ts'
import { imageParts } from './image.ts'
import { Job } from './job.ts'
import { createEngineUnpacker, NeedsSandbox } from './engine-unpacker.ts'
import { JobQueue } from './job-queue.ts'
import { MAX_CONTENT_BYTES } from './limits.ts'
import type { RuntimeLimits } from './limits.ts'
import { LocalWorker, orderOf } from './local-worker.ts'
import { scanOrder } from './local-thread.ts'
import type { ScanBench } from './scan-content.ts'
import { createSandboxLink } from './sandbox/channel.ts'
import { SandboxPool } from './sandbox/pool.ts'
import { siblingModule } from './modules.ts'
import { Spool } from './spool.ts'
import { ENGINE_VERSION, tooLargeReport, unscannableReport } from './unscannable.ts'

// The scanner of one run of a command line, without a server: the first files are scanned on the thread that is there
// anyway, so that the first verdict costs no process and no thread; threads are started only when there is much to do.
// Nothing supervises it: content that ends the whole process ends the run.

/** Threads are worth their start when this many jobs still wait after this much scanning on this thread. */
const MANY_JOBS = 4
const PATIENCE_MS = 40

export interface LocalScannerOptions {
  readonly imagePath: string
  /** Threads to use when many files wait; 1: never start any. */
  readonly threads: number
  readonly limits: RuntimeLimits
  /** Folder for long streams, for example from standard input; removed by close(). */
  readonly spoolFolder: string
  /** Only for tests: another engine. */
  readonly engine?: { readonly parts: EngineParts; readonly workerUrl: URL }
}

const production = {
  parts: imageParts,
  workerUrl: siblingModule(import.meta.url, { source: 'engine-worker', bundle: 'engine-worker' }),
}

class LocalScanner implements Scanner {
  readonly #limits: RuntimeLimits
  readonly #loaded: LoadedDatabase
  readonly #bench: ScanBench
  readonly #threads: number
  readonly #workerUrl: URL
  readonly #spool: Spool
  readonly #queue = new JobQueue()
  readonly #active = new Set<Job>()
  readonly #releases = new Map<Job, () => void>()
  readonly #counters = new Counters()
  /** Asked for and not yet sent to a thread. */
  #waiting = 0
  #workers: LocalWorker[] = []
  /** Started with the first thread: only threads can wait for it. */
  #sandboxes: SandboxPool | undefined
  /** Something has to be taken apart in a sandbox: this thread leaves everything to the others. */
  #retired = false
  /** Time this thread has spent on scans. */
  #scannedMs = 0
  #turning = false
  #closing = false
  #onIdle: (() => void) | undefined

  constructor(options: LocalScannerOptions) {
    const { parts, workerUrl } = options.engine ?? production
    this.#threads = options.threads
    this.#workerUrl = workerUrl
    const maxFileSizeBytes = Math.min(options.limits.maxFileSizeBytes, MAX_CONTENT_BYTES)
    this.#limits = { ...options.limits, maxFileSizeBytes }
    this.#spool = new Spool(options.spoolFolder, this.#limits)
    this.#loaded = parts.load(options.imagePath, options.threads + 1)
    const { info: database, shared } = this.#loaded
    const host = { unpacker: createEngineUnpacker(undefined), tree: this.#limits.tree }
    this.#bench = { thread: parts.createThread(shared, 0, host), database, maxFileSizeBytes }
  }

  async scan(request: ScanJob): Promise<Report> {
    if (this.#closing) throw new ScanFailure('shutting-down')
    if (request.signal?.aborted === true) throw new ScanFailure('cancelled')
    const promise = Promise.withResolvers<Report>()
    const job = new Job(request, this.#limits.maxTimeMs, promise, (settled, report) => this.#settled(settled, report))
    this.#active.add(job)
    this.#waiting++
    if ('stream' in request.content) void this.#collect(job, request.content.stream, request.signal)
    else this.#admit(job, request.content)
    return promise.promise
  }

  status(): Promise<ScannerStatus> {
    const { database, signatures, builtAtMs } = this.#loaded.info
    const threads = Math.max(1, this.#workers.filter(worker => worker.isReady).length)
    return Promise.resolve({
      version: ENGINE_VERSION,
      database,
      signatures,
      databaseBuiltAtMs: builtAtMs,
      threads: { live: threads, idle: 0, max: this.#threads },
      queued: this.#waiting,
      active: [...this.#active].filter(job => job.state === 'sent').map(activeJob),
      scans: this.#counters.scans,
      bytes: this.#counters.bytes,
      verdicts: { ...this.#counters.verdicts },
      engineRestarts: this.#counters.engineRestarts,
      uptimeSeconds: this.#counters.uptimeSeconds,
      residentBytes: process.memoryUsage.rss(),
    })
  }

  /** The database of a run stays what it was. */
  reload(): Promise<ReloadOutcome> {
    const { database, signatures } = this.#loaded.info
    return Promise.resolve({ changed: false, database, signatures, skipped: 0, elapsedMs: 0 })
  }

  async close(): Promise<void> {
    this.#closing = true
    if (this.#active.size > 0) {
      await new Promise<void>(resolve => {
        this.#onIdle = resolve
      })
    }
    const workers = this.#workers
    this.#workers = []
    await Promise.all(workers.map(worker => worker.terminate()))
    await this.#sandboxes?.close()
    await this.#spool.close()
  }

  async #collect(job: Job, stream: AsyncIterable<Uint8Array>, signal: AbortSignal | undefined): Promise<void> {
    try {
      const collected = await this.#spool.collect(stream, signal)
      if (collected.kind === 'too-large') return this.#tooLarge(job, collected.sizeBytes)
      this.#releases.set(job, collected.release)
      if (job.wanted) this.#admit(job, collected.content)
      else this.#release(job)
    } catch (error) {
      job.fail(error)
    }
  }

  #admit(job: Job, content: Job['content']): void {
    job.content = content
    if (job.sizeBytes > this.#limits.maxFileSizeBytes) return this.#tooLarge(job, job.sizeBytes)
    this.#queue.push(job)
    this.#turn()
  }

  /** Hands out waiting jobs: to the threads where there are any, else one to this thread at each turn of the loop. */
  #turn(): void {
    const many = this.#waiting >= MANY_JOBS && this.#scannedMs > PATIENCE_MS
    if (many && this.#threads > 1) this.#startWorkers(this.#threads)
    else if (this.#retired) this.#startWorkers(Math.min(this.#threads, this.#waiting))
    if (this.#retired || this.#workers.some(worker => worker.isReady)) return this.#handOut()
    if (this.#turning) return
    this.#turning = true
    setImmediate(() => {
      this.#turning = false
      if (this.#retired || this.#workers.some(worker => worker.isReady)) return this.#handOut()
      let taken: Job | undefined
      this.#queue.handOut(job => {
        if (taken !== undefined) return false
        taken = job
        return true
      })
      if (taken === undefined) return
      this.#scanHere(taken)
      this.#turn()
    })
  }

  #handOut(): void {
    this.#queue.handOut(job => {
      const worker = this.#workers.find(candidate => candidate.hasRoom)
      if (worker === undefined) return false
      this.#waiting--
      worker.send(job)
      return true
    })
  }

  #scanHere(job: Job): void {
    this.#waiting--
    job.state = 'sent'
    job.sentAtMs = performance.now()
    try {
      job.succeed(scanOrder(this.#bench, orderOf(0, job), detection => job.tell({ event: 'detection', detection })))
    } catch (error) {
      if (error instanceof NeedsSandbox) this.#passOn(job)
      else if (error instanceof ScanFailure) job.fail(error)
      else this.#answerCrashed(job)
    }
    this.#scannedMs += performance.now() - job.sentAtMs
  }

  /** Gives a job to a thread, which can wait for a sandbox. */
  #passOn(job: Job): void {
    this.#retired = true
    job.state = 'waiting'
    job.sentAtMs = 0
    this.#waiting++
    this.#queue.putBack([job])
  }

  #startWorkers(count: number): void {
    for (let index = this.#workers.length + 1; index <= count; index++) this.#startWorker(index)
  }

  #startWorker(index: number): void {
    const { database, maxFileSizeBytes } = this.#bench
    this.#sandboxes ??= new SandboxPool({ size: this.#threads, ahead: 1 })
    const sandbox = createSandboxLink(this.#sandboxes)
    const { shared } = this.#loaded
    const data = { shared, database, index, maxFileSizeBytes, tree: this.#limits.tree, sandbox }
    const worker: LocalWorker = new LocalWorker(
      this.#workerUrl,
      data,
      () => this.#handOut(),
      jobs => {
        if (!this.#workers.includes(worker)) return
        this.#workers = this.#workers.filter(other => other !== worker)
        this.#counters.engineRestarts++
        this.#startWorker(index)
        this.#retry(jobs)
      },
    )
    this.#workers.push(worker)
  }

  /** The first job was being scanned when its thread ended, the others waited behind it. */
  #retry(jobs: readonly Job[]): void {
    for (const [place, job] of jobs.entries()) {
      if (!job.wanted) continue
      if (place === 0 && ++job.crashes > 1) {
        this.#answerCrashed(job)
        continue
      }
      job.state = 'waiting'
      job.sentAtMs = 0
      this.#waiting++
      this.#queue.push(job)
    }
    this.#handOut()
  }

  #settled(job: Job, report: Report | undefined): void {
    this.#active.delete(job)
    if (job.sentAtMs === 0) this.#waiting--
    if (report !== undefined) this.#counters.count(report)
    this.#release(job)
    if (this.#active.size === 0) this.#onIdle?.()
  }

  #release(job: Job): void {
    this.#releases.get(job)?.()
    this.#releases.delete(job)
  }

  #tooLarge(job: Job, sizeBytes: number): void {
    const { name, admittedAtMs: startedAtMs } = job
    const limitBytes = this.#limits.maxFileSizeBytes
    job.succeed(tooLargeReport(this.#loaded.info, { name, sizeBytes, startedAtMs, limitBytes }))
  }

  #answerCrashed(job: Job): void {
    job.succeed(
      unscannableReport(this.#loaded.info, {
        name: job.name,
        reason: 'crashed',
        detail: 'Scanning this content ended a thread',
        sizeBytes: job.sizeBytes,
        startedAtMs: job.admittedAtMs,
      }),
    )
  }
}

/**
 * Makes a scanner in this process. Cost: reading the hot part of the image; no process, no thread.
 * @throws Error that says why the image cannot be used
 */
export const createLocalScanner = (options: LocalScannerOptions): Scanner => new LocalScanner(options)

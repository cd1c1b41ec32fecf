import type { Report } from '../report/index.ts'
import { ScanFailure } from '../scan/index.ts'
import type { ReloadOutcome, ScanJob, Scanner, ScannerStatus } from '../scan/index.ts'
import { activeJob, Counters } from './counters.ts'
import { CrashMemory, hashContent, sizeOf } from './crash-memory.ts'
import { EnginePool } from './engine-pool.ts'
import { Job } from './job.ts'
import type { SandboxLayer } from './sandbox/layers.ts'
import { missingLayers } from './missing-layers.ts'
import { JobQueue } from './job-queue.ts'
import { MAX_CONTENT_BYTES } from './limits.ts'
import type { RuntimeLimits } from './limits.ts'
import { Quarantine } from './quarantine.ts'
import { Spool } from './spool.ts'
import { ENGINE_VERSION, tooLargeReport, unscannableReport } from './unscannable.ts'

// The scanner of a server: admission and queue here, scanning in an engine process that may die at any time.
//
//   scan() ── admission ── spool (streams) ── queue ── thread of the engine ── report
//                                               ▲            │ the thread or the engine ended
//                                               │            ▼
//                        first-time innocents ──┘        quarantine ── report, or `unscannable: crashed`

/** Where an engine finds its database. */
export interface PreparedImage {
  readonly path: string
  /** Lines of the sources that were left out. */
  readonly skipped: number
}

export interface SupervisorOptions {
  /** Module of the engine's main thread, as a path. */
  readonly enginePath: string
  readonly threads: number
  readonly limits: RuntimeLimits
  /** Folder for long streams; it belongs to the supervisor alone. */
  readonly spoolFolder: string
  /** Brings the image up to date; called at the start and for every reload. What it throws is why that failed. */
  readonly prepareImage: () => Promise<PreparedImage>
  /** One line for the log. */
  readonly log: (line: string) => void
}

const WATCH_MS = 100
const PING_EVERY = 20
/** Told with `busy`: when another try makes sense. */
const RETRY_AFTER_MS = 1000

export class EngineSupervisor implements Scanner {
  readonly #options: SupervisorOptions
  readonly #limits: RuntimeLimits
  readonly #spool: Spool
  readonly #quarantine: Quarantine
  readonly #crashes = new CrashMemory()
  readonly #counters = new Counters()
  readonly #queue = new JobQueue()
  /** Admitted and not settled. */
  readonly #active = new Set<Job>()
  /** Admitted and not yet sent to a thread. */
  #waiting = 0
  /** What frees the spooled content of jobs. */
  readonly #releases = new Map<Job, () => void>()
  readonly #pool: EnginePool
  #reloading: Promise<ReloadOutcome> | undefined
  #nextReload: Promise<ReloadOutcome> | undefined
  #closing: Promise<void> | undefined
  #watches = 0
  /** What was last said of missing walls. */
  #warning = ''
  #watcher: NodeJS.Timeout | undefined
  #onSettled: (() => void) | undefined

  private constructor(options: SupervisorOptions) {
    const maxFileSizeBytes = Math.min(options.limits.maxFileSizeBytes, MAX_CONTENT_BYTES)
    this.#limits = { ...options.limits, maxFileSizeBytes }
    this.#options = options
    const launch = { enginePath: options.enginePath, threads: options.threads, limits: this.#limits }
    this.#pool = new EnginePool(launch, {
      room: () => this.#pump(),
      layers: (layers, message) => this.#warnOf(layers, message),
      interrupted: (suspects, innocent) => this.#interrupted(suspects, innocent),
      lost: message => this.#lost(message),
    })
    this.#spool = new Spool(options.spoolFolder, this.#limits)
    this.#quarantine = new Quarantine(launch, {
      imagePath: () => this.#pool.imagePath,
      guilty: job => void this.#convict(job),
      helpless: (job, error) => void this.#answerHelpless(job, error),
      ended: message => this.#lost(message),
    })
  }

  /**
   * Starts the engine; resolves when it can scan.
   * @throws Error that says why the database could not be prepared or loaded
   */
  static async start(options: SupervisorOptions): Promise<EngineSupervisor> {
    const supervisor = new EngineSupervisor(options)
    const image = await options.prepareImage()
    await supervisor.#pool.use(image.path)
    supervisor.#watcher = setInterval(() => supervisor.#watch(), WATCH_MS)
    supervisor.#watcher.unref()
    return supervisor
  }

  /** Process id of the engine, for logs and tests. */
  get enginePid(): number | undefined {
    return this.#pool.current?.pid
  }

  scan(request: ScanJob): Promise<Report> {
    const refusal = this.#refusal(request)
    if (refusal !== undefined) return Promise.reject(refusal)
    const promise = Promise.withResolvers<Report>()
    const job = new Job(request, this.#limits.maxTimeMs, promise, (settled, report) => this.#settled(settled, report))
    this.#active.add(job)
    this.#waiting++
    const { content } = request
    if ('stream' in content) void this.#collect(job, content.stream, request.signal)
    else this.#admit(job, content)
    return promise.promise
  }

  #refusal(request: ScanJob): ScanFailure | undefined {
    if (this.#closing !== undefined) return new ScanFailure('shutting-down')
    if (request.signal?.aborted === true) return new ScanFailure('cancelled')
    if (this.#waiting >= this.#limits.maxQueue) return new ScanFailure('busy', undefined, RETRY_AFTER_MS)
    return undefined
  }

  async status(): Promise<ScannerStatus> {
    const { database } = this.#pool
    const engineBytes = this.#pool.residentBytes + this.#quarantine.residentBytes
    const links = this.#pool.current?.links ?? []
    return {
      version: ENGINE_VERSION,
      database: database.database,
      signatures: database.signatures,
      databaseBuiltAtMs: database.builtAtMs,
      threads: {
        live: links.filter(link => link.isReady).length,
        idle: links.filter(link => link.isIdle).length,
        max: this.#options.threads,
      },
      queued: this.#waiting,
      active: [...this.#active].filter(job => job.state === 'sent').map(activeJob),
      scans: this.#counters.scans,
      bytes: this.#counters.bytes,
      verdicts: { ...this.#counters.verdicts },
      engineRestarts: this.#counters.engineRestarts,
      uptimeSeconds: this.#counters.uptimeSeconds,
      residentBytes: process.memoryUsage.rss() + engineBytes,
    }
  }

  reload(): Promise<ReloadOutcome> {
    if (this.#closing !== undefined) return Promise.reject(new ScanFailure('shutting-down'))
    if (this.#reloading === undefined) {
      this.#reloading = this.#reload().finally(() => {
        this.#reloading = undefined
      })
      return this.#reloading
    }
    // Whoever asks while one is under way may have changed the sources since it began: one more follows, for all.
    this.#nextReload ??= this.#reloading
      .catch(() => {})
      .then(() => {
        this.#nextReload = undefined
        return this.reload()
      })
    return this.#nextReload
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #collect(job: Job, stream: AsyncIterable<Uint8Array>, signal: AbortSignal | undefined): Promise<void> {
    try {
      const collected = await this.#spool.collect(stream, signal)
      if (collected.kind === 'too-large') return this.#tooLarge(job, collected.sizeBytes)
      this.#releases.set(job, collected.release)
      if (!job.wanted) return this.#release(job)
      this.#admit(job, collected.content)
    } catch (error) {
      job.fail(error)
    }
  }

  #admit(job: Job, content: Job['content']): void {
    job.content = content
    if (job.sizeBytes > this.#limits.maxFileSizeBytes) return this.#tooLarge(job, job.sizeBytes)
    if (this.#crashes.size > 0) void this.#admitUnlessKnown(job)
    else this.#enqueue(job)
  }

  async #admitUnlessKnown(job: Job): Promise<void> {
    const sha256 = await this.#crashes.find(job.content)
    if (sha256 === undefined) this.#enqueue(job)
    else this.#answerCrashed(job, (await sizeOf(job.content)) ?? 0, sha256)
  }

  #enqueue(job: Job): void {
    if (!job.wanted) return
    job.state = 'waiting'
    this.#queue.push(job)
    this.#pump()
  }

  #pump(): void {
    const engine = this.#pool.current
    if (engine === undefined) return
    this.#queue.handOut(job => {
      const link = engine.linkFor(job)
      if (link === undefined) return false
      this.#waiting--
      link.send(job)
      return true
    })
  }

  #settled(job: Job, report: Report | undefined): void {
    this.#active.delete(job)
    if (job.sentAtMs === 0) this.#waiting--
    if (report !== undefined) this.#counters.count(report)
    this.#release(job)
    this.#onSettled?.()
  }

  #release(job: Job): void {
    const release = this.#releases.get(job)
    if (release === undefined) return
    this.#releases.delete(job)
    release()
  }

  #tooLarge(job: Job, sizeBytes: number): void {
    const { name, admittedAtMs } = job
    const limitBytes = this.#limits.maxFileSizeBytes
    job.succeed(tooLargeReport(this.#pool.database, { name, sizeBytes, startedAtMs: admittedAtMs, limitBytes }))
  }

  #answerCrashed(job: Job, sizeBytes: number, sha256: string | undefined): void {
    const { name, admittedAtMs } = job
    job.succeed(
      unscannableReport(this.#pool.database, {
        name,
        reason: 'crashed',
        detail: 'Scanning this content ended an engine twice; it is not tried again with this engine and database',
        sizeBytes,
        startedAtMs: admittedAtMs,
        ...(sha256 === undefined ? {} : { sha256 }),
      }),
    )
  }

  /** A job ended the quarantine's engine too. */
  async #convict(job: Job): Promise<void> {
    const sha256 = await hashContent(job.content)
    const sizeBytes = (await sizeOf(job.content)) ?? 0
    if (sha256 !== undefined) this.#crashes.remember(sha256, sizeBytes)
    this.#options.log(`engine: content ${sha256 ?? '(no longer readable)'} ended an engine twice`)
    this.#answerCrashed(job, sizeBytes, sha256)
  }

  /** A job ended an engine, and no other could be started to try it again: whether it is guilty is not known. */
  async #answerHelpless(job: Job, error: Error): Promise<void> {
    const { name, admittedAtMs } = job
    const sizeBytes = (await sizeOf(job.content)) ?? 0
    const detail = `Scanning this content ended an engine, and no other could be started: ${error.message}`
    const unseen = { name, reason: 'crashed', detail, sizeBytes, startedAtMs: admittedAtMs } as const
    job.succeed(unscannableReport(this.#pool.database, unseen))
  }

  #interrupted(suspects: readonly Job[], innocent: readonly Job[]): void {
    this.#requeue(innocent)
    for (const job of suspects) {
      if (!job.wanted) continue
      job.crashes++
      this.#quarantine.add(job)
    }
    this.#pump()
  }

  /** Puts jobs that were never begun back to the front of the queue. */
  #requeue(jobs: readonly Job[]): void {
    const wanted = jobs.filter(job => job.wanted)
    for (const job of wanted) {
      job.state = 'waiting'
      job.sentAtMs = 0
      this.#waiting++
    }
    this.#queue.putBack(wanted)
  }

  #lost(message: string): void {
    if (this.#closing !== undefined) return
    this.#counters.engineRestarts++
    this.#options.log(`engine: ${message}`)
  }

  /** One line for each wall that is missing around the sandboxes; said once, and again when it changes. */
  #warnOf(layers: readonly SandboxLayer[], message: string): void {
    const lines = missingLayers(layers, message)
    if (lines.join('\n') === this.#warning) return
    this.#warning = lines.join('\n')
    for (const line of lines) this.#options.log(line)
  }

  async #reload(): Promise<ReloadOutcome> {
    const startedAtMs = performance.now()
    const before = this.#pool.database.database
    const image = await this.#options.prepareImage()
    await this.#pool.use(image.path)
    const { database, signatures } = this.#pool.database
    if (database !== before) this.#crashes.clear()
    const elapsedMs = performance.now() - startedAtMs
    return { changed: database !== before, database, signatures, skipped: image.skipped, elapsedMs }
  }

  #watch(): void {
    this.#watches++
    const ping = this.#watches % PING_EVERY === 0
    this.#pool.watch(ping)
    this.#quarantine.watch()
    if (ping) this.#quarantine.ping()
  }

  async #close(): Promise<void> {
    await this.#reloading?.catch(() => {})
    await this.#drained()
    clearInterval(this.#watcher)
    for (const job of this.#active) job.fail(new ScanFailure('shutting-down'))
    await Promise.all([this.#quarantine.close(), this.#pool.close()])
    await this.#spool.close()
  }

  /** Resolves when no job is in hand, or when the time for that is over. */
  async #drained(): Promise<void> {
    if (this.#active.size === 0) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, this.#limits.drainMs)
    this.#onSettled = () => {
      if (this.#active.size === 0) resolve()
    }
    await promise
    clearTimeout(timer)
  }
}

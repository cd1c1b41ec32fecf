import type { Report } from '../report/index.ts'
import { ScanFailure } from '../scan/index.ts'
import type { ReloadOutcome, ScanJob, Scanner, ScannerStatus } from '../scan/index.ts'
import { activeJob, Counters } from './counters.ts'
import { CrashMemory, hashContent, sizeOf } from './crash-memory.ts'
import type { DatabaseInfo } from './engine-parts.ts'
import { EngineProcess } from './engine-process.ts'
import type { EngineLaunch, EngineOwner } from './engine-process.ts'
import { Job } from './job.ts'
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
const FIRST_RESTART_DELAY_MS = 20
const MAX_RESTART_DELAY_MS = 5000

export class EngineSupervisor implements Scanner {
  readonly #options: SupervisorOptions
  readonly #limits: RuntimeLimits
  readonly #launch: EngineLaunch
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
  #engine: EngineProcess | undefined
  /** What the engine in use, or the last one, serves. */
  #lastDatabase: DatabaseInfo = { database: '', signatures: 0, builtAtMs: 0 }
  readonly #draining = new Set<EngineProcess>()
  /** Every engine whose process lives, also those that are starting. */
  readonly #engines = new Set<EngineProcess>()
  #image: PreparedImage = { path: '', skipped: 0 }
  #reloading: Promise<ReloadOutcome> | undefined
  #nextReload: Promise<ReloadOutcome> | undefined
  #closing: Promise<void> | undefined
  #restarting = false
  #watches = 0
  #watcher: NodeJS.Timeout | undefined
  #onSettled: (() => void) | undefined

  private constructor(options: SupervisorOptions) {
    const maxFileSizeBytes = Math.min(options.limits.maxFileSizeBytes, MAX_CONTENT_BYTES)
    this.#limits = { ...options.limits, maxFileSizeBytes }
    this.#options = options
    this.#launch = { enginePath: options.enginePath, threads: options.threads, limits: this.#limits }
    this.#spool = new Spool(options.spoolFolder, this.#limits)
    this.#quarantine = new Quarantine(this.#launch, {
      imagePath: () => this.#image.path,
      guilty: job => void this.#convict(job),
      failed: (job, error) => job.fail(new ScanFailure('internal', error.message)),
      ended: message => this.#engineEnded(message),
    })
  }

  /**
   * Starts the engine; resolves when it can scan.
   * @throws Error that says why the database could not be prepared or loaded
   */
  static async start(options: SupervisorOptions): Promise<EngineSupervisor> {
    const supervisor = new EngineSupervisor(options)
    supervisor.#image = await options.prepareImage()
    supervisor.#engine = await supervisor.#startEngine(supervisor.#image.path)
    supervisor.#watcher = setInterval(() => supervisor.#watch(), WATCH_MS)
    supervisor.#watcher.unref()
    return supervisor
  }

  /** Process id of the engine, for logs and tests. */
  get enginePid(): number | undefined {
    return this.#engine?.pid
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
    const database = this.#database
    const engineBytes = [...this.#engines].reduce(
      (sum, engine) => sum + engine.residentBytes,
      this.#quarantine.residentBytes,
    )
    const links = this.#engine?.links ?? []
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

  get #database(): DatabaseInfo {
    if (this.#engine !== undefined) this.#lastDatabase = this.#engine.database
    return this.#lastDatabase
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
    const engine = this.#engine
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
    job.succeed(tooLargeReport(this.#database, { name, sizeBytes, startedAtMs: admittedAtMs, limitBytes }))
  }

  #answerCrashed(job: Job, sizeBytes: number, sha256: string | undefined): void {
    const { name, admittedAtMs } = job
    job.succeed(
      unscannableReport(this.#database, {
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

  readonly #engineOwner: EngineOwner = {
    freed: engine => {
      if (this.#draining.has(engine)) this.#endDrained(engine)
      else this.#pump()
    },
    threadEnded: (engine, suspect, innocent) => {
      this.#counters.engineRestarts++
      this.#requeue(innocent)
      if (suspect !== undefined) this.#suspect(suspect)
      if (this.#draining.has(engine)) this.#endDrained(engine)
    },
    ended: (engine, suspects, innocent, message) => {
      this.#engines.delete(engine)
      this.#requeue(innocent)
      for (const job of suspects) this.#suspect(job)
      if (this.#draining.delete(engine)) return
      if (this.#engine !== engine) return
      this.#lastDatabase = engine.database
      this.#engine = undefined
      this.#engineEnded(message)
      void this.#restart()
    },
  }

  #suspect(job: Job): void {
    if (!job.wanted) return
    job.crashes++
    this.#quarantine.add(job)
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

  #engineEnded(message: string): void {
    if (this.#closing !== undefined) return
    this.#counters.engineRestarts++
    this.#options.log(`engine: ${message}`)
  }

  async #startEngine(imagePath: string): Promise<EngineProcess> {
    const engine = new EngineProcess(this.#launch, imagePath, this.#engineOwner)
    this.#engines.add(engine)
    await engine.ready
    return engine
  }

  /** Starts another engine in place of one that ended, again and again with longer pauses. */
  async #restart(): Promise<void> {
    if (this.#restarting) return
    this.#restarting = true
    for (let delayMs = 0; this.#engine === undefined && this.#closing === undefined;) {
      try {
        const engine = await this.#startEngine(this.#image.path)
        if (this.#engine === undefined && this.#closing === undefined) this.#engine = engine
        else await engine.kill('not needed')
      } catch (error) {
        if (this.#closing !== undefined) break
        this.#options.log(`engine: could not be restarted: ${(error as Error).message}`)
        delayMs = Math.min(MAX_RESTART_DELAY_MS, Math.max(FIRST_RESTART_DELAY_MS, delayMs * 2))
        await new Promise(resolve => setTimeout(resolve, delayMs).unref())
      }
    }
    this.#restarting = false
    this.#pump()
  }

  async #reload(): Promise<ReloadOutcome> {
    const startedAtMs = performance.now()
    const before = this.#database.database
    const image = await this.#options.prepareImage()
    const engine = await this.#startEngine(image.path)
    if (this.#closing !== undefined) {
      await engine.kill('the server closes')
      throw new ScanFailure('shutting-down')
    }
    const old = this.#engine
    this.#engine = engine
    this.#image = image
    const { database, signatures } = engine.database
    if (database !== before) this.#crashes.clear()
    if (old !== undefined) {
      this.#draining.add(old)
      this.#endDrained(old)
    }
    this.#pump()
    const elapsedMs = performance.now() - startedAtMs
    return { changed: database !== before, database, signatures, skipped: image.skipped, elapsedMs }
  }

  #endDrained(engine: EngineProcess): void {
    if (!engine.isIdle) return
    this.#draining.delete(engine)
    void engine.kill('replaced')
  }

  #watch(): void {
    this.#watches++
    const ping = this.#watches % PING_EVERY === 0
    for (const engine of [this.#engine, ...this.#draining, this.#quarantine]) {
      engine?.watch()
      if (ping) engine?.ping()
    }
  }

  async #close(): Promise<void> {
    await this.#reloading?.catch(() => {})
    await this.#drained()
    clearInterval(this.#watcher)
    for (const job of this.#active) job.fail(new ScanFailure('shutting-down'))
    const engines = [...this.#engines].map(engine => engine.kill('the server closes'))
    await Promise.all([this.#quarantine.close(), ...engines])
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

import { EngineProcess } from './engine-process.ts'
import type { EngineLaunch, EngineOwner } from './engine-process.ts'
import type { Job } from './job.ts'

// Where jobs are retried that were being scanned when an engine or a thread ended: one at a time, in an engine with one
// thread that scans nothing else. What ends this engine too is guilty beyond doubt, the innocent lose nothing but time,
// and the engine of everybody else is not ended a second time. The engine exists only while it is needed.

/** How long an idle engine is kept for the next suspect. */
const IDLE_MS = 5000
/**
 * How often an engine is started for one suspect, with longer and longer pauses: what ends engines while they load is
 * not the content, and mostly passes. All pauses together are more than a second.
 */
const MAX_STARTS = 7
const FIRST_PAUSE_MS = 20

export interface QuarantineOwner {
  /** The image to load now. */
  imagePath(): string
  /** A suspect ended its engine again. */
  guilty(job: Job): void
  /** No engine could be started for this job. */
  helpless(job: Job, error: Error): void
  /** An engine ended. */
  ended(message: string): void
}

export class Quarantine {
  readonly #launch: EngineLaunch
  readonly #owner: QuarantineOwner
  readonly #suspects: Job[] = []
  /** The engine in use, once it is ready, and the one that is starting. */
  #engine: EngineProcess | undefined
  #starting: EngineProcess | undefined
  #closed = false
  #running = false
  #idle: NodeJS.Timeout | undefined
  /** Ends the pause before the next start. */
  #wake: () => void = () => {}
  /** Ends the wait for the suspect in hand. */
  #release: () => void = () => {}

  constructor(launch: EngineLaunch, owner: QuarantineOwner) {
    this.#launch = { ...launch, threads: 1 }
    this.#owner = owner
  }

  /** Jobs that wait here or are being scanned. */
  get size(): number {
    return this.#suspects.length + (this.#running ? 1 : 0)
  }

  get residentBytes(): number {
    return this.#engine?.residentBytes ?? 0
  }

  /** Retries a job; it is answered through itself or through the owner. */
  add(job: Job): void {
    job.state = 'waiting'
    this.#suspects.push(job)
    if (!this.#running) void this.#run()
  }

  watch(): void {
    this.#engine?.watch()
  }

  ping(): void {
    this.#engine?.ping()
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#idle)
    this.#wake()
    await Promise.all([this.#starting?.kill('the server closes'), this.#drop('the server closes')])
  }

  async #run(): Promise<void> {
    this.#running = true
    clearTimeout(this.#idle)
    for (let job = this.#suspects.shift(); job !== undefined; job = this.#suspects.shift()) {
      if (job.wanted) await this.#retry(job)
    }
    this.#running = false
    if (!this.#closed) this.#idle = setTimeout(() => void this.#drop('idle'), IDLE_MS)
  }

  async #retry(job: Job): Promise<void> {
    let engine: EngineProcess
    try {
      engine = await this.#ensure(job)
    } catch (error) {
      if (job.wanted) this.#owner.helpless(job, error as Error)
      return
    }
    if (!job.wanted) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#release = resolve
    engine.links[0].send(job)
    await promise
  }

  async #ensure(job: Job): Promise<EngineProcess> {
    if (this.#engine !== undefined && this.#engine.imagePath !== this.#owner.imagePath())
      await this.#drop('another database')
    for (let tries = 1, pauseMs = FIRST_PAUSE_MS; this.#engine === undefined; tries++, pauseMs *= 2) {
      try {
        // A reload may have come between two tries.
        this.#starting = new EngineProcess(this.#launch, this.#owner.imagePath(), this.#engineOwner)
        await this.#starting.ready
        this.#engine = this.#starting
      } catch (error) {
        if (tries >= MAX_STARTS || this.#closed || !job.wanted) throw error
        this.#owner.ended(`could not be started again: ${(error as Error).message}`)
        await this.#pause(pauseMs)
      } finally {
        this.#starting = undefined
      }
    }
    return this.#engine
  }

  #pause(pauseMs: number): Promise<void> {
    if (this.#closed) return Promise.resolve()
    return new Promise(resolve => {
      const timer = setTimeout(resolve, pauseMs)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  async #drop(message: string): Promise<void> {
    const engine = this.#engine
    this.#engine = undefined
    await engine?.kill(message)
  }

  readonly #engineOwner: EngineOwner = {
    freed: engine => {
      if (engine === this.#engine && engine.isIdle) this.#release()
    },
    // The engine of everybody else has told.
    layers: () => {},
    // One job at a time: nothing waits behind it.
    takenBack: () => {},
    threadEnded: (engine, suspect) => {
      // A fresh process for the next one costs less than doubts about this one.
      if (suspect !== undefined) this.#convict(suspect)
      void this.#forget(engine).kill('its thread ended')
    },
    ended: (engine, suspects, _innocent, message) => {
      if (this.#engine === engine) this.#owner.ended(message)
      this.#forget(engine)
      for (const job of suspects) this.#convict(job)
      this.#release()
    },
  }

  #convict(job: Job): void {
    if (job.wanted) this.#owner.guilty(job)
  }

  #forget(engine: EngineProcess): EngineProcess {
    if (this.#engine === engine) this.#engine = undefined
    return engine
  }
}

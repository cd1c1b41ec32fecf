import type { DatabaseInfo } from './engine-parts.ts'
import { EngineProcess } from './engine-process.ts'
import type { EngineLaunch, EngineOwner } from './engine-process.ts'
import type { Job } from './job.ts'
import type { SandboxLayer } from './sandbox/layers.ts'

// The engine in use, the ones that it replaced and that still have work in hand, and the one that is about to replace it.

const FIRST_DELAY_MS = 20
/** Longest pause before an engine that does not start is tried again. */
const MAX_DELAY_MS = 5000
/** An engine that lived shorter than this is replaced with a pause, so that a broken host is not kept busy by starts. */
const SHORT_LIFE_MS = 1000
const MAX_SHORT_LIFE_DELAY_MS = 250

export interface PoolOwner {
  /** A thread of the engine in use has room. */
  room(): void
  /** The walls around the sandboxes of an engine are known. */
  layers(layers: readonly SandboxLayer[], message: string): void
  /** A thread or an engine ended: suspects were being scanned, innocents waited behind them. */
  interrupted(suspects: readonly Job[], innocent: readonly Job[]): void
  /** An engine or a thread of one ended although nobody asked for it. */
  lost(message: string): void
}

export class EnginePool {
  readonly #launch: EngineLaunch
  readonly #owner: PoolOwner
  #imagePath = ''
  #current: EngineProcess | undefined
  #startedAtMs = 0
  #delayMs = 0
  /** What the engine in use, or the last one, serves. */
  #database: DatabaseInfo = { database: '', signatures: 0, builtAtMs: 0 }
  readonly #draining = new Set<EngineProcess>()
  /** Every engine whose process lives, also those that are starting. */
  readonly #alive = new Set<EngineProcess>()
  #restarting = false
  #closed = false

  constructor(launch: EngineLaunch, owner: PoolOwner) {
    this.#launch = launch
    this.#owner = owner
  }

  /** The engine that takes new jobs; undefined while it is being replaced after its end. */
  get current(): EngineProcess | undefined {
    return this.#current
  }

  get imagePath(): string {
    return this.#imagePath
  }

  get database(): DatabaseInfo {
    return this.#database
  }

  get residentBytes(): number {
    let bytes = 0
    for (const engine of this.#alive) bytes += engine.residentBytes
    return bytes
  }

  /**
   * Starts an engine with an image, beside the one in use; new jobs are for it once it is ready, and the old one ends
   * when it has answered what it had. On failure nothing has changed.
   * @throws Error that says why it could not start
   */
  async use(imagePath: string): Promise<void> {
    const engine = await this.#start(imagePath)
    const old = this.#current
    this.#imagePath = imagePath
    this.#take(engine)
    if (old !== undefined) {
      this.#draining.add(old)
      this.#endWhenDrained(old)
    }
    this.#owner.room()
  }

  watch(ping: boolean): void {
    for (const engine of [this.#current, ...this.#draining]) {
      engine?.watch()
      if (ping) engine?.ping()
    }
  }

  /** Ends all engines; what they had in hand is lost. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#alive].map(engine => engine.kill('the server closes')))
  }

  async #start(imagePath: string): Promise<EngineProcess> {
    const engine = new EngineProcess(this.#launch, imagePath, this.#engineOwner)
    this.#alive.add(engine)
    await engine.ready
    if (!this.#closed) return engine
    await engine.kill('the server closes')
    throw new Error('the server closes')
  }

  #take(engine: EngineProcess): void {
    this.#current = engine
    this.#database = engine.database
    this.#startedAtMs = performance.now()
  }

  readonly #engineOwner: EngineOwner = {
    freed: engine => {
      if (this.#draining.has(engine)) this.#endWhenDrained(engine)
      else this.#owner.room()
    },
    layers: (layers, message) => this.#owner.layers(layers, message),
    takenBack: jobs => this.#owner.interrupted([], jobs),
    threadEnded: (engine, suspect, innocent) => {
      this.#owner.lost('a thread ended')
      this.#owner.interrupted(suspect === undefined ? [] : [suspect], innocent)
      if (this.#draining.has(engine)) this.#endWhenDrained(engine)
    },
    ended: (engine, suspects, innocent, message) => {
      this.#alive.delete(engine)
      this.#draining.delete(engine)
      const wasCurrent = engine === this.#current
      if (wasCurrent) this.#current = undefined
      this.#owner.interrupted(suspects, innocent)
      if (!wasCurrent || this.#closed) return
      this.#owner.lost(message)
      void this.#restart()
    },
  }

  #endWhenDrained(engine: EngineProcess): void {
    if (!engine.isIdle) return
    this.#draining.delete(engine)
    void engine.kill('replaced')
  }

  /** Starts another engine in place of one that ended, again and again with longer pauses. */
  async #restart(): Promise<void> {
    if (this.#restarting) return
    this.#restarting = true
    const shortLife = performance.now() - this.#startedAtMs < SHORT_LIFE_MS
    this.#delayMs = shortLife ? longer(this.#delayMs, MAX_SHORT_LIFE_DELAY_MS) : 0
    let delayMs = this.#delayMs
    while (this.#current === undefined && !this.#closed) {
      await new Promise(resolve => setTimeout(resolve, delayMs).unref())
      delayMs = longer(delayMs, MAX_DELAY_MS)
      await this.#tryAgain()
    }
    this.#restarting = false
    this.#owner.room()
  }

  async #tryAgain(): Promise<void> {
    try {
      const engine = await this.#start(this.#imagePath)
      // A reload may have been faster.
      if (this.#current === undefined) this.#take(engine)
      else await engine.kill('not needed')
    } catch (error) {
      if (!this.#closed) this.#owner.lost(`could not be restarted: ${(error as Error).message}`)
    }
  }
}

const longer = (delayMs: number, mostMs: number): number => Math.min(mostMs, Math.max(FIRST_DELAY_MS, delayMs * 2))

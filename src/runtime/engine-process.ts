import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import type { Socket } from 'node:net'
import type { DatabaseInfo } from './engine-parts.ts'
import type { Job } from './job.ts'
import type { RuntimeLimits } from './limits.ts'
import type { SandboxLayer } from './sandbox/layers.ts'
import { ThreadLink } from './thread-link.ts'
import { FIRST_THREAD_FD, readFromEngine } from './wire.ts'
import type { EngineArguments, FromEngine, ToEngine } from './wire.ts'

// The supervisor's view of one engine process.

/** How engines are started. */
export interface EngineLaunch {
  /** Module of the engine's main thread, as a path. */
  readonly enginePath: string
  readonly threads: number
  readonly limits: RuntimeLimits
}

/** What an engine tells. Jobs named here have been taken from it. */
export interface EngineOwner {
  /** A thread has room. */
  freed(engine: EngineProcess): void
  /** The walls around its sandboxes are known; where there are none, `message` says why. */
  layers(layers: readonly SandboxLayer[], message: string): void
  /** Jobs that waited behind one that takes long are to go elsewhere. */
  takenBack(jobs: readonly Job[]): void
  /** A thread ended: `suspect` was being scanned, `innocent` jobs only waited behind it. The thread is replaced. */
  threadEnded(engine: EngineProcess, suspect: Job | undefined, innocent: readonly Job[]): void
  /** The process ended: each of the suspects was being scanned. */
  ended(engine: EngineProcess, suspects: readonly Job[], innocent: readonly Job[], message: string): void
}

// Small young generation: reports die young, and two engines must fit beside each other during a reload.
const NODE_OPTIONS = ['--max-semi-space-size=2', '--disable-proto=delete', '--disallow-code-generation-from-strings']

export class EngineProcess {
  readonly imagePath: string
  readonly links: readonly ThreadLink[]
  readonly #child: ChildProcess
  readonly #owner: EngineOwner
  readonly #limits: RuntimeLimits
  #database: DatabaseInfo | undefined
  #residentBytes = 0
  #pingedAtMs = 0
  #message = ''
  #ended = false
  readonly #exited: Promise<void>
  readonly #readiness = Promise.withResolvers<void>()
  readonly #startTimer: NodeJS.Timeout

  /** Starts the process; it can be given jobs once `ready` has resolved. */
  constructor(launch: EngineLaunch, imagePath: string, owner: EngineOwner) {
    this.imagePath = imagePath
    this.#owner = owner
    this.#limits = launch.limits
    const args: EngineArguments = {
      imagePath,
      threads: launch.threads,
      maxFileSizeBytes: launch.limits.maxFileSizeBytes,
      tree: launch.limits.tree,
    }
    const sockets = Array.from({ length: launch.threads }, () => 'pipe' as const)
    this.#child = spawn(process.execPath, [...NODE_OPTIONS, launch.enginePath, JSON.stringify(args)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc', ...sockets],
      env: {},
    })
    this.links = sockets.map(
      (_, index) =>
        new ThreadLink(index, this.#child.stdio[FIRST_THREAD_FD + index] as unknown as Socket, {
          ready: () => this.#threadReady(),
          freed: () => this.#owner.freed(this),
          broken: (_link, error) => void this.kill(error.message),
        }),
    )
    this.#exited = new Promise(resolve => {
      this.#child.once('exit', (code, signal) => {
        this.#end(this.#message || `the engine ended by ${signal ?? `code ${code}`}`)
        resolve()
      })
      this.#child.once('error', error => {
        this.#end(error.message)
        resolve()
      })
    })
    this.#startTimer = setTimeout(() => void this.kill('the engine was not ready in time'), launch.limits.startMs)
    // Nobody may be waiting for it any more when it fails.
    this.#readiness.promise.catch(() => {})
    this.#child.on('message', message => {
      const said = readFromEngine(message)
      if (said === undefined) void this.kill('the engine said something that no engine says')
      else this.#hear(said)
    })
  }

  /** Resolves when all threads can be given jobs; rejects with the reason why the engine could not start. */
  get ready(): Promise<void> {
    return this.#readiness.promise
  }

  /** Resolves when the process is gone. */
  get exited(): Promise<void> {
    return this.#exited
  }

  /** What the engine serves; known once it is ready. */
  get database(): DatabaseInfo {
    if (this.#database === undefined) throw new Error('the engine has not started')
    return this.#database
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  get residentBytes(): number {
    return this.#residentBytes
  }

  get isIdle(): boolean {
    return this.links.every(link => link.load === 0)
  }

  /** The thread that should get `job`: the one with the least work of those that would take it. */
  linkFor(job: Job): ThreadLink | undefined {
    let best: ThreadLink | undefined
    for (const link of this.links) {
      if (link.accepts(job) && (best === undefined || link.load < best.load)) best = link
    }
    return best
  }

  /** Ends the process; what was in hand goes back to the owner. Resolves when it is gone. */
  async kill(message: string): Promise<void> {
    this.#message ||= message
    this.#child.kill('SIGKILL')
    await this.#exited
  }

  /** Looks for hung scans, for cancelled ones that go on, and for threads that do not come back. Call it regularly. */
  watch(): void {
    const nowMs = performance.now()
    const { hangGraceMs, cancelGraceMs, livenessMs } = this.#limits
    for (const link of this.links) {
      if (overdue(link.replacedAtMs, nowMs, livenessMs)) return void this.kill('a thread did not come back')
      if (overdue(link.pingedAtMs, nowMs, livenessMs) && link.isIdle) this.#replaceThread(link)
      const job = link.head
      if (job === undefined || !link.isReady) continue
      const behind = this.links.some(other => other.isIdle) ? link.takeBack(nowMs) : []
      if (behind.length > 0) this.#owner.takenBack(behind)
      const hung = nowMs > job.sentAtMs + job.maxTimeMs + hangGraceMs
      if (hung || (job.state === 'cancelled' && overdue(job.cancelledAtMs, nowMs, cancelGraceMs))) {
        this.#replaceThread(link)
      }
    }
    if (overdue(this.#pingedAtMs, nowMs, livenessMs)) void this.kill('the engine does not answer')
  }

  /** Asks the process and its idle threads whether they live; watch() notices who does not answer. */
  ping(): void {
    if (this.#pingedAtMs === 0) {
      this.#pingedAtMs = performance.now()
      this.#tell({ verb: 'ping' })
    }
    for (const link of this.links) if (link.isIdle && link.pingedAtMs === 0) link.ping()
  }

  #hear(message: FromEngine): void {
    switch (message.event) {
      case 'ready':
        this.#database = message.database
        return this.#threadReady()
      case 'refused':
        return void this.kill(message.message)
      case 'pong':
        this.#pingedAtMs = 0
        this.#residentBytes = message.residentBytes
        return
      case 'layers':
        return this.#owner.layers(message.layers, message.message)
      case 'thread-ended': {
        const link = this.links[message.thread]
        if (link !== undefined && link.replacedAtMs === 0) this.#replaceThread(link)
      }
    }
  }

  #replaceThread(link: ThreadLink): void {
    // What is still being sent belongs to whoever submitted it, until its scan is answered: it must not stay behind in
    // a socket that lives on. A thread reads content to its end before it scans, so this is rare.
    if (!link.isFlushed) return void this.kill('a thread ended in the middle of content')
    const { mark, jobs } = link.replace()
    this.#tell({ verb: 'replace', thread: link.index, mark: mark.toString('hex') })
    this.#owner.threadEnded(this, jobs[0], jobs.slice(1))
  }

  #tell(message: ToEngine): void {
    if (this.#child.connected) this.#child.send(message, () => {})
  }

  #threadReady(): void {
    if (this.#database === undefined || !this.links.every(link => link.isReady)) return
    clearTimeout(this.#startTimer)
    this.#readiness.resolve()
    this.#owner.freed(this)
  }

  #end(message: string): void {
    if (this.#ended) return
    this.#ended = true
    clearTimeout(this.#startTimer)
    this.#readiness.reject(new Error(message))
    const taken = this.links.map(link => link.takeJobs())
    for (const link of this.links) link.destroy()
    const suspects = taken.flatMap(jobs => jobs.slice(0, 1))
    this.#owner.ended(
      this,
      suspects,
      taken.flatMap(jobs => jobs.slice(1)),
      message,
    )
  }
}

const overdue = (sinceMs: number, nowMs: number, limitMs: number): boolean => sinceMs > 0 && nowMs > sinceMs + limitMs

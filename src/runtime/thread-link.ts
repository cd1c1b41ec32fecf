import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { ClientEndpoint, isNativeErrorCode, PING_BYTES } from '../protocol/index.ts'
import type { NativeError } from '../protocol/index.ts'
import { SCAN_FAILURES, ScanFailure } from '../scan/index.ts'
import type { ScanFailureCode } from '../scan/index.ts'
import type { Job } from './job.ts'
import { engineHello, MAX_CLIENT_STREAMS, RESYNC_BYTES } from './wire.ts'

// The supervisor's end of one scanning thread.

/**
 * Short jobs may wait in the socket behind each other: threads are woken once for several, and lose no round trip.
 * Content up to this is copied into its frame, so that a job can be taken back while it is still being sent.
 */
const PIPELINE_BYTES = 32 * 1024
const PIPELINE_DEPTH = 4
/** Paths are shorter still: what comes while one is scanned costs the thread one read. */
const QUICK_PATH_DEPTH = MAX_CLIENT_STREAMS
/** Jobs that a thread may have when the last of them is a path, and it is not quick. */
const PATH_DEPTH = 2
/** Nothing is put behind a job while the ones before it took longer than this. */
const QUICK_MS = 5
/** Jobs behind one that takes longer than this are given to another thread. */
const IMPATIENCE_MS = 100

export interface LinkOwner {
  /** The thread said HELLO: it can be given jobs. */
  ready(link: ThreadLink): void
  /** A job was answered: there is room for another. */
  freed(link: ThreadLink): void
  /** The thread broke the protocol: its engine cannot be trusted any more. */
  broken(link: ThreadLink, error: Error): void
}

export class ThreadLink {
  readonly index: number
  readonly #socket: Socket
  readonly #owner: LinkOwner
  /** Jobs given to the thread by stream id, in the order in which it takes them. */
  #jobs = new Map<number, Job>()
  #corked = false
  #roomy = false
  /** Whether the last job was answered quickly. */
  #quick = true
  #endpoint: ClientEndpoint
  #resync: Buffer | undefined
  #tail: Buffer = Buffer.alloc(0)
  #ready = false
  /** By performance.now(): when an unanswered ping was sent, when the replacement was asked for; 0: neither. */
  #pingedAtMs = 0
  #replacedAtMs = 0

  constructor(index: number, socket: Socket, owner: LinkOwner) {
    this.index = index
    this.#socket = socket
    this.#owner = owner
    this.#endpoint = this.#connect()
    socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    // An engine that dies resets its sockets; its exit is what is acted upon.
    socket.on('error', () => {})
  }

  /** Jobs that the thread has. */
  get load(): number {
    return this.#jobs.size
  }

  /** The job that is being scanned. */
  get head(): Job | undefined {
    return this.#jobs.values().next().value
  }

  get isReady(): boolean {
    return this.#ready
  }

  get isIdle(): boolean {
    return this.#ready && this.#jobs.size === 0
  }

  /** True when nothing waits to be sent: no content is referred to any more. */
  get isFlushed(): boolean {
    return this.#socket.writableLength === 0
  }

  get pingedAtMs(): number {
    return this.#pingedAtMs
  }

  get replacedAtMs(): number {
    return this.#replacedAtMs
  }

  /** Whether `job` may be given to this thread now. */
  accepts(job: Job): boolean {
    if (!this.#ready || this.#jobs.size >= QUICK_PATH_DEPTH) return false
    const { head } = this
    if (head === undefined) return true
    // A path costs nothing to send and little to take back: the thread finds it when it is through with its job.
    if (job.path !== undefined) return this.#quick || this.#jobs.size < PATH_DEPTH
    // What waits behind a short job is short, too.
    if (this.#jobs.size >= PIPELINE_DEPTH) return false
    return this.#quick && isSmall(job) && isSmall(head) && performance.now() - head.sentAtMs < QUICK_MS
  }

  send(job: Job): void {
    job.state = 'sent'
    job.sentAtMs = performance.now()
    const { name, content, allMatches, maxTimeMs, passwords, identity } = job
    const options = {
      allMatches,
      maxTimeMs,
      ...(identity ? {} : { identity }),
      ...(passwords === undefined ? {} : { passwords }),
    }
    this.#cork()
    const id =
      'bytes' in content
        ? this.#endpoint.open({ name, options, sizeHint: content.bytes.length }, content.bytes)
        : this.#endpoint.open({ name, options, ...content })
    this.#jobs.set(id, job)
  }

  /** What is given to the thread in one turn of the event loop leaves in one system call. */
  #cork(): void {
    if (this.#corked) return
    this.#corked = true
    this.#socket.cork()
    setImmediate(() => {
      this.#corked = false
      this.#socket.uncork()
    })
  }

  /**
   * Takes back the jobs behind one that takes long; whatever the thread still says about them is ignored. It will scan
   * them all the same, so this is for when another thread has nothing to do.
   */
  takeBack(nowMs: number): readonly Job[] {
    const head = this.head
    if (head === undefined || this.#jobs.size === 1 || nowMs - head.sentAtMs < IMPATIENCE_MS) return []
    this.#quick = false
    const behind = [...this.#jobs].slice(1)
    for (const [id] of behind) {
      this.#jobs.delete(id)
      this.#endpoint.cancel(id)
    }
    return behind.map(([, job]) => job)
  }

  ping(): void {
    this.#pingedAtMs = performance.now()
    this.#endpoint.ping(new Uint8Array(PING_BYTES))
  }

  /**
   * Prepares for a new thread on the same socket.
   * @returns the mark that the new thread must be started with, and the jobs that the old one had
   */
  replace(): { readonly mark: Buffer; readonly jobs: readonly Job[] } {
    const jobs = this.takeJobs()
    const mark = randomBytes(RESYNC_BYTES)
    this.#ready = false
    this.#pingedAtMs = 0
    this.#replacedAtMs = performance.now()
    this.#resync = mark
    this.#tail = Buffer.alloc(0)
    this.#socket.write(mark)
    this.#endpoint = this.#connect()
    return { mark, jobs }
  }

  /** Takes all jobs away, for a thread that is gone. */
  takeJobs(): readonly Job[] {
    const jobs = [...this.#jobs.values()]
    this.#jobs.clear()
    return jobs
  }

  destroy(): void {
    this.#ready = false
    this.#socket.destroy()
  }

  #connect(): ClientEndpoint {
    const endpoint: ClientEndpoint = new ClientEndpoint(
      { hello: engineHello(MAX_CLIENT_STREAMS), write: bytes => void this.#socket.write(bytes) },
      {
        hello: () => {
          this.#ready = true
          this.#replacedAtMs = 0
          this.#owner.ready(this)
        },
        pong: () => void (this.#pingedAtMs = 0),
        event: (id, event) => this.#jobs.get(id)?.tell(event),
        result: (id, report) => this.#answered(id)?.succeed(report),
        error: (id, error) => this.#answered(id)?.fail(failureOf(error)),
        credit: () => {},
        closed: error => this.#owner.broken(this, error),
      },
    )
    endpoint.start()
    return endpoint
  }

  #answered(id: number): Job | undefined {
    const job = this.#jobs.get(id)
    this.#jobs.delete(id)
    this.#roomy = true
    if (job !== undefined) this.#quick = performance.now() - job.sentAtMs < QUICK_MS
    return job
  }

  #hear(chunk: Uint8Array): void {
    this.#endpoint.receive(chunk)
    // Several answers may have come at once: room is told once.
    if (!this.#roomy) return
    this.#roomy = false
    const head = this.head
    if (head !== undefined) head.sentAtMs = performance.now()
    this.#owner.freed(this)
  }

  #receive(chunk: Buffer): void {
    if (this.#resync === undefined) return this.#hear(chunk)
    const seen = Buffer.concat([this.#tail, chunk])
    const at = seen.indexOf(this.#resync)
    if (at < 0) {
      this.#tail = seen.subarray(Math.max(0, seen.length - RESYNC_BYTES))
      return
    }
    this.#resync = undefined
    this.#hear(seen.subarray(at + RESYNC_BYTES))
  }
}

const isSmall = (job: Job): boolean => job.path === undefined && job.sizeBytes <= PIPELINE_BYTES

const failureOf = (error: NativeError): ScanFailure => {
  const known = isNativeErrorCode(error.code) && Object.hasOwn(SCAN_FAILURES, error.code)
  const failure = new ScanFailure(known ? (error.code as ScanFailureCode) : 'internal')
  failure.message = error.message
  return failure
}

import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { ClientEndpoint, isNativeErrorCode, PING_BYTES } from '../protocol/index.ts'
import type { NativeError } from '../protocol/index.ts'
import { SCAN_FAILURES, ScanFailure } from '../scan/index.ts'
import type { ScanFailureCode } from '../scan/index.ts'
import type { Job } from './job.ts'
import { engineHello, RESYNC_BYTES } from './wire.ts'

// The supervisor's end of one scanning thread.

/** A second job may wait in the socket while the first is scanned, if both are at most this long: no round trip lost. */
const PIPELINE_BYTES = 64 * 1024
const PIPELINE_DEPTH = 2

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
  /** Jobs given to the thread, in the order of their answers. */
  #jobs: Job[] = []
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

  get jobs(): readonly Job[] {
    return this.#jobs
  }

  get isReady(): boolean {
    return this.#ready
  }

  get isIdle(): boolean {
    return this.#ready && this.#jobs.length === 0
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
    if (!this.#ready || this.#jobs.length >= PIPELINE_DEPTH) return false
    if (this.#jobs.length === 0) return true
    return isSmall(job) && this.#jobs.every(isSmall)
  }

  send(job: Job): void {
    job.state = 'sent'
    job.sentAtMs = performance.now()
    this.#jobs.push(job)
    const { name, path, allMatches, maxTimeMs, passwords } = job
    const options = { allMatches, maxTimeMs, ...(passwords === undefined ? {} : { passwords }) }
    if (path !== undefined) this.#endpoint.open({ name, options, path })
    else if ('bytes' in job.content) {
      const { bytes } = job.content
      // Headers and content in one system call: the thread wakes up once.
      const several = bytes.length > PIPELINE_BYTES
      if (several) this.#socket.cork()
      this.#endpoint.open({ name, options, sizeHint: bytes.length }, bytes)
      if (several) this.#socket.uncork()
    }
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
    const jobs = this.#jobs
    this.#jobs = []
    return jobs
  }

  destroy(): void {
    this.#ready = false
    this.#socket.destroy()
  }

  #connect(): ClientEndpoint {
    const endpoint: ClientEndpoint = new ClientEndpoint(
      { hello: engineHello(PIPELINE_DEPTH * 4), write: bytes => void this.#socket.write(bytes) },
      {
        hello: () => {
          this.#ready = true
          this.#replacedAtMs = 0
          this.#owner.ready(this)
        },
        pong: () => void (this.#pingedAtMs = 0),
        event: (_id, event) => this.#jobs[0]?.tell(event),
        result: (_id, report) => {
          this.#jobs.shift()?.succeed(report)
          this.#owner.freed(this)
        },
        error: (_id, error) => {
          this.#jobs.shift()?.fail(failureOf(error))
          this.#owner.freed(this)
        },
        credit: () => {},
        closed: error => this.#owner.broken(this, error),
      },
    )
    endpoint.start()
    return endpoint
  }

  #receive(chunk: Buffer): void {
    if (this.#resync === undefined) return this.#endpoint.receive(chunk)
    const seen = Buffer.concat([this.#tail, chunk])
    const at = seen.indexOf(this.#resync)
    if (at < 0) {
      this.#tail = seen.subarray(Math.max(0, seen.length - RESYNC_BYTES))
      return
    }
    this.#resync = undefined
    this.#endpoint.receive(seen.subarray(at + RESYNC_BYTES))
  }
}

const isSmall = (job: Job): boolean => job.path === undefined && job.sizeBytes <= PIPELINE_BYTES

const failureOf = (error: NativeError): ScanFailure => {
  const known = isNativeErrorCode(error.code) && Object.hasOwn(SCAN_FAILURES, error.code)
  const failure = new ScanFailure(known ? (error.code as ScanFailureCode) : 'internal')
  failure.message = error.message
  return failure
}

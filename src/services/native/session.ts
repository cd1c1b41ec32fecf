import type { Socket } from 'node:net'
import { NativeError, PROTOCOL_MIN_VERSION, PROTOCOL_VERSION, ServerEndpoint } from '../../protocol/index.ts'
import type { AuthMethod, Open, Request } from '../../protocol/index.ts'
import { visible } from '../../report/index.ts'
import type { ContentSource, ScanEvent, ScanJob, Scanner } from '../../scan/index.ts'
import { free } from '../free.ts'
import type { Role } from './access.ts'
import { IncomingContent } from './content.ts'
import { toNativeError } from './errors.ts'
import type { NativeLimits } from './limits.ts'
import { answerRequest } from './requests.ts'
import { Transport } from './transport.ts'

/** What all sessions of a listener share. */
export interface SessionHost {
  readonly scanner: Scanner
  readonly software: string
  readonly limits: NativeLimits
  readonly log: (line: string) => void
  readonly checkToken: (token: string) => Role | undefined
  /** Content held by all sessions, in bytes. */
  heldBytes: number
  /** Scans of all sessions asked for and not yet settled, cancelled ones included. */
  running: number
}

interface StreamState {
  readonly open: Open
  readonly content: IncomingContent
  readonly abort: AbortController
  started: boolean
  /** Start of the rate window and the bytes received until then. */
  rateFromMs: number
  rateBytes: number
}

/** One connection of a client. */
export class Session {
  readonly #host: SessionHost
  readonly #transport: Transport
  readonly #endpoint: ServerEndpoint
  readonly #streams = new Map<number, StreamState>()
  readonly #startedAtMs: number
  #role: Role | undefined
  #running = 0
  #heldBytes = 0
  #lastActiveMs: number
  #draining = false
  #gone = false

  /**
   * @param role - what the connection may do without a token; undefined: it must show one
   * @param nowMs - the listener's clock, as in `sweep`
   */
  constructor(socket: Socket, host: SessionHost, role: Role | undefined, nowMs: number) {
    this.#host = host
    this.#role = role
    this.#startedAtMs = nowMs
    this.#lastActiveMs = nowMs
    this.#transport = new Transport(socket, host.limits, nowMs)
    this.#endpoint = this.#createEndpoint(role === undefined ? ['token'] : [])
    socket.on('data', chunk => {
      this.#lastActiveMs = performance.now()
      this.#endpoint.receive(chunk)
    })
    socket.on('error', () => this.#vanished())
    socket.on('end', () => this.#vanished())
    socket.on('close', () => this.#vanished())
    this.#endpoint.start()
  }

  /** Streams without an answer. */
  get openStreams(): number {
    return this.#endpoint.openStreams
  }

  /** Ends the connection with an error that the client can read. */
  refuse(error: NativeError): void {
    this.#endpoint.fail(error)
  }

  /** Lets open streams finish, takes no new ones. */
  drain(): void {
    this.#draining = true
    this.#endpoint.goAway('shutting-down')
    this.#endWhenDrained()
  }

  /** Applies the time limits. */
  sweep(nowMs: number): void {
    if (this.#gone) return
    const { limits } = this.#host
    if (this.#transport.isStalled(nowMs)) {
      this.#host.log('native: a client that does not read was cut')
      this.#transport.socket.destroy()
    } else if (!this.#isGreeted() && nowMs - this.#startedAtMs > limits.handshakeTimeoutMs) {
      this.refuse(new NativeError('handshake-timeout'))
    } else if (this.openStreams > 0) {
      this.#lastActiveMs = nowMs
      this.#sweepRates(nowMs)
    } else if (nowMs - this.#lastActiveMs > limits.idleTimeoutMs) {
      this.refuse(new NativeError('idle-timeout'))
    }
  }

  #createEndpoint(auth: readonly AuthMethod[]): ServerEndpoint {
    const { limits, software } = this.#host
    const options = {
      hello: {
        version: PROTOCOL_VERSION,
        minVersion: PROTOCOL_MIN_VERSION,
        software,
        auth,
        limits: { windowBytes: limits.windowBytes, maxStreams: limits.maxStreams },
      },
      write: (bytes: Uint8Array) => this.#transport.write(bytes),
    }
    return new ServerEndpoint(options, {
      auth: ({ token }) => this.#authenticate(token),
      open: (id, open, ended) => this.#open(id, open, ended),
      data: (id, piece, ended) => this.#data(id, piece, ended),
      cancel: id => this.#forget(id, new NativeError('cancelled')),
      request: (id, request) => void this.#request(id, request),
      closed: error => this.#closed(error),
    })
  }

  #isGreeted(): boolean {
    return this.#endpoint.peer !== undefined && this.#role !== undefined
  }

  #authenticate(token: string): boolean {
    const role = this.#host.checkToken(token)
    this.#role = role ?? this.#role
    if (this.#role === undefined) this.#host.log('native: a wrong token was refused')
    return this.#role !== undefined // where none is demanded, any is as good as none
  }

  #open(id: number, open: Open, ended: boolean): void {
    const { limits } = this.#host
    // When memory is short, whoever holds little of it is still served: nobody can take it all away from the others.
    const greedy = this.#heldBytes >= limits.windowBytes && this.#host.heldBytes >= limits.maxBufferedBytes
    if (this.#running >= limits.maxStreams || greedy) {
      this.#endpoint.error(id, new NativeError('busy', undefined, { retryAfterMs: limits.busyRetryMs }))
      return
    }
    const content = new IncomingContent({
      grant: bytes => void this.#endpoint.credit(id, bytes),
      held: bytes => {
        this.#heldBytes += bytes
        this.#host.heldBytes += bytes
      },
    })
    const rateFromMs = performance.now()
    const stream = { open, content, abort: new AbortController(), started: false, rateFromMs, rateBytes: 0 }
    this.#streams.set(id, stream)
    if (ended) this.#data(id, new Uint8Array(0), true)
  }

  #data(id: number, piece: Uint8Array, ended: boolean): void {
    const stream = this.#streams.get(id)
    if (stream === undefined) return
    const { content } = stream
    const { limits } = this.#host
    content.push(piece, ended)
    if (stream.started) return
    if (ended) {
      void this.#scan(id, stream, content.whole())
    } else if (content.received >= Math.min(limits.inlineBytes, limits.windowBytes)) {
      void this.#scan(id, stream, content.stream(stream.open.sizeHint))
      this.#endpoint.credit(id, limits.streamWindowBytes - limits.windowBytes)
    }
  }

  async #scan(id: number, stream: StreamState, content: ContentSource): Promise<void> {
    stream.started = true
    this.#running++
    this.#host.running++
    const { name, options } = stream.open
    const onEvent = (event: ScanEvent): void => this.#event(id, event)
    const job: ScanJob = { name, content, options, signal: stream.abort.signal, onEvent }
    try {
      const report = await this.#host.scanner.scan(job)
      // Whoever got the bytes has read all of them.
      if ('bytes' in content) free(content.bytes)
      this.#endpoint.result(id, report)
    } catch (error) {
      if (this.#endpoint.isOpen(id)) this.#endpoint.error(id, toNativeError(error, this.#host.log))
    }
    this.#running--
    this.#host.running--
    this.#release(id, undefined)
    this.#endWhenDrained()
  }

  /** Progress is dropped while the client is behind in reading; detections never are. */
  #event(id: number, event: ScanEvent): void {
    if (event.event === 'progress' && this.#transport.waitingBytes > 0) return
    this.#endpoint.event(id, event)
  }

  async #request(id: number, request: Request): Promise<void> {
    try {
      this.#endpoint.reply(id, await answerRequest(request, this.#role ?? 'user', this.#host))
    } catch (error) {
      this.#endpoint.error(id, toNativeError(error, this.#host.log))
    }
    this.#endWhenDrained()
  }

  #sweepRates(nowMs: number): void {
    const { minBytesPerSecond, rateWindowMs } = this.#host.limits
    const least = (minBytesPerSecond * rateWindowMs) / 1000
    for (const [id, stream] of this.#streams) {
      const { content } = stream
      // Where the client has used up its credit, it waits for us, and its clock stands still.
      const waits = content.ended || this.#endpoint.creditOf(id) === 0
      if (!waits && nowMs - stream.rateFromMs <= rateWindowMs) continue
      if (!waits && content.received - stream.rateBytes < least) this.#tooSlow(id)
      stream.rateFromMs = nowMs
      stream.rateBytes = content.received
    }
  }

  #tooSlow(id: number): void {
    const error = new NativeError('too-slow')
    this.#endpoint.error(id, error)
    this.#forget(id, error)
  }

  /** Ends a stream before its scan has: the scan is told to stop. */
  #forget(id: number, error: NativeError): void {
    this.#release(id, error)?.abort.abort(error)
  }

  #release(id: number, error: NativeError | undefined): StreamState | undefined {
    const stream = this.#streams.get(id)
    this.#streams.delete(id)
    stream?.content.fail(error)
    return stream
  }

  #closed(error: NativeError): void {
    this.#host.log(`native: a connection ended: ${error.code}: ${visible(error.message)}`)
    this.#abandon()
    this.#transport.endGently()
  }

  #vanished(): void {
    if (this.#gone) return
    this.#endpoint.transportEnded()
    this.#abandon()
    this.#transport.socket.destroySoon()
  }

  #abandon(): void {
    this.#gone = true
    for (const id of this.#streams.keys()) this.#forget(id, new NativeError('cancelled'))
  }

  #endWhenDrained(): void {
    if (!this.#draining || this.openStreams > 0 || this.#gone) return
    this.#gone = true
    this.#transport.endGently()
  }
}

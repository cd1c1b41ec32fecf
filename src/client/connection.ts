import type { Report } from '../report/index.ts'
import { ClientEndpoint, PROTOCOL_MIN_VERSION, PROTOCOL_VERSION } from '../protocol/index.ts'
import type { Hello, JsonObject, NativeError, Open, OpenOptions, StreamEvent } from '../protocol/index.ts'
import { ClientError, fromNative, fromSocket } from './errors.ts'
import type { Wire, WireUser } from './wire.ts'

/** Content at hand, or a function that gives it in pieces, each fresh memory; called again when a scan is repeated. */
export type ScanContent = Uint8Array | (() => AsyncIterable<Uint8Array>)

/** One scan to ask for. */
export interface ScanRequest {
  /** Name for the report: data, never a path that the server opens. */
  readonly name: string
  readonly content: ScanContent
  /** Size in bytes where it is known and the content is given in pieces. */
  readonly sizeHint?: number
  readonly options?: OpenOptions
  readonly signal?: AbortSignal
  readonly onEvent?: (event: StreamEvent) => void
}

/** How a connection behaves. */
export interface ConnectionOptions {
  readonly server: string
  readonly token?: string | undefined
  readonly software: string
  /** Time for the server's HELLO after the connection was made. */
  readonly greetTimeoutMs: number
  /** A server that sends nothing for so long while it owes an answer, not even a PONG, is given up. */
  readonly silenceTimeoutMs: number
}

interface Pending {
  readonly resolve: (answer: Report | JsonObject) => void
  readonly reject: (error: Error) => void
  readonly onEvent: ((event: StreamEvent) => void) | undefined
  /** Wakes the sender of content, when there is credit or the stream is gone. */
  wake: (() => void) | undefined
}

const DEFAULT_OPTIONS: OpenOptions = { allMatches: false }
const NO_BYTES = new Uint8Array(0)
const PINGS_PER_SILENCE = 3

/** One connection: many scans at once, none repeated. */
export class Connection implements WireUser {
  readonly #wire: Wire
  readonly #options: ConnectionOptions
  readonly #endpoint: ClientEndpoint
  readonly #pending = new Map<number, Pending>()
  readonly #waiting: (() => void)[] = []
  #failure: ClientError | undefined
  #goneAway = false
  #closing = false
  #heardAtMs: number
  readonly #timer: NodeJS.Timeout

  constructor(wire: Wire, options: ConnectionOptions) {
    this.#wire = wire
    this.#options = options
    this.#heardAtMs = performance.now()
    this.#endpoint = this.#createEndpoint()
    const periodMs = Math.min(options.greetTimeoutMs, options.silenceTimeoutMs / PINGS_PER_SILENCE)
    this.#timer = setInterval(() => this.#watch(), periodMs)
    this.#timer.unref()
    this.#endpoint.start()
    if (options.token !== undefined) this.#endpoint.authenticate(options.token)
  }

  /** Bytes from the transport. */
  data(chunk: Uint8Array): void {
    this.#heardAtMs = performance.now()
    this.#endpoint.receive(chunk)
  }

  /** The transport is gone. */
  closed(error?: NodeJS.ErrnoException): void {
    if (error !== undefined) this.#fail(fromSocket(error, this.#options.server, true))
    else this.#fail(this.#lost('the server closed it'))
  }

  /** The server's HELLO, once it arrived. */
  get hello(): Hello | undefined {
    return this.#endpoint.peer
  }

  /** False when new scans need another connection. */
  get usable(): boolean {
    return this.#failure === undefined && !this.#goneAway && !this.#closing
  }

  /** @throws ClientError, or whatever the content or the signal threw */
  async scan(request: ScanRequest): Promise<Report> {
    const { signal } = request
    signal?.throwIfAborted()
    while (!this.#hasRoom()) await this.#wait(signal)
    const { name, content, sizeHint, options = DEFAULT_OPTIONS } = request
    const size = content instanceof Uint8Array ? content.length : sizeHint
    const open: Open = size === undefined ? { name, options } : { name, options, sizeHint: size }
    const whole = content instanceof Uint8Array && content.length <= this.#endpoint.windowBytes
    const id = this.#endpoint.open(open, whole ? content : undefined)
    const answer = this.#await<Report>(id, request.onEvent)
    const cancel = (): void => this.#giveUp(id, signal?.reason as Error)
    signal?.addEventListener('abort', cancel, { once: true })
    try {
      if (!whole) await this.#sendAll(id, content)
      return await answer
    } finally {
      signal?.removeEventListener('abort', cancel)
    }
  }

  /** @throws ClientError */
  async request(verb: string, args: JsonObject): Promise<JsonObject> {
    while (!this.#hasRoom()) await this.#wait()
    return this.#await<JsonObject>(this.#endpoint.request(verb, args))
  }

  /** Ends the connection; scans without an answer fail with `cancelled`. */
  close(): void {
    this.#closing = true
    clearInterval(this.#timer)
    this.#rejectAll(new ClientError('cancelled', 'The client closed the connection'))
    this.#wire.end()
  }

  #createEndpoint(): ClientEndpoint {
    const hello: Hello = {
      version: PROTOCOL_VERSION,
      minVersion: PROTOCOL_MIN_VERSION,
      software: this.#options.software,
      auth: [],
      limits: { windowBytes: 65_536, maxStreams: 8 },
    }
    const write = (bytes: Uint8Array): void => this.#wire.write(bytes)
    return new ClientEndpoint(
      { hello, write },
      {
        hello: () => this.#wakeWaiting(),
        event: (id, event) => this.#pending.get(id)?.onEvent?.(event),
        result: (id, report) => this.#settle(id)?.resolve(report),
        reply: (id, body) => this.#settle(id)?.resolve(body),
        error: (id, error) => this.#settle(id)?.reject(fromNative(error, this.#options.server)),
        credit: id => wakeSender(this.#pending.get(id)),
        goAway: ({ lastStreamId }) => this.#goAway(lastStreamId),
        closed: error => this.#protocolFailed(error),
      },
    )
  }

  /** Whether a stream may be opened now. @throws ClientError when none ever will be on this connection */
  #hasRoom(): boolean {
    if (this.#failure !== undefined) throw this.#failure
    if (!this.usable) throw this.#lost('the server is shutting down')
    return this.#endpoint.canOpen
  }

  /** Waits until there may be room: others wait, too, so look again. @throws the reason of the signal */
  async #wait(signal?: AbortSignal): Promise<void> {
    await new Promise<void>(resolve => {
      this.#waiting.push(resolve)
    })
    if (signal?.aborted === true) this.#waiting.shift()?.() // what woke this one is another's turn
    signal?.throwIfAborted()
  }

  #await<T extends Report | JsonObject>(id: number, onEvent?: (event: StreamEvent) => void): Promise<T> {
    const answer = new Promise<T>((resolve, reject) => {
      // A scan is answered by a report and a request by an object: the endpoint keeps the two apart.
      this.#pending.set(id, { resolve: resolve as Pending['resolve'], reject, onEvent, wake: undefined })
    })
    answer.catch(() => {}) // it may fail while content is still being sent; scan() looks at it afterwards
    return answer
  }

  /** Sends content as credit allows; stops early when the answer came first. */
  async #sendAll(id: number, content: ScanContent): Promise<void> {
    try {
      const pieces = content instanceof Uint8Array ? [content] : content()
      for await (const piece of pieces) {
        if (!(await this.#send(id, piece))) return
      }
      this.#endpoint.send(id, NO_BYTES, true)
    } catch (error) {
      this.#giveUp(id, error as Error)
    }
  }

  /** False when the stream is gone. */
  async #send(id: number, piece: Uint8Array): Promise<boolean> {
    let at = 0
    while (at < piece.length) {
      const pending = this.#pending.get(id)
      if (pending === undefined) return false
      at += this.#endpoint.send(id, piece.subarray(at), false)
      if (at < piece.length) {
        await new Promise<void>(resolve => {
          pending.wake = resolve
        })
      }
    }
    return this.#pending.has(id)
  }

  #giveUp(id: number, error: Error): void {
    this.#endpoint.cancel(id)
    this.#settle(id)?.reject(error)
  }

  #settle(id: number): Pending | undefined {
    const pending = this.#pending.get(id)
    this.#pending.delete(id)
    wakeSender(pending)
    this.#waiting.shift()?.()
    return pending
  }

  #wakeWaiting(): void {
    for (const wake of this.#waiting.splice(0)) wake()
  }

  #goAway(lastStreamId: number): void {
    this.#goneAway = true
    for (const id of this.#pending.keys()) {
      if (id > lastStreamId) this.#settle(id)?.reject(this.#lost('the server is shutting down'))
    }
    this.#wakeWaiting()
  }

  #protocolFailed(error: NativeError): void {
    this.#fail(fromNative(error, this.#options.server))
    this.#wire.end()
    setTimeout(() => this.#wire.destroy(), 1000).unref()
  }

  #watch(): void {
    const silentMs = performance.now() - this.#heardAtMs
    const { greetTimeoutMs, silenceTimeoutMs, server } = this.#options
    if (this.hello === undefined && silentMs >= greetTimeoutMs) {
      this.#fail(new ClientError('not-lazaret', `${server} accepts connections but does not greet; check --server`))
      this.#wire.destroy()
    } else if (this.#pending.size > 0 && silentMs >= silenceTimeoutMs) {
      this.#fail(this.#lost('the server fell silent'))
      this.#wire.destroy()
    } else if (this.#pending.size > 0 && this.hello !== undefined) {
      this.#endpoint.ping(new Uint8Array(8))
    }
  }

  #lost(why: string): ClientError {
    return new ClientError('connection-lost', `The connection to ${this.#options.server} was lost: ${why}`)
  }

  #fail(error: ClientError): void {
    if (this.#failure !== undefined) return
    this.#failure = error
    clearInterval(this.#timer)
    this.#rejectAll(error)
  }

  #rejectAll(error: ClientError): void {
    for (const id of this.#pending.keys()) this.#settle(id)?.reject(error)
    this.#wakeWaiting()
  }
}

const wakeSender = (pending: Pending | undefined): void => {
  pending?.wake?.()
  if (pending !== undefined) pending.wake = undefined
}

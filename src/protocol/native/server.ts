import type { Report } from '../../report/index.ts'
import { FLAG_END, FRAME, MAX_WINDOW_BYTES } from './constants.ts'
import { Endpoint } from './endpoint.ts'
import type { EndpointHandler, EndpointOptions } from './endpoint.ts'
import { encodeControl, encodeCredit } from './encoder.ts'
import { NativeError } from './errors.ts'
import { errorPayload, readAuth, readOpen, readRequest } from './payloads.ts'
import type { Auth, Open, Request, StreamEvent } from './payloads.ts'

/** What the answering side tells its owner. */
export interface ServerHandler extends EndpointHandler {
  /** A client shows its token; false ends the connection with `auth-failed`. Compare in constant time. */
  readonly auth: (auth: Auth) => boolean
  /** A scan begins; `ended`: no content follows (it is empty, or `open.path` names it). */
  readonly open: (id: number, open: Open, ended: boolean) => void
  /** Content of a scan, in order; `piece` is borrowed until the call returns and may be empty. */
  readonly data: (id: number, piece: Uint8Array, ended: boolean) => void
  /** The client wants no answer any more; nothing may be sent on this stream. */
  readonly cancel: (id: number) => void
  readonly request: (id: number, request: Request) => void
}

export interface ServerOptions extends EndpointOptions {
  /** Whether OPEN may name a path: only where the client is this house itself, as between server and engine. */
  readonly allowPath?: boolean
}

interface Stream {
  readonly kind: 'scan' | 'request'
  /** Content in bytes that the client may still send. */
  window: number
  ended: boolean
}

/**
 * The answering side of a connection: a server towards its clients, an engine towards its server.
 * Checks every transition; whatever reaches the handler is legal. Methods that answer return false, and send nothing,
 * when the stream is already gone (cancelled, answered, connection closed).
 */
export class ServerEndpoint extends Endpoint {
  readonly #handler: ServerHandler
  readonly #allowPath: boolean
  readonly #streams = new Map<number, Stream>()
  #authenticated: boolean
  #lastId = 0
  #draining = false
  /** Content in bytes that may still arrive for streams already answered: it was under way. */
  #grace = 0

  constructor(options: ServerOptions, handler: ServerHandler) {
    super('client', options, handler)
    this.#handler = handler
    this.#allowPath = options.allowPath ?? false
    this.#authenticated = options.hello.auth.length === 0
  }

  /** True once the client may open streams. */
  get authenticated(): boolean {
    return this.#authenticated
  }

  /** Streams without an answer. */
  get openStreams(): number {
    return this.#streams.size
  }

  /** True while `id` waits for its answer. */
  isOpen(id: number): boolean {
    return this.#streams.has(id)
  }

  /** Content in bytes that the client may still send on a stream; 0 when it has ended or the stream is gone. */
  creditOf(id: number): number {
    const stream = this.#streams.get(id)
    return stream === undefined || stream.ended ? 0 : stream.window
  }

  /** Allows `bytes` more content on a stream; 0 does nothing. */
  credit(id: number, bytes: number): boolean {
    const stream = this.#live(id)
    if (stream === undefined || stream.ended || bytes <= 0) return false
    const grant = Math.min(bytes, MAX_WINDOW_BYTES - stream.window)
    stream.window += grant
    this.write(encodeCredit(id, grant))
    return true
  }

  event(id: number, event: StreamEvent): boolean {
    if (this.#live(id) === undefined) return false
    this.write(encodeControl(FRAME.EVENT, id, event))
    return true
  }

  /** Answers a scan. A report longer than MAX_RESULT_BYTES becomes the error `result-too-large`. */
  result(id: number, report: Report): boolean {
    return this.#answer(id, () => encodeControl(FRAME.RESULT, id, report))
  }

  /** Answers a request with any JSON object. */
  reply(id: number, body: object): boolean {
    return this.#answer(id, () => encodeControl(FRAME.REPLY, id, body))
  }

  /** Answers a stream with an error; the connection goes on. */
  error(id: number, error: NativeError): boolean {
    return this.#answer(id, () => encodeControl(FRAME.ERROR, id, errorPayload(error)))
  }

  /** Refuses new streams from now on and tells the client so; open ones are answered. */
  goAway(reason: string): void {
    if (this.#draining || this.closed !== undefined) return
    this.#draining = true
    this.write(encodeControl(FRAME.GOAWAY, 0, { reason, lastStreamId: this.#lastId }))
  }

  protected override onFrame(type: number, flags: number, id: number, payload: Uint8Array): void {
    switch (type) {
      case FRAME.AUTH:
        return this.#onAuth(readAuth(payload))
      case FRAME.OPEN:
        return this.#onOpen(id, readOpen(payload), (flags & FLAG_END) !== 0)
      case FRAME.CANCEL:
        return this.#onCancel(id)
      case FRAME.REQUEST:
        return this.#onRequest(id, readRequest(payload))
      default:
        // ERROR on a stream: a client may say why it gives up; it is a CANCEL.
        return this.#onCancel(id)
    }
  }

  protected override onData(id: number, piece: Uint8Array, flags: number, last: boolean): void {
    const stream = this.#streams.get(id)
    if (stream === undefined) return this.#discard(id, piece.length)
    if (stream.ended) throw new NativeError('stream-ended', `stream ${id}`)
    if (piece.length > stream.window) throw new NativeError('credit-overrun', `stream ${id}`)
    stream.window -= piece.length
    stream.ended = last && (flags & FLAG_END) !== 0
    this.#handler.data(id, piece, stream.ended)
  }

  #onAuth(auth: Auth): void {
    if (!this.#handler.auth(auth)) throw new NativeError('auth-failed')
    this.#authenticated = true
  }

  #begin(id: number, stream: Stream): NativeError | undefined {
    if (!this.#authenticated) throw new NativeError('auth-required')
    if (id <= this.#lastId) throw new NativeError('duplicate-stream', `stream ${id} after ${this.#lastId}`)
    this.#lastId = id
    const full = this.#streams.size >= this.hello.limits.maxStreams
    this.#streams.set(id, stream)
    if (this.#draining) return new NativeError('shutting-down')
    return full ? new NativeError('too-many-streams') : undefined
  }

  #onOpen(id: number, open: Open, ended: boolean): void {
    const refused = this.#begin(id, { kind: 'scan', window: this.hello.limits.windowBytes, ended })
    if (refused !== undefined) return void this.error(id, refused)
    if (open.path !== undefined && !ended) throw new NativeError('bad-payload', 'a path and content')
    if (open.path !== undefined && !this.#allowPath) {
      return void this.error(id, new NativeError('not-permitted', 'send the content, not a path'))
    }
    this.#handler.open(id, open, ended)
  }

  #onRequest(id: number, request: Request): void {
    const refused = this.#begin(id, { kind: 'request', window: 0, ended: true })
    if (refused !== undefined) return void this.error(id, refused)
    this.#handler.request(id, request)
  }

  #onCancel(id: number): void {
    const stream = this.#streams.get(id)
    if (stream === undefined) return this.#discard(id, 0)
    this.#forget(id, stream)
    this.#handler.cancel(id)
  }

  /** What was under way for a stream that is answered already is dropped, up to the credit it still had. */
  #discard(id: number, length: number): void {
    if (id > this.#lastId) throw new NativeError('unknown-stream', `stream ${id}`)
    if (length > this.#grace) throw new NativeError('credit-overrun', `stream ${id}, which is answered`)
    this.#grace -= length
  }

  #answer(id: number, encode: () => Uint8Array): boolean {
    const stream = this.#live(id)
    if (stream === undefined) return false
    this.#forget(id, stream)
    this.write(this.#encodeOrError(id, encode))
    return true
  }

  #encodeOrError(id: number, encode: () => Uint8Array): Uint8Array {
    try {
      return encode()
    } catch (error) {
      if (!(error instanceof NativeError)) throw error
      return encodeControl(FRAME.ERROR, id, errorPayload(error))
    }
  }

  #live(id: number): Stream | undefined {
    return this.closed === undefined ? this.#streams.get(id) : undefined
  }

  #forget(id: number, stream: Stream): void {
    this.#streams.delete(id)
    if (!stream.ended) this.#grace += stream.window
  }
}

import type { Report } from '../../report/index.ts'
import {
  FLAG_END,
  FRAME,
  MAX_DATA_BYTES,
  MAX_STREAM_ID,
  MAX_WINDOW_BYTES,
  MIN_STREAMS,
  MIN_WINDOW_BYTES,
} from './constants.ts'
import { readU32 } from './decoder.ts'
import { Endpoint } from './endpoint.ts'
import type { EndpointHandler, EndpointOptions } from './endpoint.ts'
import { encodeControl, encodeFrame, encodeHeader, joinFrames } from './encoder.ts'
import { NativeError } from './errors.ts'
import { parseObject } from './json.ts'
import type { JsonObject } from './json.ts'
import { errorFromPeer, readError, readEvent, readGoAway, readResult } from './payloads.ts'
import type { GoAway, Hello, Open, StreamEvent } from './payloads.ts'

/** What the asking side tells its owner. After result, reply or error a stream is gone. */
export interface ClientHandler extends EndpointHandler {
  readonly event?: (id: number, event: StreamEvent) => void
  readonly result: (id: number, report: Report) => void
  readonly reply?: (id: number, body: JsonObject) => void
  readonly error: (id: number, error: NativeError) => void
  /** More content may be sent on a stream. */
  readonly credit: (id: number) => void
  readonly goAway?: (goAway: GoAway) => void
}

/** Up to this many bytes, content is copied behind its header: two writes would cost more than the copy. */
const COPY_BYTES = 32 * 1024

interface Stream {
  /** Content in bytes that may be sent now. */
  credit: number
  ended: boolean
}

/** The asking side of a connection: a client towards a server, a server towards its engine. */
export class ClientEndpoint extends Endpoint {
  readonly #handler: ClientHandler
  readonly #streams = new Map<number, Stream>()
  #lastId = 0
  #goAway: GoAway | undefined

  constructor(options: EndpointOptions, handler: ClientHandler) {
    super('server', options, handler)
    this.#handler = handler
  }

  /** Streams that may be open at once, as far as is known. */
  get maxStreams(): number {
    return this.peer?.limits.maxStreams ?? MIN_STREAMS
  }

  /** Credit in bytes that a new stream starts with, as far as is known. */
  get windowBytes(): number {
    return this.peer?.limits.windowBytes ?? MIN_WINDOW_BYTES
  }

  get openStreams(): number {
    return this.#streams.size
  }

  /** True while another stream may be opened. */
  get canOpen(): boolean {
    const free = this.#streams.size < this.maxStreams && this.#lastId < MAX_STREAM_ID
    return free && this.closed === undefined && this.#goAway === undefined
  }

  /** Shows a token; needs no answer, so that streams may follow at once. */
  authenticate(token: string): void {
    this.write(encodeControl(FRAME.AUTH, 0, { method: 'token', token }))
  }

  /**
   * Begins a scan.
   * @param content - the whole content, in the same write, where it is at hand and not longer than `windowBytes`;
   *   empty content is an empty file. Absent: content follows by `send`, or there is a path.
   * @returns the stream id
   * @throws RangeError when `canOpen` is false or the content is too long
   */
  open(open: Open, content?: Uint8Array): number {
    if (!this.canOpen) throw new RangeError('no stream can be opened now')
    const credit = this.windowBytes
    if (content !== undefined && content.length > credit) throw new RangeError('more content than credit')
    const ended = content !== undefined || open.path !== undefined
    const bare = open.path !== undefined || content?.length === 0
    const id = this.#lastId + 1
    const frame = encodeControl(FRAME.OPEN, id, open, bare ? FLAG_END : 0)
    this.#lastId = id
    this.#streams.set(id, { credit: credit - (content?.length ?? 0), ended })
    if (bare || content === undefined) this.write(frame)
    else if (content.length <= COPY_BYTES)
      this.write(joinFrames([frame, encodeFrame(FRAME.DATA, FLAG_END, id, content)]))
    else this.#writeContent(id, content, true, frame)
    return id
  }

  /** Content in bytes that `send` would take now; 0 when the stream is gone. */
  creditOf(id: number): number {
    return this.#streams.get(id)?.credit ?? 0
  }

  /** True while a stream has no answer yet. */
  isOpen(id: number): boolean {
    return this.#streams.has(id)
  }

  /**
   * Sends content, as much as there is credit for.
   * @param end - true when these bytes are the last; they count as such only when all of them are taken
   * @returns how many bytes were taken; 0 also when the stream was answered meanwhile
   */
  send(id: number, bytes: Uint8Array, end: boolean): number {
    const stream = this.#streams.get(id)
    if (stream === undefined || stream.ended || this.closed !== undefined) return 0
    const taken = Math.min(bytes.length, stream.credit)
    if (taken === 0 && bytes.length > 0) return 0
    stream.credit -= taken
    stream.ended = end && taken === bytes.length
    this.#writeContent(id, bytes.subarray(0, taken), stream.ended)
    return taken
  }

  /** Gives up a stream; its answer is not awaited. */
  cancel(id: number): void {
    if (!this.#streams.delete(id) || this.closed !== undefined) return
    this.write(encodeHeader(FRAME.CANCEL, 0, id, 0))
  }

  /** Asks for something else than a scan; answered by `reply` or `error`. */
  request(verb: string, args: JsonObject = {}): number {
    if (!this.canOpen) throw new RangeError('no stream can be opened now')
    const id = this.#lastId + 1
    const frame = encodeControl(FRAME.REQUEST, id, { verb, args })
    this.#lastId = id
    this.#streams.set(id, { credit: 0, ended: true })
    this.write(frame)
    return id
  }

  protected override onHello(peer: Hello): void {
    const more = peer.limits.windowBytes - MIN_WINDOW_BYTES
    for (const [id, stream] of this.#streams) {
      stream.credit += more
      if (more > 0 && !stream.ended) this.#handler.credit(id)
    }
  }

  protected override onFrame(type: number, _flags: number, id: number, payload: Uint8Array): void {
    if (type === FRAME.GOAWAY) return this.#onGoAway(readGoAway(payload))
    if (id > this.#lastId) throw new NativeError('unknown-stream', `stream ${id}`)
    const stream = this.#streams.get(id)
    if (stream === undefined) return // cancelled; the answer had been under way
    if (type === FRAME.CREDIT) return this.#onCredit(id, stream, readU32(payload, 0))
    if (type === FRAME.EVENT) {
      const event = readEvent(payload)
      if (event !== undefined) this.#handler.event?.(id, event)
      return
    }
    this.#onAnswer(type, id, payload)
  }

  protected override onData(): void {
    throw new NativeError('bad-type', 'DATA from a server')
  }

  #onAnswer(type: number, id: number, payload: Uint8Array): void {
    if (type === FRAME.RESULT) {
      const report = readResult(payload)
      this.#streams.delete(id)
      this.#handler.result(id, report)
    } else if (type === FRAME.REPLY) {
      const body = parseObject(payload)
      this.#streams.delete(id)
      this.#handler.reply?.(id, body)
    } else {
      const error = errorFromPeer(readError(payload))
      this.#streams.delete(id)
      this.#handler.error(id, error)
    }
  }

  #onGoAway(goAway: GoAway): void {
    this.#goAway = goAway
    this.#handler.goAway?.(goAway)
  }

  #onCredit(id: number, stream: Stream, bytes: number): void {
    if (bytes === 0 || stream.credit + bytes > MAX_WINDOW_BYTES) {
      throw new NativeError('bad-payload', `a credit of ${bytes} bytes`)
    }
    stream.credit += bytes
    this.#handler.credit(id)
  }

  #writeContent(id: number, bytes: Uint8Array, end: boolean, before?: Uint8Array): void {
    let head = before
    let at = 0
    do {
      const piece = bytes.subarray(at, at + MAX_DATA_BYTES)
      at += piece.length
      const flags = end && at === bytes.length ? FLAG_END : 0
      if (piece.length <= COPY_BYTES) {
        const frame = encodeFrame(FRAME.DATA, flags, id, piece)
        this.write(head === undefined ? frame : joinFrames([head, frame]))
      } else {
        const header = encodeHeader(FRAME.DATA, flags, id, piece.length)
        this.write(head === undefined ? header : joinFrames([head, header]))
        this.write(piece)
      }
      head = undefined
    } while (at < bytes.length)
  }
}

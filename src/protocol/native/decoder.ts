import {
  FRAME,
  FRAME_RULES,
  HEADER_BYTES,
  MAX_STREAM_ID,
  OFFSET_FLAGS,
  OFFSET_LENGTH,
  OFFSET_RESERVED,
  OFFSET_STREAM,
  OFFSET_TYPE,
} from './constants.ts'
import type { FrameRule } from './constants.ts'
import { NativeError } from './errors.ts'

/** Where a decoder puts what it read. All bytes are borrowed: valid only until the call returns. */
export interface FrameHandler {
  /** A whole frame of any type but DATA. */
  frame(type: number, flags: number, streamId: number, payload: Uint8Array): void
  /** A piece of a DATA frame, in order, as it arrived; `last` with the piece that ends the frame. */
  data(streamId: number, piece: Uint8Array, flags: number, last: boolean): void
}

/** Whose frames are read: a server reads what a client may send, and the other way round. */
export type Sender = 'client' | 'server'

const EMPTY = new Uint8Array(0)
/** First allocation for a control frame that arrives in pieces: a claimed length alone buys no memory. */
const FIRST_ALLOCATION_BYTES = 4096

/**
 * Incremental frame decoder. Copies no DATA bytes; a control frame is copied only when it arrives in pieces.
 * Memory: at most twice the bytes received of the control frame being read.
 * Source: docs/protocol.md, "Frames".
 */
export class FrameDecoder {
  readonly #sender: Sender
  readonly #header = new Uint8Array(HEADER_BYTES)
  #headerFill = 0
  #type = 0
  #flags = 0
  #streamId = 0
  #length = 0
  #seen = 0
  #control = EMPTY
  #frameOffset = 0
  #offset = 0
  #failed: NativeError | undefined

  constructor(sender: Sender) {
    this.#sender = sender
  }

  /** True between two frames: the connection may end here. */
  get atBoundary(): boolean {
    return this.#headerFill === 0
  }

  /** Offset in bytes from the start of the connection of the frame being read, or read last. */
  get frameOffset(): number {
    return this.#frameOffset
  }

  /** Bytes consumed since the connection began. */
  get offset(): number {
    return this.#offset
  }

  /**
   * Feeds the next bytes of the connection, any number of them.
   * @throws NativeError for a frame that may not be; the decoder refuses everything after it with the same error.
   */
  push(chunk: Uint8Array, handler: FrameHandler): void {
    if (this.#failed !== undefined) throw this.#failed
    let at = 0
    while (at < chunk.length || this.#complete()) {
      if (this.#headerFill < HEADER_BYTES) {
        at = this.#readHeader(chunk, at)
      } else if (this.#type === FRAME.DATA) {
        at = this.#readData(chunk, at, handler)
      } else {
        at = this.#readControl(chunk, at, handler)
      }
    }
  }

  /** An empty payload is complete without another byte. */
  #complete(): boolean {
    return this.#headerFill === HEADER_BYTES && this.#seen === this.#length
  }

  #readHeader(chunk: Uint8Array, at: number): number {
    if (this.#headerFill === 0) this.#frameOffset = this.#offset
    const take = Math.min(HEADER_BYTES - this.#headerFill, chunk.length - at)
    // Byte by byte: set() with a subarray costs an allocation for at most twelve bytes.
    for (let i = 0; i < take; i++) this.#header[this.#headerFill + i] = chunk[at + i]
    this.#headerFill += take
    this.#offset += take
    if (this.#headerFill === HEADER_BYTES) this.#beginFrame()
    return at + take
  }

  #beginFrame(): void {
    const header = this.#header
    this.#length = readU32(header, OFFSET_LENGTH)
    this.#type = header[OFFSET_TYPE]
    this.#flags = header[OFFSET_FLAGS]
    this.#streamId = readU32(header, OFFSET_STREAM)
    this.#seen = 0
    const rule = FRAME_RULES[this.#type]
    if (rule === undefined) return this.#fail('bad-type', `type ${this.#type}`)
    if (rule.from !== 'both' && rule.from !== this.#sender) {
      return this.#fail('bad-type', `${rule.name} from a ${this.#sender}`)
    }
    if (this.#length > rule.maxBytes) return this.#fail('frame-too-large', `${rule.name} of ${this.#length} bytes`)
    this.#checkRest(rule, (header[OFFSET_RESERVED] << 8) | header[OFFSET_RESERVED + 1])
  }

  #checkRest(rule: FrameRule, reserved: number): void {
    if (this.#length < rule.minBytes) return this.#fail('bad-frame', `${rule.name} of ${this.#length} bytes`)
    if ((this.#flags & ~rule.flags) !== 0) return this.#fail('bad-frame', `${rule.name} with flags ${this.#flags}`)
    if (reserved !== 0) return this.#fail('bad-frame', 'the reserved bytes are not 0')
    if (this.#streamId > MAX_STREAM_ID) return this.#fail('bad-frame', 'the stream id is above 2^31-1')
    if (rule.stream !== 'any' && (this.#streamId !== 0) !== (rule.stream === 1)) {
      return this.#fail('bad-frame', `${rule.name} on stream ${this.#streamId}`)
    }
  }

  #readData(chunk: Uint8Array, at: number, handler: FrameHandler): number {
    const take = Math.min(this.#length - this.#seen, chunk.length - at)
    this.#seen += take
    this.#offset += take
    const last = this.#seen === this.#length
    if (last) this.#headerFill = 0
    handler.data(this.#streamId, chunk.subarray(at, at + take), this.#flags, last)
    return at + take
  }

  #readControl(chunk: Uint8Array, at: number, handler: FrameHandler): number {
    const take = Math.min(this.#length - this.#seen, chunk.length - at)
    const piece = chunk.subarray(at, at + take)
    const whole = take === this.#length
    if (!whole) this.#gather(piece)
    this.#seen += take
    this.#offset += take
    if (this.#seen < this.#length) return at + take
    const payload = whole ? piece : this.#control.subarray(0, this.#length)
    this.#headerFill = 0
    this.#control = EMPTY
    handler.frame(this.#type, this.#flags, this.#streamId, payload)
    return at + take
  }

  #gather(piece: Uint8Array): void {
    const need = this.#seen + piece.length
    if (need > this.#control.length) {
      const room = Math.max(need, this.#control.length * 2, FIRST_ALLOCATION_BYTES)
      const larger = new Uint8Array(Math.min(room, this.#length))
      larger.set(this.#control.subarray(0, this.#seen))
      this.#control = larger
    }
    this.#control.set(piece, this.#seen)
  }

  #fail(code: 'bad-type' | 'bad-frame' | 'frame-too-large', detail: string): never {
    this.#failed = new NativeError(code, detail, { offset: this.#frameOffset })
    throw this.#failed
  }
}

/** Reads four bytes, most significant first. The caller has checked that they are there. */
export const readU32 = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0

import type { EmissionSink } from '../../scan/index.ts'
import { checkEmission, checkHead, maxEmissions, WireViolation } from './emission-check.ts'
import { HEADER_BYTES, KIND, MAX_PAYLOAD_BYTES } from './wire.ts'

// Reads what a child says about one artifact. A child has seen hostile content and may be under its command: size,
// order, kind and number of all frames and every value in them are checked here, and nothing is allocated in
// proportion to a claimed number. Pure: bytes in, calls of a sink out.

/** How a run ended by the child's own word. */
export type WireEnd = { readonly end: 'done' } | { readonly end: 'fault'; readonly message: string }

export interface WireLimits {
  readonly children: number
  readonly outputBytes: number
}

const DONE: WireEnd = { end: 'done' }
const decodeUtf8 = new TextDecoder('utf-8', { fatal: true })

export class FrameDecoder {
  readonly #sink: EmissionSink
  readonly #limits: WireLimits
  readonly #header = new Uint8Array(HEADER_BYTES)
  #headerFill = 0
  #kind = 0
  /** Bytes of the payload that are still to come. */
  #missing = 0
  #payload: Uint8Array = new Uint8Array(0)
  #payloadFill = 0
  #inChild = false
  /** The sink took this child, and is told of its end. */
  #accepted = false
  /** The sink wants more of its content. */
  #wanted = false
  #children = 0
  #outputBytes = 0
  #emissions = 0

  constructor(limits: WireLimits, sink: EmissionSink) {
    this.#limits = limits
    this.#sink = sink
  }

  /** Nothing more will come: a child that the sink has taken is ended. */
  abandon(): void {
    if (this.#inChild) this.#endChild()
  }

  /**
   * Takes the next bytes, borrowed for the call; pieces of content are handed on as parts of them.
   * @returns how the run ended, or undefined while it goes on
   * @throws WireViolation, and whatever the sink throws; the child must be ended then
   */
  push(bytes: Uint8Array): WireEnd | undefined {
    let at = 0
    while (at < bytes.length) {
      if (this.#headerFill < HEADER_BYTES) {
        at = this.#takeHeader(bytes, at)
        if (this.#headerFill < HEADER_BYTES) return undefined
        this.#open()
      }
      const end = Math.min(bytes.length, at + this.#missing)
      if (end > at) this.#take(bytes.subarray(at, end))
      at = end
      if (this.#missing > 0) return undefined
      this.#headerFill = 0
      const over = this.#close()
      if (over === undefined) continue
      if (at < bytes.length) throw new WireViolation('bytes behind the end')
      return over
    }
    return undefined
  }

  #takeHeader(bytes: Uint8Array, from: number): number {
    let at = from
    while (this.#headerFill < HEADER_BYTES && at < bytes.length) this.#header[this.#headerFill++] = bytes[at++]
    return at
  }

  /** A header is whole: is this frame allowed here? */
  #open(): void {
    const [b0, b1, b2, b3, kind] = this.#header
    const length = (b0 | (b1 << 8) | (b2 << 16) | (b3 << 24)) >>> 0
    if (kind < KIND.emission || kind > KIND.fault) throw new WireViolation('a frame of an unknown kind')
    if (length > MAX_PAYLOAD_BYTES[kind]) throw new WireViolation('a frame is too long')
    const within = kind === KIND.data || kind === KIND.end
    if (within && !this.#inChild) throw new WireViolation('content outside of a child')
    if ((kind === KIND.head || kind === KIND.done) && this.#inChild) throw new WireViolation('a child has no end')
    if (kind === KIND.emission && ++this.#emissions > maxEmissions(this.#limits.children)) {
      throw new WireViolation('too many emissions')
    }
    if (kind === KIND.head && ++this.#children > this.#limits.children) throw new WireViolation('too many children')
    if (kind === KIND.data) this.#count(length)
    this.#kind = kind
    this.#missing = length
    this.#payloadFill = 0
  }

  #count(length: number): void {
    if (length === 0) throw new WireViolation('an empty piece')
    this.#outputBytes += length
    if (this.#outputBytes > this.#limits.outputBytes) throw new WireViolation('too many bytes')
  }

  #take(piece: Uint8Array): void {
    this.#missing -= piece.length
    if (this.#kind === KIND.data) {
      if (this.#wanted) this.#wanted = this.#sink.data(piece)
      return
    }
    const need = this.#payloadFill + piece.length
    if (need > this.#payload.length) {
      const larger = new Uint8Array(Math.max(need, this.#payload.length * 2, 1024))
      larger.set(this.#payload.subarray(0, this.#payloadFill))
      this.#payload = larger
    }
    this.#payload.set(piece, this.#payloadFill)
    this.#payloadFill = need
  }

  /** A payload is whole. */
  #close(): WireEnd | undefined {
    switch (this.#kind) {
      case KIND.emission:
        this.#sink.emission(checkEmission(this.#json()))
        return undefined
      case KIND.head: {
        const head = checkHead(this.#json())
        this.#inChild = true
        this.#accepted = this.#sink.child(head)
        this.#wanted = this.#accepted
        return undefined
      }
      case KIND.end:
        this.#endChild()
        return undefined
      case KIND.done:
        return DONE
      // The child may stop in the middle of content.
      case KIND.fault:
        return { end: 'fault', message: this.#text() }
      default:
        return undefined
    }
  }

  #endChild(): void {
    this.#inChild = false
    // As runComponent does: what was not accepted has no end.
    if (this.#accepted) this.#sink.childEnd()
  }

  #text(): string {
    try {
      return decodeUtf8.decode(this.#payload.subarray(0, this.#payloadFill))
    } catch {
      throw new WireViolation('text is not UTF-8')
    }
  }

  #json(): unknown {
    const text = this.#text()
    try {
      return JSON.parse(text)
    } catch {
      throw new WireViolation('not JSON')
    }
  }
}

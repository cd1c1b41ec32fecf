import { bytesOf, equalsAt, latin1 } from '../../bytes/index.ts'
import { MAX_BOUNDARY_CHARS } from './boundaries.ts'

/** A multipart that is being read. */
export interface Frame {
  readonly boundary: string
  readonly bytes: Uint8Array
  readonly byPrefix: boolean
  readonly strictBreaks: boolean
  /** Multiparts and messages around its parts. */
  readonly depth: number
  delimiters: number
  closed: boolean
  /** A line started with the boundary and went on with something else. */
  sawPrefix: boolean
  /** A delimiter stood behind a carriage return without a line feed. */
  sawBareBreak: boolean
}

export interface Match {
  readonly frame: Frame
  readonly index: number
  readonly closes: boolean
}

/** Innermost multiparts whose boundary may be the start of a line; deeper ones are compared as a whole only. */
const MAX_PREFIX_FRAMES = 4

/**
 * The boundaries of all open multiparts, innermost last. A line is looked up once, however many there are.
 */
export class BoundaryStack {
  readonly #frames: Frame[] = []
  readonly #indexes = new Map<string, number[]>()

  get depth(): number {
    return this.#frames.length
  }

  get top(): Frame | undefined {
    return this.#frames.at(-1)
  }

  push(how: Pick<Frame, 'boundary' | 'byPrefix' | 'strictBreaks' | 'depth'>): Frame {
    const { boundary } = how
    const fresh = { delimiters: 0, closed: false, sawPrefix: false, sawBareBreak: false }
    const frame: Frame = { ...how, ...fresh, bytes: bytesOf(boundary) }
    const indexes = this.#indexes.get(boundary)
    if (indexes === undefined) this.#indexes.set(boundary, [this.#frames.length])
    else indexes.push(this.#frames.length)
    this.#frames.push(frame)
    return frame
  }

  /** Takes all frames from `index` on away. */
  cut(index: number): void {
    while (this.#frames.length > index) {
      const { boundary } = this.#frames.pop()!
      const indexes = this.#indexes.get(boundary)!
      indexes.pop()
      if (indexes.length === 0) this.#indexes.delete(boundary)
    }
  }

  /** The multipart that the dash line [start, stop) separates or closes. */
  match(bytes: Uint8Array, start: number, stop: number): Match | undefined {
    if (this.#frames.length === 0 || bytes[start + 1] !== 0x2d) return undefined
    if (stop - start <= MAX_BOUNDARY_CHARS + 100) {
      const text = latin1(bytes, start + 2, stop).trimEnd()
      const index = this.#indexOf(text)
      if (index >= 0) return { frame: this.#frames[index], index, closes: false }
      const inner = text.endsWith('--') ? this.#indexOf(text.slice(0, -2).trimEnd()) : -1
      if (inner >= 0) return { frame: this.#frames[inner], index: inner, closes: true }
    }
    return this.#matchPrefix(bytes, start, stop)
  }

  /** The innermost multipart of that boundary, open ones before closed ones. */
  #indexOf(boundary: string): number {
    const indexes = this.#indexes.get(boundary)
    if (indexes === undefined) return -1
    for (let i = indexes.length - 1; i >= 0; i--) if (!this.#frames[indexes[i]].closed) return indexes[i]
    return indexes.at(-1)!
  }

  #matchPrefix(bytes: Uint8Array, start: number, stop: number): Match | undefined {
    const lowest = Math.max(0, this.#frames.length - MAX_PREFIX_FRAMES)
    for (let index = this.#frames.length - 1; index >= lowest; index--) {
      const frame = this.#frames[index]
      if (frame.bytes.length === 0 || start + 2 + frame.bytes.length > stop) continue
      if (!equalsAt(bytes, start + 2, frame.bytes)) continue
      frame.sawPrefix = true
      const rest = start + 2 + frame.bytes.length
      if (frame.byPrefix) return { frame, index, closes: bytes[rest] === 0x2d && bytes[rest + 1] === 0x2d }
    }
    return undefined
  }
}

// Shared memory for content that outlives the window. The collector does not know its size, so that what is thrown away
// would pile up: it is used again and again instead. One thread's own.

/** Shorter content is not worth a place: so much of it comes with every collection of small objects. */
const MIN_BYTES = 256 << 10
/** What lies here unused, together. */
const MAX_FREE_BYTES = 128 << 20

export class Shelf {
  readonly #maxBytes: number
  readonly #free: SharedArrayBuffer[] = []
  #freeBytes = 0

  /** @param maxBytes - longest content that is ever asked for */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /**
   * Memory of at least so many bytes, with anything in it.
   * @param grows - it will have to grow, to `maxBytes` at most
   */
  take(bytes: number, grows = false): SharedArrayBuffer {
    if (bytes < MIN_BYTES && !grows) return new SharedArrayBuffer(bytes)
    const free = this.#free.sort((a, b) => a.byteLength - b.byteLength)
    const at = free.findIndex(({ byteLength }) => byteLength >= bytes)
    // None is large enough: the largest one grows.
    const [found] = free.splice(at < 0 ? free.length - 1 : at, free.length === 0 ? 0 : 1)
    if (found === undefined) return new SharedArrayBuffer(bytes, { maxByteLength: Math.max(bytes, this.#maxBytes) })
    this.#freeBytes -= found.byteLength
    if (found.byteLength < bytes) found.grow(bytes)
    return found
  }

  /** Gives back what take() gave; nobody reads it any more. */
  give(buffer: SharedArrayBuffer): void {
    if (!buffer.growable || this.#freeBytes + buffer.byteLength > MAX_FREE_BYTES) return
    this.#free.push(buffer)
    this.#freeBytes += buffer.byteLength
  }
}

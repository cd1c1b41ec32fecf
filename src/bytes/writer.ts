/** Little builder of binary files for tests and writers: bytes that grow, integers in either byte order. */
export class Writer {
  readonly #bigEndian: boolean
  #bytes = new Uint8Array(1024)
  #length = 0

  constructor(bigEndian = false) {
    this.#bigEndian = bigEndian
  }

  /** Bytes written so far; also the offset of what is written next. */
  get length(): number {
    return this.#length
  }

  /** Unsigned integer of `size` bytes (1, 2, 4 or 8; exact below 2^53). */
  uint(size: number, value: number): this {
    const at = this.#grow(size)
    let rest = value
    for (let i = 0; i < size; i++) {
      this.#bytes[this.#bigEndian ? at + size - 1 - i : at + i] = rest % 256
      rest = Math.floor(rest / 256)
    }
    return this
  }

  u8(value: number): this {
    return this.uint(1, value)
  }
  u16(value: number): this {
    return this.uint(2, value)
  }
  u32(value: number): this {
    return this.uint(4, value)
  }
  u64(value: number): this {
    return this.uint(8, value)
  }

  /** Copies `bytes`. */
  bytes(bytes: Uint8Array): this {
    const at = this.#grow(bytes.length)
    this.#bytes.set(bytes, at)
    return this
  }

  /** Zeros until the length is `offset`. */
  padTo(offset: number): this {
    if (offset > this.#length) this.#grow(offset - this.#length)
    return this
  }

  /** Zeros until the length is a multiple of `alignment`. */
  align(alignment: number): this {
    return this.padTo(Math.ceil(this.#length / alignment) * alignment)
  }

  /** A copy of what was written. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length)
  }

  #grow(size: number): number {
    const at = this.#length
    this.#length += size
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2))
      larger.set(this.#bytes)
      this.#bytes = larger
    }
    return at
  }
}

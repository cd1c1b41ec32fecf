// Arrays that grow by doubling, for the compiler.

const FIRST_BYTES = 1 << 16

export class GrowableBytes {
  bytes = new Uint8Array(FIRST_BYTES)
  length = 0

  reserve(count: number): void {
    const needed = this.length + count
    if (needed <= this.bytes.length) return
    const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2))
    grown.set(this.bytes.subarray(0, this.length))
    this.bytes = grown
  }
  u8(value: number): void {
    this.reserve(1)
    this.bytes[this.length++] = value
  }
  u16(value: number): void {
    this.u8(value & 0xff)
    this.u8((value >>> 8) & 0xff)
  }
  u32(value: number): void {
    this.u16(value & 0xffff)
    this.u16(value >>> 16)
  }
  append(source: Uint8Array, start = 0, end = source.length): void {
    this.reserve(end - start)
    this.bytes.set(start === 0 && end === source.length ? source : source.subarray(start, end), this.length)
    this.length += end - start
  }
  setU16(at: number, value: number): void {
    this.bytes[at] = value & 0xff
    this.bytes[at + 1] = value >>> 8
  }
  /** Borrowed view of what was written. */
  view(): Uint8Array {
    return this.bytes.subarray(0, this.length)
  }
}

export class GrowableWords {
  words = new Uint32Array(FIRST_BYTES >> 2)
  length = 0

  push(value: number): void {
    if (this.length === this.words.length) {
      const grown = new Uint32Array(this.words.length * 2)
      grown.set(this.words)
      this.words = grown
    }
    this.words[this.length++] = value
  }
  /** Borrowed view of what was written. */
  view(): Uint32Array {
    return this.words.subarray(0, this.length)
  }
}

/** Short programs of which many are the same: each is kept once. */
export class SharedPrograms {
  readonly #bytes = new GrowableBytes()
  readonly #scratch = new GrowableBytes()
  readonly #starts = new Map<string, number>()

  /** Start of the program that `write` writes; one that is the same as before is not kept again. */
  add(write: (out: GrowableBytes) => void): number {
    this.#scratch.length = 0
    write(this.#scratch)
    const program = this.#scratch.view()
    const key = program.join()
    let start = this.#starts.get(key)
    if (start === undefined) {
      start = this.#bytes.length
      this.#starts.set(key, start)
      this.#bytes.append(program)
    }
    return start
  }

  /** Borrowed view of all programs. */
  view(): Uint8Array {
    return this.#bytes.view()
  }
}

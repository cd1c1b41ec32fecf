import { ContentError } from '../bytes/index.ts'

// Bits for decoders of old formats, which are rare and small: plain rather than fast.

/** Bits of input[at, end), the least significant of each byte first. */
export class LsbBits {
  readonly #input: Uint8Array
  readonly #end: number
  #at: number
  #bits = 0
  #count = 0

  constructor(input: Uint8Array, start: number, end = input.length) {
    this.#input = input
    this.#at = start
    this.#end = Math.min(end, input.length)
  }

  /** Offset behind the last byte of which a bit was used. */
  get offset(): number {
    return this.#at
  }

  /** Whether `n` ≤ 16 more bits are there. */
  has(n: number): boolean {
    return this.#count + (this.#end - this.#at) * 8 >= n
  }

  /** The next `n` ≤ 16 bits; the first is the least significant. @throws ContentError malformed at the end */
  take(n: number): number {
    while (this.#count < n) {
      if (this.#at >= this.#end) throw new ContentError('malformed', 'Compressed data end too early', this.#end)
      this.#bits |= this.#input[this.#at++] << this.#count
      this.#count += 8
    }
    const value = this.#bits & ((1 << n) - 1)
    this.#bits >>>= n
    this.#count -= n
    return value
  }
}

/** Bits of input[at, end), the most significant of each byte first. */
export class MsbBits {
  readonly #input: Uint8Array
  readonly #end: number
  #at: number
  #bits = 0
  #count = 0

  constructor(input: Uint8Array, start: number, end = input.length) {
    this.#input = input
    this.#at = start
    this.#end = Math.min(end, input.length)
  }

  get offset(): number {
    return this.#at
  }

  has(n: number): boolean {
    return this.#count + (this.#end - this.#at) * 8 >= n
  }

  /** The next `n` ≤ 16 bits; the first is the most significant. @throws ContentError malformed at the end */
  take(n: number): number {
    while (this.#count < n) {
      if (this.#at >= this.#end) throw new ContentError('malformed', 'Compressed data end too early', this.#end)
      this.#bits = ((this.#bits << 8) | this.#input[this.#at++]) & 0xff_ffff
      this.#count += 8
    }
    this.#count -= n
    return (this.#bits >>> this.#count) & ((1 << n) - 1)
  }
}

const MAX_BITS = 16

/** A canonical prefix code, decoded bit by bit: shorter codes are lower, equally long ones in the order of symbols. */
export class CanonicalCode {
  readonly #counts = new Uint16Array(MAX_BITS + 1)
  readonly #symbols: Uint16Array

  /**
   * @param lengths - bits of the code of each symbol, 0 to 16
   * @throws ContentError malformed where there are more codes than bits can tell apart
   */
  constructor(lengths: Uint8Array) {
    const starts = new Uint16Array(MAX_BITS + 2)
    for (const length of lengths) this.#counts[length]++
    this.#counts[0] = 0
    let left = 1
    for (let bits = 1; bits <= MAX_BITS; bits++) {
      left = left * 2 - this.#counts[bits]
      if (left < 0) throw new ContentError('malformed', 'Prefix codes over-subscribed')
      starts[bits + 1] = starts[bits] + this.#counts[bits]
    }
    this.#symbols = new Uint16Array(lengths.length)
    for (const [symbol, length] of lengths.entries()) if (length > 0) this.#symbols[starts[length]++] = symbol
  }

  /** @param flip - 1: the bits of the codes are turned over. @throws ContentError malformed */
  symbol(bits: LsbBits | MsbBits, flip: 0 | 1 = 0): number {
    let code = 0
    let first = 0
    let index = 0
    for (let length = 1; length <= MAX_BITS; length++) {
      code |= bits.take(1) ^ flip
      const count = this.#counts[length]
      if (code - first < count) return this.#symbols[index + code - first]
      index += count
      first = (first + count) << 1
      code <<= 1
    }
    throw new ContentError('malformed', 'Unknown code', bits.offset)
  }
}

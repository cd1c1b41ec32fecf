import { ContentError } from '../bytes/index.ts'

// Entropy coding of Zstandard (RFC 8878, section 4): tables of FSE and Huffman, and the bit streams that are read from
// their end.

const malformed = (message: string, offset: number): ContentError => new ContentError('malformed', message, offset)

/** Symbols of any FSE code. */
const MAX_SYMBOLS = 256
export const MAX_HUFFMAN_BITS = 11
const MAX_WEIGHT_ACCURACY = 6

/** 25 or more bits from bit `at` of the stream that starts at `start`, least significant first. */
export function bitsAt(input: Uint8Array, start: number, at: number): number {
  const p = start + (at >> 3)
  return (input[p] | (input[p + 1] << 8) | (input[p + 2] << 16) | (input[p + 3] << 24)) >>> (at & 7)
}

/** Number of bits of input[start, end) without the mark of its end, the highest bit that is set. */
export function streamBits(input: Uint8Array, start: number, end: number): number {
  if (end <= start || input[end - 1] === 0) throw malformed('A bit stream without a mark of its end', end)
  return (end - start) * 8 - 1 - Math.clz32(input[end - 1]) + 24
}

/** One FSE code. An entry: base of the next state << 16 | bits to read << 8 | symbol. */
export class FseTable {
  readonly entries: Int32Array
  accuracy = 0
  readonly #counts = new Int16Array(MAX_SYMBOLS)
  readonly #next = new Uint16Array(MAX_SYMBOLS)

  constructor(maxAccuracy: number) {
    this.entries = new Int32Array(1 << maxAccuracy)
  }

  /** Every state is `symbol` and reads nothing. */
  repeat(symbol: number): void {
    this.accuracy = 0
    this.entries[0] = symbol
  }

  /** From probabilities; -1: less than one. */
  build(accuracy: number, probabilities: ArrayLike<number>, symbols: number): void {
    this.accuracy = accuracy
    const size = 1 << accuracy
    const { entries } = this
    const next = this.#next
    let high = size
    for (let symbol = 0; symbol < symbols; symbol++) {
      if (probabilities[symbol] !== -1) next[symbol] = probabilities[symbol]
      else {
        entries[--high] = symbol
        next[symbol] = 1
      }
    }
    const step = (size >> 1) + (size >> 3) + 3
    let position = 0
    for (let symbol = 0; symbol < symbols; symbol++)
      for (let i = 0; i < probabilities[symbol]; i++) {
        entries[position] = symbol
        do position = (position + step) & (size - 1)
        while (position >= high)
      }
    for (let state = 0; state < size; state++) {
      const symbol = entries[state]
      const x = next[symbol]++
      const bits = accuracy - (31 - Math.clz32(x))
      entries[state] = (((x << bits) - size) << 16) | (bits << 8) | symbol
    }
  }

  /**
   * Reads a description (section 4.1.1) from input[start, end).
   * @returns the offset behind it
   */
  read(input: Uint8Array, start: number, end: number, maxAccuracy: number, maxSymbols: number): number {
    const counts = this.#counts
    const bitEnd = (end - start) * 8
    let at = 4
    if (bitEnd < 8) throw malformed('A table ends too early', end)
    const accuracy = (input[start] & 15) + 5
    if (accuracy > maxAccuracy) throw malformed('Accuracy of a table', start)
    let left = (1 << accuracy) + 1
    let symbol = 0
    while (left > 1 && symbol < maxSymbols) {
      const bits = 32 - Math.clz32(left)
      const value = bitsAt(input, start, at) & ((1 << bits) - 1)
      const low = value & ((1 << (bits - 1)) - 1)
      const short = (1 << bits) - 1 - left
      let probability = value
      if (low < short) {
        probability = low
        at += bits - 1
      } else {
        if (value >= 1 << (bits - 1)) probability -= short
        at += bits
      }
      if (at > bitEnd) throw malformed('A table ends too early', end)
      counts[symbol++] = --probability
      left -= Math.abs(probability)
      if (probability !== 0) continue
      for (let repeat = 3; repeat === 3;) {
        repeat = bitsAt(input, start, at) & 3
        at += 2
        if (at > bitEnd) throw malformed('A table ends too early', end)
        if (symbol + repeat > maxSymbols) throw malformed('More symbols than a table may have', start)
        for (let i = 0; i < repeat; i++) counts[symbol++] = 0
      }
    }
    if (left !== 1) throw malformed('Probabilities of a table', start)
    this.build(accuracy, counts, symbol)
    return start + ((at + 7) >> 3)
  }
}

/** The prefix code of literals. An entry: symbol << 8 | bits. */
export class HuffmanTable {
  readonly entries = new Uint16Array(1 << MAX_HUFFMAN_BITS)
  /** 0: there is none yet. */
  bits = 0
  readonly #weights = new Uint8Array(MAX_SYMBOLS)
  readonly #fse = new FseTable(MAX_WEIGHT_ACCURACY)

  /**
   * Reads a description (section 4.2.1) from input[start, end).
   * @returns the offset behind it
   */
  read(input: Uint8Array, start: number, end: number): number {
    if (start >= end) throw malformed('A table ends too early', end)
    const header = input[start]
    const direct = header >= 128
    const size = direct ? (header - 126) >> 1 : header
    const behind = start + 1 + size
    if (behind > end) throw malformed('A table ends too early', end)
    const count = direct
      ? this.#directWeights(input, start + 1, header - 127)
      : this.#fseWeights(input, start + 1, behind)
    this.#build(count, start)
    return behind
  }

  #directWeights(input: Uint8Array, start: number, count: number): number {
    for (let i = 0; i < count; i++) this.#weights[i] = (input[start + (i >> 1)] >> (i & 1 ? 0 : 4)) & 15
    return count
  }

  /** Two states take turns until the bits are used up. */
  #fseWeights(input: Uint8Array, start: number, end: number): number {
    const { entries } = this.#fse
    const streamStart = this.#fse.read(input, start, end, MAX_WEIGHT_ACCURACY, 256)
    let at = streamBits(input, streamStart, end)
    const take = (bits: number): number => {
      at -= bits
      if (at >= 0) return bitsAt(input, streamStart, at) & ((1 << bits) - 1)
      // Bits before the start are zero.
      return at + bits <= 0 ? 0 : (bitsAt(input, streamStart, 0) & ((1 << (at + bits)) - 1)) << -at
    }
    let state = take(this.#fse.accuracy)
    let other = take(this.#fse.accuracy)
    if (at < 0) throw malformed('Weights end too early', end)
    for (let count = 0; count < MAX_SYMBOLS - 2;) {
      const entry = entries[state]
      this.#weights[count++] = entry
      const next = (entry >>> 16) + take((entry >> 8) & 255)
      if (at < 0) {
        this.#weights[count++] = entries[other]
        return count
      }
      state = other
      other = next
    }
    throw malformed('More weights than symbols', start)
  }

  /** The weight of the last symbol is what is left to a power of two. */
  #build(count: number, offset: number): void {
    const weights = this.#weights
    let sum = 0
    for (let i = 0; i < count; i++) {
      if (weights[i] > MAX_HUFFMAN_BITS + 1) throw malformed('A weight of a table', offset)
      sum += weights[i] > 0 ? 1 << (weights[i] - 1) : 0
    }
    if (sum === 0) throw malformed('Weights of a table', offset)
    const bits = 32 - Math.clz32(sum)
    const rest = (1 << bits) - sum
    if (bits > MAX_HUFFMAN_BITS || (rest & (rest - 1)) !== 0) throw malformed('Weights of a table', offset)
    weights[count] = 32 - Math.clz32(rest)
    this.bits = bits
    let at = 0
    for (let weight = 1; weight <= bits; weight++)
      for (let symbol = 0; symbol <= count; symbol++) {
        if (weights[symbol] !== weight) continue
        const next = at + (1 << (weight - 1))
        this.entries.fill((symbol << 8) | (bits + 1 - weight), at, next)
        at = next
      }
  }

  /** Decodes input[start, end), read from its end, to out[at, stop). */
  decode(input: Uint8Array, start: number, end: number, out: Uint8Array, at: number, stop: number): void {
    const { entries, bits } = this
    const mask = (1 << bits) - 1
    const shift = 25 - bits
    let left = streamBits(input, start, end)
    while (left >= 25 && at + 1 < stop) {
      const value = bitsAt(input, start, left - 25)
      const first = entries[(value >>> shift) & mask]
      const second = entries[(value >>> (shift - (first & 255))) & mask]
      out[at] = first >> 8
      out[at + 1] = second >> 8
      at += 2
      left -= (first & 255) + (second & 255)
    }
    while (at < stop) {
      const rest = left - bits
      const index =
        rest >= 0 ? bitsAt(input, start, rest) & mask : (bitsAt(input, start, 0) & ((1 << left) - 1)) << -rest
      const entry = entries[index]
      left -= entry & 255
      if (left < 0) throw malformed('Literals end too early', start)
      out[at++] = entry >> 8
    }
    if (left !== 0) throw malformed('Literals do not end with their stream', start)
  }
}

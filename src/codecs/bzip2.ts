import { ContentError } from '../bytes/index.ts'
import { RANDOM_NUMBERS } from './bzip2-random.ts'
import type { Decoder } from './decoder.ts'
import { members } from './members.ts'
import { PIECE_BYTES } from './window.ts'

const BLOCK_UNIT_BYTES = 100_000
const GROUP_SYMBOLS = 50
const MAX_SYMBOLS = 258
const MAX_TABLES = 6
const MAX_CODE_BITS = 20
/** Codes up to this long are looked up at once. */
const FAST_BITS = 10
const MAX_SELECTORS = 1 << 15
/** The longest run that five bytes can say. */
const MAX_RUN_BYTES = 4 + 255

/** One of the prefix codes of a block, read most significant bit first. */
class PrefixCode {
  /** Symbol << 5 | bits for codes of at most FAST_BITS; 0: longer, or none. */
  readonly fast = new Uint16Array(1 << FAST_BITS)
  /** By bits: the last code of that length, left-aligned to MAX_CODE_BITS, plus one. */
  readonly limits = new Int32Array(MAX_CODE_BITS + 2)
  /** By bits: index in `symbols` minus code. */
  readonly bases = new Int32Array(MAX_CODE_BITS + 2)
  readonly symbols = new Uint16Array(MAX_SYMBOLS)

  build(lengths: Uint8Array, count: number): void {
    this.fast.fill(0)
    let code = 0
    let index = 0
    for (let bits = 1; bits <= MAX_CODE_BITS; bits++) {
      this.bases[bits] = index - code
      for (let symbol = 0; symbol < count; symbol++) {
        if (lengths[symbol] !== bits) continue
        this.symbols[index++] = symbol
        if (bits <= FAST_BITS && code < 1 << bits) {
          const from = code << (FAST_BITS - bits)
          this.fast.fill((symbol << 5) | bits, from, from + (1 << (FAST_BITS - bits)))
        }
        code++
      }
      this.limits[bits] = Math.min(code, 1 << bits) << (MAX_CODE_BITS - bits)
      code <<= 1
    }
  }
}

/** What a stream works with; streams that follow each other share it, so that many small ones cost little. */
class Tables {
  /** Inverse of the transform: next index << 8 | byte. */
  links = new Uint32Array(0)
  readonly out = new Uint8Array(PIECE_BYTES + MAX_RUN_BYTES)
  readonly codes = Array.from({ length: MAX_TABLES }, () => new PrefixCode())
  readonly selectors = new Uint8Array(MAX_SELECTORS)
  readonly alphabet = new Uint8Array(256)
  readonly lengths = new Uint8Array(MAX_SYMBOLS)
  readonly starts = new Int32Array(256)

  linksFor(blockBytes: number): Uint32Array {
    if (this.links.length < blockBytes) this.links = new Uint32Array(blockBytes)
    return this.links
  }
}

class Bunzip {
  readonly #input: Uint8Array
  #pos: number
  #bits = 0
  #count = 0
  readonly #blockBytes: number
  readonly #links: Uint32Array
  readonly #out: Uint8Array
  readonly #codes: readonly PrefixCode[]
  readonly #selectors: Uint8Array
  readonly #alphabet: Uint8Array
  readonly #lengths: Uint8Array
  readonly #starts: Int32Array
  #size = 0

  constructor(input: Uint8Array, start: number, tables: Tables) {
    this.#input = input
    this.#pos = start + 4
    const level = start + 4 <= input.length ? input[start + 3] - 0x30 : 0
    if (level < 1 || level > 9 || input[start] !== 0x42 || input[start + 1] !== 0x5a || input[start + 2] !== 0x68)
      throw new ContentError('malformed', 'No header of bzip2', start)
    this.#blockBytes = level * BLOCK_UNIT_BYTES
    this.#links = tables.linksFor(this.#blockBytes)
    this.#out = tables.out
    this.#codes = tables.codes
    this.#selectors = tables.selectors
    this.#alphabet = tables.alphabet
    this.#lengths = tables.lengths
    this.#starts = tables.starts
  }

  *run(): Decoder {
    for (;;) {
      const high = this.#take(24)
      const low = this.#take(24)
      if (high === 0x177245 && low === 0x385090) break
      if (high !== 0x314159 || low !== 0x265359) this.#fail('Neither a block nor the end of the stream')
      yield* this.#block()
    }
    this.#take(16)
    this.#take(16)
    return this.#pos - (this.#count >> 3)
  }

  #fail(message: string): never {
    throw new ContentError('malformed', message, Math.min(this.#pos, this.#input.length))
  }

  /** The next `n` ≤ 24 bits. */
  #take(n: number): number {
    while (this.#count < n) {
      if (this.#pos >= this.#input.length) this.#fail('Compressed data end too early')
      this.#bits = (this.#bits << 8) | this.#input[this.#pos++]
      this.#count += 8
    }
    this.#count -= n
    return (this.#bits >>> this.#count) & ((1 << n) - 1)
  }

  *#block(): Decoder {
    this.#take(16)
    this.#take(16)
    const randomised = this.#take(1) === 1
    const origin = this.#take(24)
    const used = this.#readAlphabet()
    if (used === 0) this.#fail('A block without symbols')
    const tables = this.#take(3)
    if (tables < 2 || tables > MAX_TABLES) this.#fail('Number of coding tables')
    const selectors = this.#readSelectors(tables)
    for (let i = 0; i < tables; i++) this.#readCode(this.#codes[i], used + 2)
    this.#starts.fill(0)
    this.#readSymbols(used, selectors)
    if (origin >= this.#size) this.#fail('Origin outside of the block')
    this.#link()
    return yield* this.#output(origin, randomised)
  }

  #readAlphabet(): number {
    const rows = this.#take(16)
    let used = 0
    for (let row = 0; row < 16; row++) {
      if ((rows & (0x8000 >> row)) === 0) continue
      const columns = this.#take(16)
      for (let column = 0; column < 16; column++)
        if ((columns & (0x8000 >> column)) !== 0) this.#alphabet[used++] = row * 16 + column
    }
    return used
  }

  #readSelectors(tables: number): number {
    const count = this.#take(15)
    if (count === 0) this.#fail('No selectors')
    const order = [0, 1, 2, 3, 4, 5]
    for (let i = 0; i < count; i++) {
      let rank = 0
      while (this.#take(1) === 1) if (++rank >= tables) this.#fail('Selector of a table that is not there')
      const [table] = order.splice(rank, 1)
      order.unshift(table)
      this.#selectors[i] = table
    }
    return count
  }

  #readCode(code: PrefixCode, symbols: number): void {
    let bits = this.#take(5)
    for (let symbol = 0; symbol < symbols; symbol++) {
      for (;;) {
        if (bits < 1 || bits > MAX_CODE_BITS) this.#fail('Length of a code')
        if (this.#take(1) === 0) break
        bits += this.#take(1) === 0 ? 1 : -1
      }
      this.#lengths[symbol] = bits
    }
    code.build(this.#lengths, symbols)
  }

  /** Undoes prefix codes, zero runs and move-to-front: bytes to `links`, their numbers to `starts`. */
  #readSymbols(used: number, selectors: number): void {
    const front = this.#alphabet
    const links = this.#links
    const starts = this.#starts
    const end = used + 1
    let size = 0
    let run = 0
    let weight = 1
    for (let group = 0; ; group++) {
      if (group >= selectors) this.#fail('More groups than selectors')
      const code = this.#codes[this.#selectors[group]]
      for (let i = 0; i < GROUP_SYMBOLS; i++) {
        const symbol = this.#symbol(code)
        if (symbol <= 1) {
          if (weight > this.#blockBytes) this.#fail('A run longer than its block')
          run += weight << symbol
          weight <<= 1
          continue
        }
        if (run > 0) {
          if (size + run > this.#blockBytes) this.#fail('More bytes than the size of a block')
          links.fill(front[0], size, size + run)
          starts[front[0]] += run
          size += run
          run = 0
          weight = 1
        }
        if (symbol === end) {
          this.#size = size
          return
        }
        if (size >= this.#blockBytes) this.#fail('More bytes than the size of a block')
        const byte = front[symbol - 1]
        if (symbol < 16) for (let at = symbol - 1; at > 0; at--) front[at] = front[at - 1]
        else front.copyWithin(1, 0, symbol - 1)
        front[0] = byte
        links[size++] = byte
        starts[byte]++
      }
    }
  }

  #symbol(code: PrefixCode): number {
    let count = this.#count
    let bits = this.#bits
    const input = this.#input
    while (count <= 24 && this.#pos < input.length) {
      bits = (bits << 8) | input[this.#pos++]
      count += 8
    }
    this.#bits = bits
    const next = count >= MAX_CODE_BITS ? bits >>> (count - MAX_CODE_BITS) : bits << (MAX_CODE_BITS - count)
    const window = next & ((1 << MAX_CODE_BITS) - 1)
    const fast = code.fast[window >>> (MAX_CODE_BITS - FAST_BITS)]
    let length = fast & 31
    let symbol = fast >>> 5
    if (length === 0) {
      length = FAST_BITS + 1
      while (length <= MAX_CODE_BITS && window >= code.limits[length]) length++
      if (length > MAX_CODE_BITS) this.#fail('Unknown code')
      symbol = code.symbols[code.bases[length] + (window >>> (MAX_CODE_BITS - length))]
    }
    if (length > count) this.#fail('Compressed data end too early')
    this.#count = count - length
    return symbol
  }

  #link(): void {
    const links = this.#links
    const starts = this.#starts
    for (let i = 0, sum = 0; i < 256; i++) {
      const count = starts[i]
      starts[i] = sum
      sum += count
    }
    for (let i = 0; i < this.#size; i++) links[starts[links[i] & 255]++] |= i << 8
  }

  /** Follows the links and undoes the first run-length coding. */
  *#output(origin: number, randomised: boolean): Decoder {
    const links = this.#links
    const out = this.#out
    const size = this.#size
    let link = links[origin]
    let at = 0
    let same = 0
    let previous = -1
    let randomIndex = 0
    let untilRandom = 0
    for (let i = 0; i < size;) {
      for (; i < size && at < PIECE_BYTES; i++) {
        link = links[link >>> 8]
        let byte = link & 255
        if (randomised) {
          if (untilRandom === 0) untilRandom = RANDOM_NUMBERS[randomIndex++ % RANDOM_NUMBERS.length]
          if (--untilRandom === 1) byte ^= 1
        }
        if (same === 4) {
          out.fill(previous, at, at + byte)
          at += byte
          same = 0
          previous = -1
          continue
        }
        same = byte === previous ? same + 1 : 1
        previous = byte
        out[at++] = byte
      }
      if (at > 0) yield out.subarray(0, at)
      at = 0
    }
    return this.#pos
  }
}

const isBzip2 = (input: Uint8Array, at: number): boolean =>
  input[at] === 0x42 && input[at + 1] === 0x5a && input[at + 2] === 0x68

/**
 * bzip2, all streams that follow each other, with the randomised blocks of old versions. Checksums are not compared.
 * A block that is not there to its end gives nothing. Pieces of at most 65 KiB. About 30 MB/s, as the tool itself.
 * @throws ContentError malformed, after the blocks before it
 */
export function bzip2(input: Uint8Array, start: number): Decoder {
  const tables = new Tables()
  return members(input, start, (bytes, at) => new Bunzip(bytes, at, tables).run(), isBzip2)
}

import { ContentError } from '../bytes/index.ts'
import type { Window } from './window.ts'
import { bitsAt, FseTable, HuffmanTable, streamBits } from './zstd-entropy.ts'

// One compressed block of Zstandard (RFC 8878, section 3.1.1.2.3 on).

export const MAX_BLOCK_BYTES = 128 << 10
const MAX_ACCURACY = 9
const MAX_OFFSET_ACCURACY = 8
const SHORT_COPY_BYTES = 32

const malformed = (message: string, offset: number): ContentError => new ContentError('malformed', message, offset)

/** Base << 5 | extra bits, for each code. */
function ranges(first: number, extraBits: readonly number[]): Int32Array {
  let base = first
  return Int32Array.from(extraBits, bits => {
    const range = (base << 5) | bits
    base += 1 << bits
    return range
  })
}

const zeros = (count: number): readonly number[] => Array.from({ length: count }, () => 0)
// oxfmt-ignore
const LITERAL_LENGTHS = ranges(0, [
  ...zeros(16), 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
])
// oxfmt-ignore
const MATCH_LENGTHS = ranges(3, [
  ...zeros(32), 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
])
const MAX_OFFSET_CODE = 31

// Section 3.1.1.3.2.2: the probabilities where a block brings none.
// oxfmt-ignore
const LITERAL_LENGTH_DEFAULT = [
  4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1,
]
// oxfmt-ignore
const MATCH_LENGTH_DEFAULT = [
  1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
  1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1,
]
// oxfmt-ignore
const OFFSET_DEFAULT = [
  1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1,
]

/** One of the three codes of sequences. */
interface SequenceCode {
  readonly table: FseTable
  isSet: boolean
  readonly defaults: readonly number[]
  readonly defaultAccuracy: number
  readonly maxAccuracy: number
  readonly symbols: number
}

const sequenceCode = (
  defaults: readonly number[],
  defaultAccuracy: number,
  maxAccuracy: number,
  symbols: number,
): SequenceCode => ({
  table: new FseTable(maxAccuracy),
  isSet: false,
  defaults,
  defaultAccuracy,
  maxAccuracy,
  symbols,
})

/** What blocks of one frame hand on to each other, and the decoding of one. */
export class ZstdBlocks {
  readonly #input: Uint8Array
  #window: Window
  readonly #huffman = new HuffmanTable()
  readonly #lengths = sequenceCode(LITERAL_LENGTH_DEFAULT, 6, MAX_ACCURACY, LITERAL_LENGTHS.length)
  readonly #matches = sequenceCode(MATCH_LENGTH_DEFAULT, 6, MAX_ACCURACY, MATCH_LENGTHS.length)
  readonly #offsets = sequenceCode(OFFSET_DEFAULT, 5, MAX_OFFSET_ACCURACY, MAX_OFFSET_CODE + 1)
  readonly #literals = new Uint8Array(MAX_BLOCK_BYTES)
  #literalBytes = 0
  #repeat1 = 1
  #repeat2 = 4
  #repeat3 = 8

  /** @param window - with a slack of at least MAX_BLOCK_BYTES */
  constructor(input: Uint8Array, window: Window) {
    this.#input = input
    this.#window = window
  }

  /** Forgets everything: a new frame begins, with a window of its own or the same one, reset. */
  begin(window: Window): void {
    this.#window = window
    this.#huffman.bits = 0
    for (const code of [this.#lengths, this.#matches, this.#offsets]) code.isSet = false
    this.#repeat1 = 1
    this.#repeat2 = 4
    this.#repeat3 = 8
  }

  /** Decodes the block input[start, end) to the window, whole. @throws ContentError malformed */
  decode(start: number, end: number): void {
    let at = this.#readLiterals(start, end)
    const count = this.#sequenceCount(at, end)
    at = count.behind
    let used = 0
    const blockStart = this.#window.at
    if (count.sequences > 0) {
      at = this.#readTables(at, end)
      used = this.#sequences(at, end, count.sequences, blockStart + MAX_BLOCK_BYTES)
    }
    const rest = this.#literals.subarray(used, this.#literalBytes)
    if (this.#window.at + rest.length > blockStart + MAX_BLOCK_BYTES) throw malformed('A block is too large', end)
    this.#window.bytes.set(rest, this.#window.at)
    this.#window.at += rest.length
  }

  /** Section 3.1.1.3.1. @returns the offset behind them */
  #readLiterals(start: number, end: number): number {
    const input = this.#input
    if (start + 5 > end && start + 1 + ((input[start] >> 2) & 3) > end) throw malformed('A block ends too early', end)
    const type = input[start] & 3
    const format = (input[start] >> 2) & 3
    if (type < 2) return this.#plainLiterals(start, end, type, format)
    const headerBytes = format < 2 ? 3 : format + 2
    if (start + headerBytes > end) throw malformed('A block ends too early', end)
    const sizeBits = format < 2 ? 10 : format === 2 ? 14 : 18
    // Two numbers of up to 18 bits behind 4 bits: more than 32 in all.
    const low = bitsAt(input, start, 4) & ((1 << sizeBits) - 1)
    const packed = bitsAt(input, start, 4 + sizeBits) & ((1 << sizeBits) - 1)
    const behind = start + headerBytes + packed
    if (behind > end || low > MAX_BLOCK_BYTES) throw malformed('Size of literals', start)
    let at = start + headerBytes
    if (type === 2) at = this.#huffman.read(input, at, behind)
    else if (this.#huffman.bits === 0) throw malformed('Literals without a table', start)
    if (format === 0) this.#huffman.decode(input, at, behind, this.#literals, 0, low)
    else this.#fourStreams(at, behind, low)
    this.#literalBytes = low
    return behind
  }

  #plainLiterals(start: number, end: number, type: number, format: number): number {
    const input = this.#input
    const headerBytes = (format & 1) === 0 ? 1 : format === 1 ? 2 : 3
    const first = input[start]
    let size = first >> 3
    if (headerBytes > 1) size = (first >> 4) + (input[start + 1] << 4)
    if (headerBytes > 2) size += input[start + 2] << 12
    const at = start + headerBytes
    const behind = at + (type === 0 ? size : 1)
    if (behind > end || size > MAX_BLOCK_BYTES) throw malformed('Size of literals', start)
    if (type === 0) this.#literals.set(input.subarray(at, behind))
    else this.#literals.fill(input[at], 0, size)
    this.#literalBytes = size
    return behind
  }

  /** Section 3.1.1.3.1.6: three sizes of two bytes, then four streams. */
  #fourStreams(start: number, end: number, size: number): void {
    const input = this.#input
    const quarter = (size + 3) >> 2
    if (start + 6 > end || quarter * 3 > size) throw malformed('Sizes of four streams', start)
    let at = start + 6
    for (let i = 0; i < 4; i++) {
      const behind = i === 3 ? end : at + (input[start + 2 * i] | (input[start + 2 * i + 1] << 8))
      if (behind > end) throw malformed('Sizes of four streams', start)
      const stop = i === 3 ? size : quarter * (i + 1)
      this.#huffman.decode(input, at, behind, this.#literals, quarter * i, stop)
      at = behind
    }
  }

  #sequenceCount(start: number, end: number): { sequences: number; behind: number } {
    const input = this.#input
    if (start >= end) throw malformed('A block ends too early', end)
    const first = input[start]
    const bytes = first < 128 ? 1 : first < 255 ? 2 : 3
    if (start + bytes > end) throw malformed('A block ends too early', end)
    let sequences = first
    if (bytes === 2) sequences = ((first - 128) << 8) + input[start + 1]
    if (bytes === 3) sequences = input[start + 1] + (input[start + 2] << 8) + 0x7f00
    return { sequences, behind: start + bytes }
  }

  #readTables(start: number, end: number): number {
    if (start >= end) throw malformed('A block ends too early', end)
    const modes = this.#input[start]
    let at = this.#readTable(this.#lengths, modes >> 6, start + 1, end)
    at = this.#readTable(this.#offsets, (modes >> 4) & 3, at, end)
    return this.#readTable(this.#matches, (modes >> 2) & 3, at, end)
  }

  #readTable(code: SequenceCode, mode: number, at: number, end: number): number {
    if (mode === 3) {
      if (!code.isSet) throw malformed('A table is to be repeated that is not there', at)
      return at
    }
    code.isSet = true
    if (mode === 0) code.table.build(code.defaultAccuracy, code.defaults, code.defaults.length)
    if (mode === 2) return code.table.read(this.#input, at, end, code.maxAccuracy, code.symbols)
    if (mode === 1) {
      if (at >= end || this.#input[at] >= code.symbols) throw malformed('Symbol of a table', at)
      code.table.repeat(this.#input[at])
      return at + 1
    }
    return at
  }

  /** Section 3.1.1.4. @returns how many of the literals were used */
  #sequences(start: number, end: number, count: number, limit: number): number {
    const input = this.#input
    const window = this.#window
    const out = window.bytes
    const literals = this.#literals
    const lengthEntries = this.#lengths.table.entries
    const offsetEntries = this.#offsets.table.entries
    const matchEntries = this.#matches.table.entries
    let left = streamBits(input, start, end)
    let literal = 0
    let at = window.at
    const take = (bits: number): number => {
      left -= bits
      return bitsAt(input, start, left) & ((1 << bits) - 1)
    }
    let lengthState = take(this.#lengths.table.accuracy)
    let offsetState = take(this.#offsets.table.accuracy)
    let matchState = take(this.#matches.table.accuracy)
    for (let i = 0; i < count; i++) {
      const lengthEntry = lengthEntries[lengthState]
      const offsetEntry = offsetEntries[offsetState]
      const matchEntry = matchEntries[matchState]
      const offsetBits = offsetEntry & 255
      let value = 0
      if (offsetBits <= 24) value = (1 << offsetBits) + take(offsetBits)
      else value = 2 ** offsetBits + take(offsetBits - 24) * 0x100_0000 + take(24)
      const matchRange = MATCH_LENGTHS[matchEntry & 255]
      const matchLength = (matchRange >> 5) + take(matchRange & 31)
      const lengthRange = LITERAL_LENGTHS[lengthEntry & 255]
      const literalLength = (lengthRange >> 5) + take(lengthRange & 31)
      const distance = this.#distance(value, literalLength)
      if (i < count - 1) {
        lengthState = (lengthEntry >>> 16) + take((lengthEntry >> 8) & 255)
        matchState = (matchEntry >>> 16) + take((matchEntry >> 8) & 255)
        offsetState = (offsetEntry >>> 16) + take((offsetEntry >> 8) & 255)
      }
      window.at = at
      if (left < 0) throw malformed('Sequences end too early', start)
      if (literal + literalLength > this.#literalBytes) throw malformed('More literals than there are', start)
      if (at + literalLength + matchLength > limit) throw malformed('A block is too large', start)
      if (literalLength > SHORT_COPY_BYTES) {
        out.set(literals.subarray(literal, literal + literalLength), at)
        at += literalLength
        literal += literalLength
      } else for (const stop = literal + literalLength; literal < stop;) out[at++] = literals[literal++]
      window.at = at
      if (distance > at) window.tooFar(distance, start)
      if (matchLength > SHORT_COPY_BYTES) {
        window.copy(distance, matchLength, start)
        at += matchLength
      } else {
        let from = at - distance
        for (const stop = at + matchLength; at < stop;) out[at++] = out[from++]
      }
    }
    window.at = at
    return literal
  }

  /** Section 3.1.1.5: values of 1 to 3 name one of the last distances. */
  #distance(value: number, literalLength: number): number {
    if (value > 3) {
      this.#repeat3 = this.#repeat2
      this.#repeat2 = this.#repeat1
      this.#repeat1 = value - 3
      return this.#repeat1
    }
    const which = literalLength === 0 ? value + 1 : value
    if (which === 1) return this.#repeat1
    const distance = which === 2 ? this.#repeat2 : which === 3 ? this.#repeat3 : this.#repeat1 - 1
    if (which > 2) this.#repeat3 = this.#repeat2
    this.#repeat2 = this.#repeat1
    this.#repeat1 = distance
    if (distance === 0) throw malformed('A distance of zero', 0)
    return distance
  }
}

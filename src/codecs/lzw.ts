import { ContentError } from '../bytes/index.ts'
import type { Decoder } from './decoder.ts'
import { pull } from './pull.ts'
import { Window } from './window.ts'

const MIN_BITS = 9
const MAX_BITS = 16
const PDF_BITS = 12
const CLEAR = 256
const PDF_END = 257

/** The dictionary of LZW: each string is an earlier one and a byte. */
class Strings {
  readonly #prefixes: Uint16Array
  readonly #suffixes: Uint8Array
  readonly #lengths: Uint32Array
  readonly #first: number
  readonly #max: number
  /** The next code to be given. */
  size: number
  #previous = -1
  #firstByte = 0

  /** @param first - the first code that is no byte and means nothing else */
  constructor(first: number, bits: number) {
    this.#first = first
    this.#max = 1 << bits
    this.size = first
    this.#prefixes = new Uint16Array(this.#max)
    this.#suffixes = new Uint8Array(this.#max)
    this.#lengths = new Uint32Array(this.#max).fill(1, 0, 256)
    for (let byte = 0; byte < 256; byte++) this.#suffixes[byte] = byte
  }

  clear(): void {
    this.size = this.#first
    this.#previous = -1
  }

  /** Writes the string of `code`, and learns the last one with its first byte. @throws ContentError malformed */
  write(code: number, window: Window, offset: number): void {
    const isNew = code === this.size && this.#previous >= 0
    if (!isNew && code > 255 && (code < this.#first || code >= this.size))
      throw new ContentError('malformed', 'A code that stands for nothing', offset)
    const { bytes, at } = window
    const known = isNew ? this.#previous : code
    let end = at + this.#lengths[known]
    let next = known
    window.at = end
    while (end > at) {
      bytes[--end] = this.#suffixes[next]
      next = this.#prefixes[next]
    }
    if (isNew) bytes[window.at++] = this.#firstByte
    this.#firstByte = bytes[at]
    if (this.#previous >= 0 && this.size < this.#max) {
      this.#prefixes[this.size] = this.#previous
      this.#suffixes[this.size] = this.#firstByte
      this.#lengths[this.size++] = this.#lengths[this.#previous] + 1
    }
    this.#previous = code
  }
}

/**
 * The file format of compress (.Z), to the end of the input: it has no end of its own, so what is cut off is not
 * noticed. Codes come in groups of eight; the rest of a group is passed over where their size changes.
 * @throws ContentError malformed, after everything that was decoded up to there
 */
export function* uncompress(input: Uint8Array, start: number): Decoder {
  const maxBits = start + 3 <= input.length ? input[start + 2] & 31 : 0
  if (maxBits < MIN_BITS || maxBits > MAX_BITS || input[start] !== 0x1f || input[start + 1] !== 0x9d)
    throw new ContentError('malformed', 'No header of compress', start)
  const hasClear = (input[start + 2] & 0x80) !== 0
  const strings = new Strings(hasClear ? CLEAR + 1 : CLEAR, maxBits)
  const window = new Window(0, (1 << maxBits) + 1)
  const end = input.length
  let groupAt = start + 3
  let at = groupAt
  let bit = 0
  let bits = MIN_BITS

  const changeSize = (next: number): void => {
    const used = at + (bit > 0 ? 1 : 0) - groupAt
    groupAt += Math.ceil(used / bits) * bits
    at = groupAt
    bit = 0
    bits = next
  }
  const step = (): boolean => {
    if ((end - at) * 8 - bit < bits) return false
    const code = ((input[at] | (input[at + 1] << 8) | (input[at + 2] << 16)) >>> bit) & ((1 << bits) - 1)
    bit += bits
    at += bit >> 3
    bit &= 7
    if (code === CLEAR && hasClear) {
      strings.clear()
      changeSize(MIN_BITS)
      return true
    }
    strings.write(code, window, at)
    if (strings.size >= 1 << bits && bits < maxBits) changeSize(bits + 1)
    return true
  }
  return yield* pull(window, step, () => end)
}

/**
 * LZW of PDF and TIFF: most significant bit first, codes of 9 to 12 bits, 256 clears, 257 ends (or the input does).
 * @param earlyChange - codes grow one code earlier than they must, as is the default of PDF and the rule of TIFF
 * @throws ContentError malformed, after everything that was decoded up to there
 */
export function* lzwDecode(input: Uint8Array, start: number, earlyChange: boolean): Decoder {
  const strings = new Strings(PDF_END + 1, PDF_BITS)
  const window = new Window(0, (1 << PDF_BITS) + 1)
  const early = earlyChange ? 1 : 0
  let at = start
  let buffer = 0
  let count = 0
  let bits = MIN_BITS
  const step = (): boolean => {
    while (count < bits) {
      if (at >= input.length) return false
      buffer = ((buffer << 8) | input[at++]) & 0xff_ffff
      count += 8
    }
    count -= bits
    const code = (buffer >>> count) & ((1 << bits) - 1)
    if (code === PDF_END) return false
    if (code === CLEAR) {
      strings.clear()
      bits = MIN_BITS
      return true
    }
    strings.write(code, window, at)
    if (strings.size + early >= 1 << bits && bits < PDF_BITS) bits++
    return true
  }
  return yield* pull(window, step, () => at)
}

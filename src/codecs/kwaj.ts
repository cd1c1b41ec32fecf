import { ContentError, latin1, ParseError, u16le, u32le } from '../bytes/index.ts'
import { CanonicalCode, MsbBits } from './bits.ts'
import type { Decoder } from './decoder.ts'
import { mszip } from './inflate.ts'
import { checkSize, lzss, QBASIC_RING_START, RING_BYTES, SPACE } from './lzss.ts'
import type { Note } from './members.ts'
import { pull } from './pull.ts'
import { Window } from './window.ts'

// KWAJ of COMPRESS.EXE. Source: libmspack, documentation of the format.

export interface KwajHeader {
  readonly method: number
  readonly dataOffset: number
  readonly sizeBytes: number | undefined
  /** Name and extension; data. Empty where there is none. */
  readonly name: string
}

// Flags of the header.
const HAS_SIZE = 1
const HAS_UNKNOWN = 2
const HAS_DATA = 4
const HAS_NAME = 8
const HAS_EXTENSION = 16

/** @throws ContentError malformed */
export function readKwajHeader(input: Uint8Array, start: number): KwajHeader {
  try {
    return readHeader(input, start)
  } catch (error) {
    if (error instanceof ParseError) throw new ContentError('malformed', 'KWAJ ends too early', error.offset)
    throw error
  }
}

function readHeader(input: Uint8Array, start: number): KwajHeader {
  if (latin1(input, start, start + 4) !== 'KWAJ') throw new ContentError('malformed', 'No header of KWAJ', start)
  const flags = u16le(input, start + 12)
  let at = start + 14
  const sizeBytes = (flags & HAS_SIZE) !== 0 ? u32le(input, at) : undefined
  if ((flags & HAS_SIZE) !== 0) at += 4
  if ((flags & HAS_UNKNOWN) !== 0) at += 2
  if ((flags & HAS_DATA) !== 0) at += 2 + u16le(input, at)
  const text = (flag: number, maxBytes: number): string => {
    if ((flags & flag) === 0) return ''
    const field = latin1(input, at, at + maxBytes)
    const end = field.indexOf('\0')
    at += end < 0 ? maxBytes : end + 1
    return end < 0 ? field : field.slice(0, end)
  }
  const name = text(HAS_NAME, 9)
  const extension = text(HAS_EXTENSION, 4)
  return {
    method: u16le(input, start + 8),
    dataOffset: start + u16le(input, start + 10),
    sizeBytes,
    name: extension === '' ? name : `${name}.${extension}`,
  }
}

/**
 * KWAJ to the end of the input, with its methods 0 (as they are), 1 (inverted), 2 (LZSS), 3 (LZ and prefix codes), 4 (MSZIP).
 * @throws ContentError malformed or unsupported, after everything that was decoded up to there
 */
export function* kwaj(input: Uint8Array, start: number, note: Note = () => {}): Decoder {
  const { method, dataOffset, sizeBytes } = readKwajHeader(input, start)
  if (method === 0) return yield* plain(input, dataOffset, 0)
  if (method === 1) return yield* plain(input, dataOffset, 0xff)
  if (method === 2) return yield* lzss(input, dataOffset, QBASIC_RING_START, sizeBytes, note)
  if (method === 3) return yield* lzh(input, dataOffset, sizeBytes, note)
  if (method === 4) return yield* mszip(mszipBlocks(input, dataOffset))
  throw new ContentError('unsupported', `Method ${method} of KWAJ`, start + 8)
}

const PLAIN_BYTES = 64 << 10

function* plain(input: Uint8Array, start: number, mask: number): Decoder {
  const piece = new Uint8Array(PLAIN_BYTES)
  for (let at = start; at < input.length; at += PLAIN_BYTES) {
    const size = Math.min(PLAIN_BYTES, input.length - at)
    for (let i = 0; i < size; i++) piece[i] = input[at + i] ^ mask
    yield piece.subarray(0, size)
  }
  return input.length
}

/** Blocks of MSZIP, each behind its size. */
function* mszipBlocks(input: Uint8Array, start: number): Generator<{ input: Uint8Array; start: number }, number> {
  let at = start
  while (at + 2 <= input.length) {
    const size = u16le(input, at)
    if (size === 0) return at + 2
    const end = at + 2 + size
    if (latin1(input, at + 2, at + 4) !== 'CK') throw new ContentError('malformed', 'No block of MSZIP', at + 2)
    yield { input: input.subarray(0, end), start: at + 4 }
    if (end > input.length) throw new ContentError('malformed', 'MSZIP ends too early', input.length)
    at = end
  }
  return input.length
}

/** The codes of method 3, in their order: how many symbols each has. */
const LZH_SYMBOLS = [16, 16, 32, 64, 256]
const LZH_KINDS = 6
const LONGEST_RUN = 32
/** Fewer bits at the end are padding. */
const MIN_LZH_BITS = 8
/** More than a match or a run writes. */
const MAX_LZH_BYTES = 32

/** Lengths of a code, in one of four ways. */
function readLengths(bits: MsbBits, kind: number, symbols: number): CanonicalCode {
  const lengths = new Uint8Array(symbols)
  if (kind === 0) return new CanonicalCode(lengths.fill(31 - Math.clz32(symbols)))
  let length = bits.take(4)
  lengths[0] = length
  for (let i = 1; i < symbols; i++) {
    if (kind === 1) {
      if (bits.take(1) === 1) length = bits.take(1) === 0 ? length + 1 : bits.take(4)
    } else if (kind === 2) {
      const change = bits.take(2)
      length = change === 3 ? bits.take(4) : length + change - 1
    } else if (kind === 3) length = bits.take(4)
    if (kind > 3 || length < 0 || length > 16) throw new ContentError('malformed', 'Lengths of a code', bits.offset)
    lengths[i] = length
  }
  return new CanonicalCode(lengths)
}

function* lzh(input: Uint8Array, start: number, sizeBytes: number | undefined, note: Note): Decoder {
  const bits = new MsbBits(input, start)
  const kinds = Array.from({ length: LZH_KINDS }, () => bits.take(4))
  const [first, second, runs, offsets, literals] = LZH_SYMBOLS.map((symbols, i) => readLengths(bits, kinds[i], symbols))
  const window = new Window(RING_BYTES, MAX_LZH_BYTES)
  window.prefill(RING_BYTES, SPACE)
  let afterRun = false
  const isEnough = (): boolean => sizeBytes === undefined || window.produced >= sizeBytes
  const step = (): boolean => {
    if (!bits.has(MIN_LZH_BITS) && isEnough()) return false
    const match = (afterRun ? second : first).symbol(bits)
    if (match > 0) {
      afterRun = false
      const distance = (offsets.symbol(bits) << 6) | bits.take(6)
      window.copy(distance === 0 ? RING_BYTES : distance, match + 2, bits.offset)
      return true
    }
    const run = runs.symbol(bits) + 1
    afterRun = run !== LONGEST_RUN
    for (let i = 0; i < run; i++) {
      const literal = literals.symbol(bits)
      window.bytes[window.at++] = literal
    }
    return true
  }
  const lastStep = (): boolean => {
    try {
      return step()
    } catch (error) {
      // Less than a whole symbol at the end is padding.
      if (error instanceof ContentError && isEnough() && !bits.has(1)) return false
      throw error
    }
  }
  const end = yield* pull(window, lastStep, () => input.length)
  checkSize(window.produced, sizeBytes, end, note)
  return end
}

import { ContentError, latin1, ParseError, u16be, u32be } from '../bytes/index.ts'
import type { Decoder } from './decoder.ts'
import { lzo1x } from './lzo.ts'
import { members } from './members.ts'
import { Window } from './window.ts'

const MAGIC = [0x89, 0x4c, 0x5a, 0x4f, 0x00, 0x0d, 0x0a, 0x1a, 0x0a]
/** From this version on the header has the fields of today. */
const VERSION_WITH_LEVEL = 0x940
const MAX_METHOD_LZO1X = 3
/** lzop refuses larger blocks, too. */
const MAX_BLOCK_BYTES = 64 << 20
const HISTORY_BYTES = 48 << 10

// Flags of the header.
const ADLER_OF_DATA = 1
const ADLER_OF_PACKED = 2
const HAS_EXTRA = 0x40
const CRC_OF_DATA = 0x100
const CRC_OF_PACKED = 0x200
const HAS_FILTER = 0x800

const isLzop = (input: Uint8Array, at: number): boolean => MAGIC.every((byte, i) => input[at + i] === byte)
const tooEarly = (input: Uint8Array): ContentError => new ContentError('malformed', 'Lzop ends too early', input.length)

export interface LzopHeader {
  /** ISO 8859-1; data. Empty where there is none. */
  readonly name: string
  readonly flags: number
  /** Of the first block. */
  readonly blocksOffset: number
}

/** Header of one member. @throws ContentError malformed or unsupported */
export function readLzopHeader(input: Uint8Array, start: number): LzopHeader {
  try {
    return readHeader(input, start)
  } catch (error) {
    if (error instanceof ParseError) throw tooEarly(input)
    throw error
  }
}

function readHeader(input: Uint8Array, start: number): LzopHeader {
  if (!isLzop(input, start)) throw new ContentError('malformed', 'No header of lzop', start)
  let at = start + MAGIC.length
  const isNew = u16be(input, at) >= VERSION_WITH_LEVEL
  at += isNew ? 6 : 4
  if (at >= input.length) throw tooEarly(input)
  const method = input[at]
  at += isNew ? 2 : 1
  const flags = u32be(input, at)
  if (method < 1 || method > MAX_METHOD_LZO1X) throw new ContentError('unsupported', `Method ${method} of lzop`, at)
  if ((flags & HAS_FILTER) !== 0) throw new ContentError('unsupported', 'A filter of lzop', at)
  at += isNew ? 16 : 12
  if (at >= input.length) throw tooEarly(input)
  const nameAt = at + 1
  at = nameAt + input[at] + 4
  const name = latin1(input, nameAt, at - 4)
  if ((flags & HAS_EXTRA) !== 0) at += 8 + u32be(input, at)
  if (at > input.length) throw tooEarly(input)
  return { name, flags, blocksOffset: at }
}

/**
 * Lzop, all members that follow each other. Checksums are passed over. Pieces of at most 65 KiB.
 * @throws ContentError malformed or unsupported, after everything that was decoded up to there
 */
export function lzop(input: Uint8Array, start: number): Decoder {
  const window = new Window(HISTORY_BYTES, 0)
  return members(input, start, (bytes, at) => member(bytes, at, window), isLzop)
}

function* member(input: Uint8Array, start: number, window: Window): Decoder {
  const { flags, blocksOffset } = readLzopHeader(input, start)
  const count = (of: number): number => (flags & of & (CRC_OF_DATA | CRC_OF_PACKED) ? 4 : 0) + (flags & of & 3 ? 4 : 0)
  const dataChecks = count(ADLER_OF_DATA | CRC_OF_DATA)
  const packedChecks = count(ADLER_OF_PACKED | CRC_OF_PACKED)
  for (let at = blocksOffset; ;) {
    if (at + 4 > input.length) throw tooEarly(input)
    const size = u32be(input, at)
    if (size === 0) return at + 4
    if (at + 8 > input.length) throw tooEarly(input)
    const packed = u32be(input, at + 4)
    if (size > MAX_BLOCK_BYTES || packed > size) throw new ContentError('malformed', 'Size of a block', at)
    at += 8 + dataChecks + (packed < size ? packedChecks : 0)
    const end = at + packed
    const present = input.subarray(0, end)
    window.reset()
    if (packed < size) yield* lzo1x(present, at, size, window)
    else for (let from = at; from < present.length; from += 1 << 16) yield present.subarray(from, from + (1 << 16))
    if (end > input.length) throw tooEarly(input)
    at = end
  }
}

import { ContentError } from '../bytes/index.ts'
import {
  arm64Filter,
  armFilter,
  armThumbFilter,
  deltaFilter,
  filtered,
  ia64Filter,
  powerPcFilter,
  sparcFilter,
  x86Filter,
} from './branch-filters.ts'
import type { Filter } from './branch-filters.ts'
import type { Decoder } from './decoder.ts'
import { lzma2 } from './lzma2.ts'
import { members } from './members.ts'

const MAGIC = [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]
const HEADER_BYTES = 12
const FOOTER_BYTES = 12
/** By kind of check: bytes behind each block. */
const CHECK_BYTES = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64]
const LZMA2 = 0x21
const DELTA = 0x03
/** By number of the filter: BCJ. */
const BRANCH_FILTERS = new Map<number, (startPosition: number) => Filter>([
  [0x04, x86Filter],
  [0x05, powerPcFilter],
  [0x06, ia64Filter],
  [0x07, armFilter],
  [0x08, armThumbFilter],
  [0x09, sparcFilter],
  [0x0a, arm64Filter],
])
/** Variable-length integers are shorter than this. */
const MAX_INTEGER_BYTES = 9

const isXz = (input: Uint8Array, at: number): boolean => MAGIC.every((byte, i) => input[at + i] === byte)

const malformed = (message: string, offset: number): ContentError => new ContentError('malformed', message, offset)

/** A place in the input that moves. */
interface Cursor {
  at: number
  readonly end: number
}

function byteAt(input: Uint8Array, cursor: Cursor): number {
  if (cursor.at >= cursor.end) throw malformed('XZ ends too early', Math.min(cursor.at, input.length))
  return input[cursor.at++]
}

/** Seven bits a byte, least significant first. Exact below 2^53. */
function integer(input: Uint8Array, cursor: Cursor): number {
  let value = 0
  for (let i = 0; i < MAX_INTEGER_BYTES; i++) {
    const byte = byteAt(input, cursor)
    value += (byte & 127) * 2 ** (7 * i)
    if (byte < 128) return value
  }
  throw malformed('Integer of XZ', cursor.at)
}

/** Size of the dictionary from its one byte of properties. */
function dictionaryBytes(coded: number, offset: number): number {
  if (coded > 40) throw malformed('Size of the dictionary', offset)
  return coded === 40 ? 0xffff_ffff : (2 | (coded & 1)) * 2 ** ((coded >> 1) + 11)
}

interface Block {
  readonly dictionaryBytes: number
  /** In the order in which they are undone. */
  readonly filters: readonly Filter[]
}

/** Section 3.1. */
function readBlockHeader(input: Uint8Array, start: number, end: number): Block {
  const cursor = { at: start + 1, end }
  const flags = byteAt(input, cursor)
  if ((flags & 0x40) !== 0) integer(input, cursor)
  if ((flags & 0x80) !== 0) integer(input, cursor)
  const filters: Filter[] = []
  for (let left = flags & 3; ; left--) {
    const id = integer(input, cursor)
    const sizeBytes = integer(input, cursor)
    const properties = input.subarray(cursor.at, Math.min(cursor.at + sizeBytes, end))
    if (properties.length < sizeBytes) throw malformed('XZ ends too early', end)
    if (id === LZMA2) {
      if (left !== 0 || sizeBytes !== 1) throw malformed('LZMA2 must be the last filter', cursor.at)
      return { dictionaryBytes: dictionaryBytes(properties[0] & 63, cursor.at), filters: filters.reverse() }
    }
    if (left === 0) throw new ContentError('unsupported', `Filter ${id} of XZ as the last one`, cursor.at)
    filters.push(filterOf(id, properties, cursor.at))
    cursor.at += sizeBytes
  }
}

function filterOf(id: number, properties: Uint8Array, offset: number): Filter {
  if (id === DELTA && properties.length === 1) return deltaFilter(properties[0] + 1)
  const branch = BRANCH_FILTERS.get(id)
  if (branch === undefined) throw new ContentError('unsupported', `Filter ${id} of XZ`, offset)
  const [a, b, c, d] = properties
  return branch(properties.length === 4 ? a | (b << 8) | (c << 16) | (d << 24) : 0)
}

/** Section 4, to the end of its checksum. The records are passed over. */
function passIndex(input: Uint8Array, start: number): number {
  const cursor = { at: start + 1, end: input.length }
  for (let left = integer(input, cursor) * 2; left > 0; left--) integer(input, cursor)
  return cursor.at + ((start - cursor.at) & 3) + 4
}

function* stream(input: Uint8Array, start: number): Decoder {
  if (start + HEADER_BYTES > input.length || !isXz(input, start)) throw malformed('No header of XZ', start)
  const checkBytes = CHECK_BYTES[input[start + 7] & 15]
  let at = start + HEADER_BYTES
  for (;;) {
    if (at >= input.length) throw malformed('XZ ends too early', input.length)
    if (input[at] === 0) break
    const headerEnd = at + (input[at] + 1) * 4
    if (headerEnd > input.length) throw malformed('XZ ends too early', input.length)
    const block = readBlockHeader(input, at, headerEnd - 4)
    let decoder = lzma2(input, headerEnd, block.dictionaryBytes)
    for (const filter of block.filters) decoder = filtered(decoder, filter)
    const end = yield* decoder
    at = end + ((headerEnd - end) & 3) + checkBytes
  }
  const end = passIndex(input, at) + FOOTER_BYTES
  if (end > input.length) throw malformed('XZ ends too early', input.length)
  if (input[end - 2] !== 0x59 || input[end - 1] !== 0x5a) throw malformed('No footer of XZ', end - FOOTER_BYTES)
  return end
}

/**
 * XZ: all streams that follow each other and all their blocks, with the filters delta and BCJ (x86, PowerPC, IA-64,
 * ARM, ARM Thumb, ARM64, SPARC). Checksums, sizes and the index are passed over. Pieces of at most 65 KiB.
 * Source: The .xz File Format 1.1.0.
 * @throws ContentError malformed or unsupported, after everything that was decoded up to there
 */
export function xz(input: Uint8Array, start: number): Decoder {
  return members(input, start, stream, isXz)
}

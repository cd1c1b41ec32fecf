import { u32be } from '../../bytes/index.ts'
import { digits } from '../archive-parts.ts'
import { BLOCK, readNumber } from './header.ts'
import { paxNumber } from './pax.ts'
import type { PaxRecords } from './pax.ts'

// Files with holes: a map says which pieces of the file are stored, one behind the other; the rest is zeros.
// Source: GNU tar manual, "Storing Sparse Files"; star(4).
// Solaris notes the holes too (SUN.holesdata), but stores them: nothing to do.

/** A map of the stored pieces. */
export interface SparseMap {
  /** Offset in the file and size, one after the other, in stored order. */
  readonly pieces: readonly number[]
  /** Size of the whole file with its holes; 0 where it is not told. */
  readonly realSize: number
  /** Bytes that the map takes: at the start of the member's data (1.0), or in blocks before it (old formats). */
  readonly mapBytes: number
}

/** Where the old formats keep their map inside a header block: GNU's, and star's (told by its mark at the end). */
const GNU = { entries: 386, isExtended: 482, realSize: 483 }
const STAR = { entries: 356, isExtended: 355, realSize: 452 }
const STAR_MARK = 0x74617200
const COMMENT = 0x23
const ENTRIES = 4
const EXTENSION_ENTRIES = 21
const EXTENSION_IS_EXTENDED = 504
const ENTRY = 24

/**
 * Type `S` of GNU and star: in the header itself, continued in blocks behind it, which `mapBytes` counts.
 * Undefined where the map goes on for more than `limitBytes`.
 */
export function oldSparse(bytes: Uint8Array, header: number, limitBytes: number): SparseMap | undefined {
  const layout = u32be(bytes, header + 508) === STAR_MARK ? STAR : GNU
  const pieces: number[] = []
  const take = (at: number, count: number) => {
    for (let i = 0; i < count; i++) {
      const offset = readNumber(bytes, at + i * ENTRY, 12)
      const size = readNumber(bytes, at + i * ENTRY + 12, 12)
      if (bytes[at + i * ENTRY] === 0 || offset === undefined || size === undefined) return
      pieces.push(offset, size)
    }
  }
  take(header + layout.entries, ENTRIES)
  const first = header + BLOCK
  let isExtended = isSet(bytes[header + layout.isExtended])
  let at = first
  for (; isExtended && at + BLOCK <= bytes.length; at += BLOCK) {
    if (at - first >= limitBytes) return undefined
    take(at, EXTENSION_ENTRIES)
    isExtended = isSet(bytes[at + EXTENSION_IS_EXTENDED])
  }
  return { pieces, realSize: readNumber(bytes, header + layout.realSize, 12) ?? 0, mapBytes: at - first }
}

/** Flags are a byte that is not zero, or a digit. */
function isSet(flag: number): boolean {
  return flag !== 0 && flag !== 0x30
}

/** The map that extended headers describe, or undefined where they describe none that can be read. `data`: what is stored. */
export function paxSparse(records: PaxRecords, data: Uint8Array, limitBytes: number): SparseMap | undefined {
  const realSize = paxNumber(records, 'GNU.sparse.realsize') ?? paxNumber(records, 'GNU.sparse.size')
  if (paxNumber(records, 'GNU.sparse.major') === 1) return sparse10(data.subarray(0, limitBytes), realSize)
  // A map without an end would be that of 1.0 above; these two lie in the extended header, which was bounded.
  const map = records.values.get('GNU.sparse.map')
  if (map !== undefined) return { pieces: numbers(map, 0x2c), realSize: realSize ?? 0, mapBytes: 0 }
  if (records.sparse.length > 0) return { pieces: records.sparse, realSize: realSize ?? 0, mapBytes: 0 }
  return undefined
}

/** Version 1.0: the map stands before the data as lines, the number of pieces first, filled up to a block. */
function sparse10(data: Uint8Array, realSize: number | undefined): SparseMap | undefined {
  let at = 0
  const line = (): number | undefined => {
    // Some writers put comments in between.
    while (data[at] === COMMENT) {
      const next = data.indexOf(0x0a, at)
      if (next < 0) return undefined
      at = next + 1
    }
    const end = data.indexOf(0x0a, at)
    if (end < 0 || end - at > 20) return undefined
    const value = digits(data, at, end, 10)
    at = end + 1
    return value
  }
  const count = line()
  if (count === undefined) return undefined
  const pieces: number[] = []
  for (let i = 0; i < count; i++) {
    const offset = line()
    const size = line()
    if (offset === undefined || size === undefined) return undefined
    pieces.push(offset, size)
  }
  return { pieces, realSize: realSize ?? 0, mapBytes: Math.ceil(at / BLOCK) * BLOCK }
}

function numbers(text: Uint8Array, separator: number): number[] {
  const values: number[] = []
  for (let at = 0; at < text.length;) {
    const next = text.indexOf(separator, at)
    const end = next < 0 ? text.length : next
    if (end > at) values.push(digits(text, at, end, 10) ?? 0)
    at = end + 1
  }
  if (values.length % 2 !== 0) values.pop()
  return values
}

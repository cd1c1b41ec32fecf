import { u16le, u32le, u64le } from '../../bytes/index.ts'
import { readExtra } from './extra.ts'
import type { Extra, Sizes } from './extra.ts'

// The records of a ZIP archive, one by one: local header, entry of the central directory, and the records at the end.
// Source: APPNOTE.TXT 6.3.10, sections 4.3.7 to 4.3.16. Not read: the contents of digital signatures.

export const LOCAL_SIGNATURE = 0x0403_4b50
export const CENTRAL_SIGNATURE = 0x0201_4b50
export const END_SIGNATURE = 0x0605_4b50
export const END64_SIGNATURE = 0x0606_4b50
export const LOCATOR_SIGNATURE = 0x0706_4b50
export const DESCRIPTOR_SIGNATURE = 0x0807_4b50
export const EXTRA_DATA_SIGNATURE = 0x0806_4b50
export const DIGITAL_SIGNATURE = 0x0505_4b50

export const LOCAL_SIZE = 30
export const CENTRAL_SIZE = 46
export const END_SIZE = 22
export const END64_SIZE = 56
export const LOCATOR_SIZE = 20

/** Bits of the general purpose flags. */
export const FLAGS = { encrypted: 1, descriptor: 8, strong: 0x40, utf8: 0x800, masked: 0x2000 } as const

/** "See the Zip64 extra field." */
const FULL_32 = 0xffff_ffff
const FULL_16 = 0xffff

/** What local header and directory entry both say of a member. Views borrow the archive. */
export interface Fields {
  readonly at: number
  readonly flags: number
  readonly method: number
  readonly time: number
  readonly crc: number
  readonly packed: number
  readonly unpacked: number
  readonly name: Uint8Array
  readonly extra: Extra
  /** Offset behind the record; for a local header: where the data start. */
  readonly end: number
}

export type LocalHeader = Fields

export interface CentralEntry extends Fields {
  readonly disk: number
  readonly offset: number
  /** Made by Unix, and the mode says directory; or the DOS attribute says so. */
  readonly isDirectory: boolean
}

const EMPTY = new Uint8Array(0)

function fieldsAt(bytes: Uint8Array, at: number, base: number, nameAt: number): Omit<Fields, 'end'> {
  const nameEnd = nameAt + u16le(bytes, base + 20)
  const extraEnd = Math.min(nameEnd + u16le(bytes, base + 22), bytes.length)
  const packed = u32le(bytes, base + 12)
  const unpacked = u32le(bytes, base + 16)
  const extra = nameEnd < extraEnd ? readExtra(bytes, nameEnd, extraEnd, { packed, unpacked }) : NO_EXTRA
  return {
    at,
    flags: u16le(bytes, base),
    method: u16le(bytes, base + 2),
    time: u16le(bytes, base + 4),
    crc: u32le(bytes, base + 8),
    packed: packed === FULL_32 ? (extra.packed ?? packed) : packed,
    unpacked: unpacked === FULL_32 ? (extra.unpacked ?? unpacked) : unpacked,
    name: nameAt < nameEnd ? bytes.subarray(nameAt, Math.min(nameEnd, bytes.length)) : EMPTY,
    extra,
  }
}

const NO_EXTRA: Extra = { unicodeNames: [], otherSizes: [] }

/** The local header at `at`, its signature unseen; undefined where name and extra field do not fit the archive. */
export function readLocal(bytes: Uint8Array, at: number): LocalHeader | undefined {
  if (at < 0 || at + LOCAL_SIZE > bytes.length) return undefined
  const end = at + LOCAL_SIZE + u16le(bytes, at + 26) + u16le(bytes, at + 28)
  if (end > bytes.length) return undefined
  return { ...fieldsAt(bytes, at, at + 6, at + LOCAL_SIZE), end }
}

/** The directory entry at `at`; undefined where there is none, or where it does not fit but for its comment. */
export function readCentral(bytes: Uint8Array, at: number): CentralEntry | undefined {
  if (at < 0 || at + CENTRAL_SIZE > bytes.length || u32le(bytes, at) !== CENTRAL_SIGNATURE) return undefined
  const commentAt = at + CENTRAL_SIZE + u16le(bytes, at + 28) + u16le(bytes, at + 30)
  if (commentAt > bytes.length) return undefined
  const end = commentAt + u16le(bytes, at + 32)
  const fields = fieldsAt(bytes, at, at + 8, at + CENTRAL_SIZE)
  const disk = u16le(bytes, at + 34)
  const offset = u32le(bytes, at + 42)
  const attributes = u32le(bytes, at + 38)
  const host = bytes[at + 5]
  const isUnixFolder = (host === 3 || host === 19) && attributes >>> 28 === 4
  return {
    ...fields,
    end: Math.min(end, bytes.length),
    disk: disk === FULL_16 ? (fields.extra.disk ?? disk) : disk,
    offset: offset === FULL_32 ? (fields.extra.offset ?? offset) : offset,
    isDirectory: isUnixFolder || (attributes & 0x10) !== 0,
  }
}

/** One end record; where it is `is64`, the Zip64 one. Numbers as declared. */
export interface EndRecord {
  readonly at: number
  readonly is64: boolean
  readonly disk: number
  readonly count: number
  readonly directorySize: number
  readonly directoryOffset: number
  /** Offset behind the record and its comment, clipped to the archive. */
  readonly end: number
  readonly comment: Uint8Array
  /** It ends where it says that it ends. */
  readonly fits: boolean
}

export function readEnd(bytes: Uint8Array, at: number): EndRecord | undefined {
  if (at < 0 || at + END_SIZE > bytes.length) return undefined
  const end = at + END_SIZE + u16le(bytes, at + 20)
  return {
    at,
    is64: false,
    disk: u16le(bytes, at + 4),
    count: u16le(bytes, at + 10),
    directorySize: u32le(bytes, at + 12),
    directoryOffset: u32le(bytes, at + 16),
    end: Math.min(end, bytes.length),
    comment: bytes.subarray(at + END_SIZE, end),
    fits: end <= bytes.length,
  }
}

export function readEnd64(bytes: Uint8Array, at: number): EndRecord | undefined {
  if (at < 0 || at + END64_SIZE > bytes.length || u32le(bytes, at) !== END64_SIGNATURE) return undefined
  const end = at + 12 + u64le(bytes, at + 4)
  return {
    at,
    is64: true,
    disk: u32le(bytes, at + 16),
    count: u64le(bytes, at + 32),
    directorySize: u64le(bytes, at + 40),
    directoryOffset: u64le(bytes, at + 48),
    end: Math.max(at + END64_SIZE, Math.min(end, bytes.length)),
    comment: EMPTY,
    fits: end >= at + END64_SIZE && end <= bytes.length,
  }
}

/** A field of an end record that points to its Zip64 record. */
export const isDeferred = (end: EndRecord): boolean =>
  !end.is64 && (end.directoryOffset === FULL_32 || end.directorySize === FULL_32 || end.count === FULL_16)

export type { Sizes }

import { u32be } from '../../bytes/index.ts'
import { digits, nameText } from '../archive-parts.ts'

// One header block. Source: POSIX pax "ustar Interchange Format"; GNU tar manual, "Basic Tar Format" and src/tar.h's
// documented layout; star(4).

/** Everything in a tar archive lies in blocks of this size. */
export const BLOCK = 512

const CHECKSUM = 148
const CHECKSUM_END = 156
const USTAR = 257
const PREFIX = 345

/** What a header block says, before extended headers replace parts of it. */
export interface TarHeader {
  readonly offset: number
  /** As stored, with the prefix of ustar. */
  readonly name: string
  readonly linkName: string
  /** One character; a zero byte is answered as `0`. */
  readonly typeFlag: string
  /** Bytes that follow, as the field says; 0 where it cannot be read. */
  readonly size: number
  /** False where the field is no number; the member's end is then anybody's guess. */
  readonly hasSize: boolean
  /** True for GNU's own format, whose last 167 bytes mean something else. */
  readonly isGnu: boolean
}

/** The header at `offset`, or undefined where its checksum is wrong or it does not fit. */
export function readHeader(bytes: Uint8Array, offset: number): TarHeader | undefined {
  if (!isHeader(bytes, offset)) return undefined
  const field = (start: number, size: number) => nameText(bytes.subarray(offset + start, offset + start + size))
  const isUstar = bytes[offset + USTAR] === 0x75 && field(USTAR, 5) === 'ustar'
  const isGnu = isUstar && bytes[offset + USTAR + 5] === 0x20
  const prefix = isUstar && !isGnu ? field(PREFIX, isStar(bytes, offset) ? 131 : 155) : ''
  const name = field(0, 100)
  const flag = bytes[offset + 156]
  const size = readNumber(bytes, offset + 124, 12)
  return {
    offset,
    name: prefix === '' ? name : `${prefix}/${name}`,
    linkName: field(157, 100),
    typeFlag: flag === 0 ? '0' : String.fromCharCode(flag),
    size: size ?? 0,
    hasSize: size !== undefined,
    isGnu,
  }
}

/** star keeps times behind a shorter prefix, and says so at the block's end. */
function isStar(bytes: Uint8Array, offset: number): boolean {
  return u32be(bytes, offset + 508) === 0x74617200 || (bytes[offset + 475] === 0 && isTime(bytes, offset + 476))
}

function isTime(bytes: Uint8Array, at: number): boolean {
  for (const start of [at, at + 12]) {
    for (let i = start; i < start + 11; i++) if (bytes[i] < 0x30 || bytes[i] > 0x37) return false
    if (bytes[start + 11] !== 0x20 && bytes[start + 11] !== 0) return false
  }
  return true
}

/**
 * True where the checksum fits: the sum of all bytes with the field itself as spaces. Old tars summed signed bytes, and
 * every reader takes both.
 */
export function isHeader(bytes: Uint8Array, offset: number): boolean {
  if (offset + BLOCK > bytes.length) return false
  const declared = readNumber(bytes, offset + CHECKSUM, 8)
  // The smallest sum is that of a block of zeros, which is no header.
  if (declared === undefined || declared === 256) return false
  let sum = 256
  let signed = 256
  for (let i = 0; i < BLOCK; i++) {
    if (i === CHECKSUM) i = CHECKSUM_END
    const byte = bytes[offset + i]
    sum += byte
    signed += (byte << 24) >> 24
  }
  return sum === declared || signed === declared
}

/** Octal text, or base 256 where the first bit is set; undefined for neither, and for what is negative. */
export function readNumber(bytes: Uint8Array, at: number, size: number): number | undefined {
  const first = bytes[at]
  if ((first & 0x80) === 0) return digits(bytes, at, at + size, 8) ?? (first === 0 ? 0 : undefined)
  if ((first & 0x40) !== 0) return undefined
  let value = first & 0x3f
  for (let i = 1; i < size; i++) value = value * 256 + bytes[at + i]
  return Math.min(value, Number.MAX_SAFE_INTEGER)
}

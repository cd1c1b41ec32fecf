import { u16le, u32le, u64le } from '../../bytes/index.ts'

// Extra fields of a member: Zip64 sizes, the Info-ZIP name in Unicode, WinZip's AES parameters.
// Source: APPNOTE.TXT 6.3.10, sections 4.5.3 and 4.6.9; WinZip "AES Encryption Information" 1.04.

const ZIP64 = 0x0001
const UNICODE_NAME = 0x7075
const AES = 0x9901
const FULL_32 = 0xffff_ffff
/** Second and third copies of a field are readings of their own; more of them are noise. */
const MAX_COPIES = 4

export interface Sizes {
  readonly packed: number
  readonly unpacked: number
}

export interface AesParameters {
  /** 1: AE-1, 2: AE-2. */
  readonly version: number
  /** 1, 2, 3: keys of 128, 192, 256 bits. */
  readonly strength: number
  /** Method of the data inside. */
  readonly method: number
}

export interface UnicodeName {
  readonly version: number
  /** CRC-32 of the name that it replaces. */
  readonly crc: number
  readonly name: Uint8Array
}

export interface Extra extends Partial<Sizes> {
  readonly offset?: number
  readonly disk?: number
  readonly unicodeNames: readonly UnicodeName[]
  readonly aes?: AesParameters
  /** Sizes that a Zip64 field gives although nothing asks for them: some readers take them. */
  readonly otherSizes: readonly Sizes[]
}

interface Draft {
  packed?: number
  unpacked?: number
  offset?: number
  disk?: number
  unicodeNames: UnicodeName[]
  aes?: AesParameters
  otherSizes: Sizes[]
}

/**
 * Reads the extra field in [start, end). A block that does not fit ends it.
 * @param sizes - as in the record, before Zip64
 */
export function readExtra(bytes: Uint8Array, start: number, end: number, sizes: Sizes): Extra {
  const extra: Draft = { unicodeNames: [], otherSizes: [] }
  let seen64 = false
  for (let at = start; at + 4 <= end;) {
    const id = u16le(bytes, at)
    const size = u16le(bytes, at + 2)
    const data = at + 4
    if (data + size > end) break
    if (id === ZIP64) {
      if (seen64) addOther(bytes, data, size, sizes, extra)
      else readZip64(bytes, data, size, sizes, extra)
      seen64 = true
    } else if (id === UNICODE_NAME && size >= 5 && extra.unicodeNames.length < MAX_COPIES)
      extra.unicodeNames.push({
        version: bytes[data],
        crc: u32le(bytes, data + 1),
        name: bytes.subarray(data + 5, data + size),
      })
    else if (id === AES && size >= 7)
      extra.aes = { version: u16le(bytes, data), strength: bytes[data + 4], method: u16le(bytes, data + 5) }
    at = data + size
  }
  return extra
}

/** Values stand there only for the fields that are full, in this order. */
function readZip64(bytes: Uint8Array, data: number, size: number, sizes: Sizes, extra: Draft): void {
  const end = data + size
  const needed = sizes.unpacked === FULL_32 || sizes.packed === FULL_32
  if (!needed) addOther(bytes, data, size, sizes, extra)
  let at = data
  if (sizes.unpacked === FULL_32 && at + 8 <= end) {
    extra.unpacked = u64le(bytes, at)
    at += 8
  }
  if (sizes.packed === FULL_32 && at + 8 <= end) {
    extra.packed = u64le(bytes, at)
    at += 8
  }
  if (at + 8 <= end) {
    extra.offset = u64le(bytes, at)
    at += 8
  }
  if (at + 4 <= end) extra.disk = u32le(bytes, at)
}

function addOther(bytes: Uint8Array, data: number, size: number, sizes: Sizes, extra: Draft): void {
  if (size < 16 || extra.otherSizes.length >= MAX_COPIES) return
  const unpacked = u64le(bytes, data)
  const packed = u64le(bytes, data + 8)
  if (packed === 0 || packed >= bytes.length) return
  if (packed !== sizes.packed || unpacked !== sizes.unpacked) extra.otherSizes.push({ packed, unpacked })
}

import { bytesOf, equalsAt, u16le, u32le, u64le } from '../../bytes/index.ts'
import { MAX_NAME_BYTES, nameText } from '../archive-parts.ts'

// InstallShield cabinets from version 5 on: a header (data1.hdr, or the first cabinet itself) describes files that lie
// in volumes (data1.cab, data2.cab, …). Source: the format notes of the unshield project.

/** A member and where its bytes lie. */
export interface CabinetFile {
  readonly name: string
  /** Its stored bytes, put together from all volumes; deobfuscated. */
  readonly data: Uint8Array
  readonly missingBytes: number
  readonly isCompressed: boolean
}

const MAGIC = bytesOf('ISc(')
const DESCRIPTOR_OFFSET = 12
const DESCRIPTOR_SIZE = 16
const VOLUME_HEADER = 20
const MAX_FILES = 1 << 20
const FLAGS = { split: 1, obfuscated: 2, compressed: 4, invalid: 8 } as const
const LINK_PREVIOUS = 1
const NO_OFFSET = 0x7fff_ffff
/** From version 6 on a file takes this many bytes in the table; before, at least that many. */
const DESCRIPTOR_6 = 0x57
const DESCRIPTOR_5 = 0x3a

export function isCabinet(bytes: Uint8Array): boolean {
  return equalsAt(bytes, 0, MAGIC) && bytes.length >= VOLUME_HEADER + 64
}

/** True where the cabinet describes files, its own or those of other volumes. */
export function describesFiles(bytes: Uint8Array): boolean {
  return isCabinet(bytes) && u32le(bytes, DESCRIPTOR_SIZE) > 0
}

function majorVersion(bytes: Uint8Array): number {
  const version = u32le(bytes, 4)
  if (version >>> 24 === 1) return (version >> 12) & 15
  return Math.floor((version & 0xffff) / 100)
}

interface Descriptor {
  readonly index: number
  readonly flags: number
  readonly compressedSize: number
  readonly size: number
  readonly dataOffset: number
  readonly nameOffset: number
  readonly isLink: boolean
  readonly volume: number
}

/**
 * The files that `header` describes.
 * @param volumes - by number, from 1 on; those that are not there are counted as missing bytes
 * @throws ParseError where a table does not fit the header
 */
export function* cabinetFiles(
  header: Uint8Array,
  volumes: ReadonlyMap<number, Uint8Array>,
): Generator<CabinetFile, void, void> {
  const descriptor = u32le(header, DESCRIPTOR_OFFSET)
  const table = descriptor + u32le(header, descriptor + 0x0c)
  const directories = u32le(header, descriptor + 0x1c)
  const count = Math.min(u32le(header, descriptor + 0x28), MAX_FILES)
  const files = table + u32le(header, descriptor + 0x2c)
  const isOld = majorVersion(header) <= 5
  for (let index = 0; index < count; index++) {
    const file = isOld
      ? readOld(header, table + u32le(header, table + (directories + index) * 4), index)
      : readNew(header, files + index * DESCRIPTOR_6, index)
    if ((file.flags & FLAGS.invalid) !== 0 || file.nameOffset === 0 || file.dataOffset === 0 || file.isLink) continue
    // Listed with a size, but nothing is stored: the file comes with the setup program itself.
    if (file.compressedSize === 0 && file.size > 0 && (file.flags & FLAGS.compressed) !== 0) continue
    yield extract(header, table, file, volumes)
  }
}

function readNew(header: Uint8Array, at: number, index: number): Descriptor {
  // The last field is checked first, so that the others need no check of their own.
  const volume = u16le(header, at + DESCRIPTOR_6 - 2)
  return {
    index,
    flags: u16le(header, at),
    size: u64le(header, at + 2),
    compressedSize: u64le(header, at + 10),
    dataOffset: u64le(header, at + 18),
    nameOffset: u32le(header, at + 58),
    isLink: (header[at + 84] & LINK_PREVIOUS) !== 0,
    volume,
  }
}

function readOld(header: Uint8Array, at: number, index: number): Descriptor {
  u16le(header, at + DESCRIPTOR_5 - 2)
  return {
    index,
    nameOffset: u32le(header, at),
    flags: u16le(header, at + 8),
    size: u32le(header, at + 10),
    compressedSize: u32le(header, at + 14),
    dataOffset: u32le(header, at + 38),
    isLink: false,
    // Version 5 does not say; files are looked for where their index lies.
    volume: 0,
  }
}

interface Extent {
  readonly offset: number
  readonly size: number
}

/** What a volume's header says about its first and its last file, which may go on in its neighbours. */
function edges(volume: Uint8Array): { first: number; last: number; firstExtent: Extent; lastExtent: Extent } {
  const is5 = majorVersion(volume) <= 5
  const at = VOLUME_HEADER
  const field = (old: number, recent: number) => (is5 ? u32le(volume, at + old) : u64le(volume, at + recent))
  return {
    first: u32le(volume, at + 8),
    last: u32le(volume, at + 12),
    firstExtent: { offset: field(16, 16), size: field(24, 32) },
    lastExtent: { offset: field(28, 40), size: field(36, 56) },
  }
}

function extract(
  header: Uint8Array,
  table: number,
  file: Descriptor,
  volumes: ReadonlyMap<number, Uint8Array>,
): CabinetFile {
  const isCompressed = (file.flags & FLAGS.compressed) !== 0
  const wanted = isCompressed ? file.compressedSize : file.size
  const pieces: Uint8Array[] = []
  let found = 0
  const numbers = file.volume > 0 ? [file.volume] : [...volumes.keys()]
  for (let at = 0; at < numbers.length && found < wanted; at++) {
    const volume = volumes.get(numbers[at])
    if (volume === undefined) break
    const extent = extentIn(volume, file, wanted)
    if (extent === undefined) continue
    const piece = volume.subarray(extent.offset, extent.offset + Math.min(extent.size, wanted - found))
    pieces.push(piece)
    found += piece.length
    if ((file.flags & FLAGS.split) !== 0 && file.volume > 0) numbers.push(numbers[at] + 1)
  }
  const name = nameText(header.subarray(table + file.nameOffset, table + file.nameOffset + MAX_NAME_BYTES))
  const data = joined(pieces, found, (file.flags & FLAGS.obfuscated) !== 0)
  return { name, data, missingBytes: wanted - found, isCompressed }
}

function extentIn(volume: Uint8Array, file: Descriptor, wanted: number): Extent | undefined {
  const { first, last, firstExtent, lastExtent } = edges(volume)
  if (file.volume === 0 && (file.index < first || file.index > last)) return undefined
  if ((file.flags & FLAGS.split) !== 0) {
    if (file.index === last && lastExtent.offset !== NO_OFFSET && lastExtent.offset !== 0) return lastExtent
    if (file.index === first) return firstExtent
  }
  return { offset: file.dataOffset, size: wanted }
}

function joined(pieces: readonly Uint8Array[], size: number, isObfuscated: boolean): Uint8Array {
  if (pieces.length === 1 && !isObfuscated) return pieces[0]
  const all = new Uint8Array(size)
  let at = 0
  for (const piece of pieces) {
    all.set(piece, at)
    at += piece.length
  }
  if (isObfuscated)
    for (let i = 0, seed = 0; i < size; i++, seed = seed === 0x46 ? 0 : seed + 1) {
      const mixed = all[i] ^ 0xd5
      all[i] = ((mixed >> 2) | (mixed << 6)) - seed
    }
  return all
}

/** A compressed member: blocks of raw DEFLATE, each behind its size in two bytes. Answers their starts and ends. */
export function* cabinetBlocks(data: Uint8Array): Generator<{ start: number; end: number }, void, void> {
  for (let at = 0; at + 2 <= data.length;) {
    const start = at + 2
    const end = start + u16le(data, at)
    yield { start, end }
    at = end
  }
}

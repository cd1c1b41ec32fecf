// Layout of the database image: one file, read in place.
//
//   header    64 bytes: magic u32, format u32, sections u32, hotBytes u32, fileBytes f64, crc32 of the section table u32,
//             4 reserved, then the generation: SHA-256 of everything after the section table (32 bytes)
//   table     64 bytes a section: name (32 bytes, NUL padded), offset f64, length f64, crc32 u32, flags u32, 8 reserved
//   hot       sections that are loaded into memory, each aligned to 64 bytes
//   cold      names, full digests and places: read from the file when something hits; checked in blocks of 64 KiB
//
// All numbers are little-endian; offsets and lengths are in bytes from the start of the file.

export const IMAGE_MAGIC = 0x42445a4c
/** Raised whenever an older reader would misread a newer image, or the other way round. */
export const IMAGE_FORMAT = 9
export const HEADER_BYTES = 64
export const SECTION_ENTRY_BYTES = 64
export const SECTION_NAME_BYTES = 32
export const ALIGNMENT_BYTES = 64
export const COLD_BLOCK_BYTES = 65_536
export const MAX_SECTIONS = 256
export const SECTION_HOT = 1

export const HEADER = {
  magic: 0,
  format: 4,
  sections: 8,
  hotBytes: 12,
  fileBytes: 16,
  tableCrc: 24,
  generation: 32,
} as const
export const GENERATION_BYTES = 32

/** A digest set: hot prefixes, cold records. */
export interface HashSetMeta {
  readonly kind: string
  readonly digest: string
  readonly count: number
  /** Some signature has no size: the digest must always be computed. */
  readonly anySize: boolean
  readonly startBits: number
  readonly sizeBits: number
}

/** Sizes of one part of an anchor table. */
export interface BucketMeta {
  readonly filterBits: number
  readonly bucketBits: number
}

/** The anchor table of one target, merged with those of "any". */
export interface TableMeta {
  readonly target: number
  readonly entries: number
  /** Entries from this number on are found by their window and the four bytes behind it, the others by the window. */
  readonly firstPair: number
  /** The prefilter looks at every so many positions. */
  readonly stride: number
  readonly single: BucketMeta
  readonly pair: BucketMeta
  readonly always: number
  readonly direct: number
}

/** What the image says of itself; the section `meta` holds it as JSON. */
export interface ImageMeta {
  readonly format: number
  readonly functionalityLevel: number
  readonly signatures: number
  readonly allowed: number
  readonly contentSignatures: number
  readonly patterns: number
  readonly sources: readonly {
    readonly name: string
    readonly bytes: number
    readonly signatures: number
    readonly skipped: number
  }[]
  readonly skipped: Readonly<Record<string, number>>
  readonly typeNames: readonly string[]
  /** The last content signatures are marks: number of the first, and their names. They stand in no record. */
  readonly firstMark: number
  readonly marks: readonly string[]
  readonly tables: readonly TableMeta[]
  readonly hashSets: readonly HashSetMeta[]
}

/** Bytes of one record in the cold section `content.records`: name at u32, name length u16, file u16, line u32. */
export const CONTENT_RECORD_BYTES = 12
/** What follows the digest in a cold hash record: size u32, name at u32, name length u16, file u16, line u32. */
export const HASH_RECORD_TAIL_BYTES = 16
/** Words of one anchor entry: window, extra value, extra mask, extra distance. */
export const ENTRY_WORDS = 4
/** Words that go with an entry: pattern, part << 24 | distance + DISTANCE_BIAS. */
export const ANCHOR_WORDS = 2
/** A window may start before its part does. */
export const DISTANCE_BIAS = 4
/** The anchor stands behind something of variable length: its distance from the part's start is not known. */
export const UNKNOWN_DISTANCE = 0xffffff - DISTANCE_BIAS

/** Flags of a content signature. */
export const SIGNATURE = { LOGICAL: 1, UNWANTED: 2, MARK: 4, TARGET_SHIFT: 8 } as const
/** Flag in `pattern.sub`: the prefilter finds every match of this pattern; the low bits are the subsignature's number. */
export const PATTERN_ANCHORED = 0x80
export const NO_CONDITIONS = 0xffffffff

/** Bits of an anchor window's hash; tables take as many of its high bits as they need. */
export function hashWindow(window: number): number {
  return Math.imul(window, 0x9e3779b1) >>> 0
}

/** Letters fold to upper case; other bytes lose a bit, which only makes the hash coarser. */
const FOLD = 0xdfdfdfdf

/** Hash of a window (by its own hash) and the four bytes behind it, whatever the case of their letters. */
export function hashPair(windowHash: number, behind: number): number {
  const mixed = windowHash ^ (behind & FOLD)
  return Math.imul(mixed ^ (mixed >>> 15), 0x85ebca6b) >>> 0
}

/** Word of a filter of 2^filterBits bits in which a hash has its two bits. */
export function filterWord(hash: number, filterBits: number): number {
  return hash >>> (32 - filterBits + 5)
}

/** The two bits of a hash in its word. */
export function filterMask(hash: number): number {
  return ((1 << ((hash >>> 10) & 31)) | (1 << ((hash >>> 5) & 31))) >>> 0
}

/** True where a hash may be in the filter. */
export function passesFilter(filter: Uint32Array, hash: number, filterBits: number): boolean {
  const mask = filterMask(hash)
  return (filter[filterWord(hash, filterBits)] & mask) >>> 0 === mask
}

/** Two bit positions of a size in a filter of 2^bits bits. */
export function sizeBit(size: number, round: 0 | 1, bits: number): number {
  return Math.imul(size ^ (round === 0 ? 0 : 0x5bd1e995), round === 0 ? 0x9e3779b1 : 0x85ebca6b) >>> (32 - bits)
}

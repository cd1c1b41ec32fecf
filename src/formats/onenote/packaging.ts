import { decodeHex, equalsAt, u16le, u32le, u64le } from '../../bytes/index.ts'

// Sections as OneNote on the web gives them out: the same objects, packaged as stream objects with headers of 16 or 32
// bits, one in the other. They are read one after the other without a tree; what is wanted are the blobs.
// Source: [MS-FSSHTTPB] 2.2.1.5, 2.2.1.12; [MS-ONESTORE] 2.8.1.

/** {638DE92F-A6D4-4BC1-9A36-B3FC2511A5B7} */
const PACKAGING = decodeHex('2fe98d63d4a6c14b9a36b3fc2511a5b7')!
const FORMAT_AT = 48
const START_AT = 68
const OBJECT_BLOB = 0x02
const LARGE_LENGTH = 32_767
/** Stream objects that are read. */
const MAX_OBJECTS = 5_000_000

export interface OneNoteBlob {
  readonly start: number
  readonly end: number
  readonly missing: number
}

export interface OneNotePackage {
  readonly blobs: readonly OneNoteBlob[]
  /** Where reading stopped because nothing known follows; undefined at the end of the file. */
  readonly stoppedAt: number | undefined
}

/** The blobs of a packaged section; undefined where the content is none. */
export function oneNotePackage(bytes: Uint8Array): OneNotePackage | undefined {
  if (!equalsAt(bytes, FORMAT_AT, PACKAGING)) return undefined
  const blobs: OneNoteBlob[] = []
  let at = START_AT
  for (let count = 0; at < bytes.length; count++) {
    const header = headerAt(bytes, at)
    if (header === undefined || count >= MAX_OBJECTS) return { blobs, stoppedAt: at }
    const { type, start, size } = header
    const end = Math.min(start + size, bytes.length)
    if (type === OBJECT_BLOB && size > 0) {
      const length = compactAt(bytes, start)
      if (length !== undefined) {
        const from = Math.min(start + length.size, end)
        const to = Math.min(from + length.value, bytes.length)
        blobs.push({ start: from, end: to, missing: start + length.size + length.value - to })
        at = Math.max(end, to)
        continue
      }
    }
    at = end
  }
  return { blobs, stoppedAt: undefined }
}

interface Header {
  readonly type: number
  readonly start: number
  readonly size: number
}

/** Start headers of 16 and 32 bits have two low bits 0 and 2, ends 1 and 3. */
function headerAt(bytes: Uint8Array, at: number): Header | undefined {
  const kind = bytes[at] & 3
  if (kind === 1) return { type: -1, start: at + 1, size: 0 }
  if (at + 2 > bytes.length) return undefined
  const short = u16le(bytes, at)
  if (kind === 3) return { type: -1, start: at + 2, size: 0 }
  if (kind === 0) return { type: (short >> 3) & 63, start: at + 2, size: short >> 9 }
  if (at + 4 > bytes.length) return undefined
  const long = u32le(bytes, at)
  const type = (long >>> 3) & 0x3fff
  const size = long >>> 17
  if (size !== LARGE_LENGTH) return { type, start: at + 4, size }
  const large = compactAt(bytes, at + 4)
  return large && { type, start: at + 4 + large.size, size: large.value }
}

/** A number whose lowest set bit says how many bytes it has. [MS-FSSHTTPB] 2.2.1.1 */
function compactAt(bytes: Uint8Array, at: number): { readonly value: number; readonly size: number } | undefined {
  if (at >= bytes.length) return undefined
  const first = bytes[at]
  if (first === 0) return { value: 0, size: 1 }
  const low = 31 - Math.clz32(first & -first)
  if (low === 7) return at + 9 > bytes.length ? undefined : { value: u64le(bytes, at + 1), size: 9 }
  const size = low + 1
  if (at + size > bytes.length) return undefined
  let value = 0
  for (let i = size - 1; i >= 0; i--) value = value * 256 + bytes[at + i]
  return { value: Math.floor(value / 2 ** (low + 1)), size }
}

import { u16le, u32le } from '../bytes/index.ts'

// Pictures in binary Office documents: records of the drawing layer, the same in presentations, documents and
// workbooks. Metafiles are mostly compressed, so that nothing sees into them as they are. Records are looked for at
// every offset. Source: [MS-ODRAW] 2.2.23 to 2.2.32 OfficeArtBlip*, 2.2.31 OfficeArtMetafileHeader.

/** Pictures that are found in one stream; one with that many has more. */
export const MAX_PICTURES = 20_000
const RECORD_HEADER = 8
const UID_SIZE = 16
const METAFILE_HEADER = 34
const DEFLATE = 0

type Kind = readonly [type: number, extension: string, isMetafile: boolean, instances: readonly number[]]

/** Of two instances, the second has a second identifier. */
const KINDS: readonly Kind[] = [
  [0xf01a, 'emf', true, [0x3d4, 0x3d5]],
  [0xf01b, 'wmf', true, [0x216, 0x217]],
  [0xf01c, 'pict', true, [0x542, 0x543]],
  [0xf01d, 'jpg', false, [0x46a, 0x46b, 0x6e2, 0x6e3]],
  [0xf01e, 'png', false, [0x6e0, 0x6e1]],
  [0xf01f, 'dib', false, [0x7a8, 0x7a9]],
  [0xf029, 'tif', false, [0x6e4, 0x6e5]],
  [0xf02a, 'jpg', false, [0x46a, 0x46b, 0x6e2, 0x6e3]],
]

/** Lower bytes of the types above. */
const FIRST_KIND = 0x1a
const LAST_KIND = 0x2a

export interface OfficePicture {
  readonly extension: string
  /** Offset of its data. */
  readonly start: number
  /** Offset behind what there is of it. */
  readonly end: number
  readonly missing: number
  /** Its data is zlib data. */
  readonly isCompressed: boolean
}

/** Every picture of a stream. Cost: one pass; pictures are passed over. */
export function officePictures(bytes: Uint8Array): readonly OfficePicture[] {
  const pictures: OfficePicture[] = []
  for (let at = 3; at < bytes.length && pictures.length < MAX_PICTURES; at++) {
    const low = bytes[at - 1]
    if (bytes[at] !== 0xf0 || low < FIRST_KIND || low > LAST_KIND) continue
    const picture = pictureAt(bytes, at - 3)
    if (picture === undefined) continue
    pictures.push(picture)
    at = Math.max(at, picture.end + 2)
  }
  return pictures
}

function pictureAt(bytes: Uint8Array, at: number): OfficePicture | undefined {
  if (at + RECORD_HEADER > bytes.length) return undefined
  const type = u16le(bytes, at + 2)
  const head = u16le(bytes, at)
  const kind = KINDS.find(([known, , , instances]) => known === type && instances.includes(head >> 4))
  if (kind === undefined || (head & 15) !== 0) return undefined
  const [, extension, isMetafile, instances] = kind
  const hasSecond = instances.indexOf(head >> 4) % 2 === 1
  const body = at + RECORD_HEADER + (hasSecond ? 2 : 1) * UID_SIZE
  const claimed = at + RECORD_HEADER + u32le(bytes, at + 4)
  const start = body + (isMetafile ? METAFILE_HEADER : 1)
  if (start > bytes.length || claimed < start) return undefined
  const end = Math.min(claimed, bytes.length)
  const isCompressed = isMetafile && bytes[start - 2] === DEFLATE
  return { extension, start, end, missing: claimed - end, isCompressed }
}

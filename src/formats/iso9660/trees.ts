import { u16le, u32le } from '../../bytes/index.ts'

// The directory trees of an ISO 9660 image: the primary one, and that of Joliet beside it. Names are told as far as they
// serve to tell files apart. Not read: Rock Ridge, extended attributes, the path tables.
// Source: ECMA-119 (ISO 9660) 8.4, 8.5, 9.1; Joliet Specification 1.

const SECTOR_BYTES = 2048
const FIRST_DESCRIPTOR = 16
/** Volume descriptors that are looked at; images have three or four. */
const MAX_DESCRIPTORS = 64
const MAX_DIRECTORIES = 20_000
const MAX_FILES = 200_000
const RECORD_BYTES = 33
const IS_DIRECTORY = 2

/** One extent of a file; offset and length in bytes, inside of the image. */
export interface IsoFile {
  readonly name: string
  readonly offset: number
  readonly length: number
}

export interface IsoTree {
  readonly isJoliet: boolean
  readonly files: readonly IsoFile[]
  /** Something lies outside of the image, or there is more than is read. */
  readonly isCut: boolean
}

/** Every tree that a volume descriptor leads to. Bounded; directories that were read already are not read again. */
export function isoTrees(image: Uint8Array): IsoTree[] {
  const trees: IsoTree[] = []
  for (let i = 0; i < MAX_DESCRIPTORS; i++) {
    const at = (FIRST_DESCRIPTOR + i) * SECTOR_BYTES
    const type = image[at]
    if (at + SECTOR_BYTES > image.length || type === 255 || !isDescriptor(image, at)) break
    // 1: primary, 2: supplementary, which Joliet marks by its escape sequences %/@, %/C and %/E.
    const isJoliet = type === 2 && image[at + 88] === 0x25 && image[at + 89] === 0x2f
    if (type === 1 || isJoliet) trees.push(walk(image, at + 156, isJoliet))
  }
  return trees
}

const isDescriptor = (image: Uint8Array, at: number): boolean =>
  String.fromCharCode(...image.subarray(at + 1, at + 6)) === 'CD001'

function walk(image: Uint8Array, rootAt: number, isJoliet: boolean): IsoTree {
  const files: IsoFile[] = []
  const seen = new Set<number>()
  const pending = [{ at: rootAt, path: '' }]
  let isCut = false
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const start = u32le(image, next.at + 2) * SECTOR_BYTES
    const end = Math.min(image.length, start + u32le(image, next.at + 10))
    if (start >= image.length || seen.size >= MAX_DIRECTORIES || files.length >= MAX_FILES) isCut = true
    if (start >= image.length || seen.has(start) || isCut) continue
    seen.add(start)
    for (const at of records(image, start, end)) {
      const name = `${next.path}${nameOf(image, at, isJoliet)}`
      const offset = u32le(image, at + 2) * SECTOR_BYTES
      const length = u32le(image, at + 10)
      if ((image[at + 25] & IS_DIRECTORY) !== 0) pending.push({ at, path: `${name}/` })
      else if (length > 0 && offset < image.length && files.length < MAX_FILES) {
        if (offset + length > image.length) isCut = true
        files.push({ name, offset, length: Math.min(length, image.length - offset) })
      } else if (length > 0) isCut = true
    }
  }
  return { isJoliet, files, isCut }
}

/** Offsets of the records of a directory but those of itself and its parent; a record does not cross a sector. */
function* records(image: Uint8Array, start: number, end: number): Generator<number> {
  for (let at = start; at + RECORD_BYTES < end;) {
    const size = image[at]
    if (size === 0) at = start + (Math.floor((at - start) / SECTOR_BYTES) + 1) * SECTOR_BYTES
    else if (size <= RECORD_BYTES || at + size > end) return
    else {
      const isOwn = image[at + 32] === 1 && image[at + 33] <= 1
      if (!isOwn) yield at
      at += size
    }
  }
}

function nameOf(image: Uint8Array, at: number, isJoliet: boolean): string {
  const bytes = image.subarray(at + RECORD_BYTES, at + RECORD_BYTES + image[at + 32])
  let name = ''
  if (isJoliet)
    for (let i = 0; i + 1 < bytes.length; i += 2)
      name += String.fromCharCode((u16le(bytes, i) >>> 8) | ((u16le(bytes, i) & 255) << 8))
  else for (const byte of bytes) name += String.fromCharCode(byte)
  return name.replace(/;\d{1,5}$/, '')
}

import { decodeHex, indexOf, u64le } from '../../bytes/index.ts'

// Files in the sections of OneNote's own file format: objects of the file data store, found by their identifiers at any
// offset, since the lists that lead to them may be damaged. Source: [MS-ONESTORE] 2.6.13 FileDataStoreObject.

/** {BDE316E7-2665-4511-A4C4-8D4D0B7A9EAC} */
const HEADER = decodeHex('e716e3bd65261145a4c48d4d0b7a9eac')!
/** {71FBA722-0F79-4A0B-BB13-899256426B24} */
const FOOTER = decodeHex('22a7fb71790f0b4abb13899256426b24')!
/** Identifier, length, 4 unused bytes, 8 reserved. */
const HEADER_SIZE = 36
/** More files than a section has. */
const MAX_FILES = 50_000

export interface OneNoteFile {
  /** Offset in bytes. */
  readonly start: number
  /** Offset behind what there is of it. */
  readonly end: number
  /** Bytes that it claims and that are not there. */
  readonly missing: number
}

export interface OneNoteFiles {
  readonly files: readonly OneNoteFile[]
  readonly isCut: boolean
}

/** Every file of the section. Cost: one search; a sound file is passed over, a damaged one is searched through. */
export function oneNoteFiles(bytes: Uint8Array): OneNoteFiles {
  const files: OneNoteFile[] = []
  let at = indexOf(bytes, HEADER)
  while (at >= 0) {
    if (files.length >= MAX_FILES) return { files, isCut: true }
    const start = at + HEADER_SIZE
    let next = at + HEADER.length
    if (start <= bytes.length) {
      const size = u64le(bytes, at + HEADER.length)
      const end = Math.min(start + size, bytes.length)
      if (isSound(bytes, end)) next = end
      files.push({ start, end, missing: start + size - end })
    } else files.push({ start: bytes.length, end: bytes.length, missing: 1 })
    at = indexOf(bytes, HEADER, next)
  }
  return { files, isCut: false }
}

/** The identifier of the end follows, on a multiple of eight. */
function isSound(bytes: Uint8Array, end: number): boolean {
  const found = indexOf(bytes, FOOTER, end, end + 8 + FOOTER.length)
  return found >= 0
}

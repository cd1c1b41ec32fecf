import { decodeHex, indexOf, u64le } from '../../bytes/index.ts'

// Files in the sections of OneNote's own file format: objects of the file data store, found by their identifiers at any
// offset, since the lists that lead to them may be damaged. Source: [MS-ONESTORE] 2.6.13 FileDataStoreObject.

/** {BDE316E7-2665-4511-A4C4-8D4D0B7A9EAC} */
const HEADER = decodeHex('e716e3bd65261145a4c48d4d0b7a9eac')!
/** {71FBA722-0F79-4A0B-BB13-899256426B24} */
const FOOTER = decodeHex('22a7fb71790f0b4abb13899256426b24')!
/** Identifier, length, 4 unused bytes, 8 reserved. */
const HEADER_SIZE = 36
/** Damaged files may overlap; past this many times the section's size each ends where the next one starts. */
const MAX_OVERLAP = 4
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
  let spare = MAX_OVERLAP * bytes.length
  let at = indexOf(bytes, HEADER)
  while (at >= 0) {
    if (files.length >= MAX_FILES) return { files, isCut: true }
    const start = Math.min(at + HEADER_SIZE, bytes.length)
    const claimed = start + (at + HEADER_SIZE <= bytes.length ? u64le(bytes, at + HEADER.length) : 1)
    let end = Math.min(claimed, bytes.length)
    const sound = isSound(bytes, end)
    const next = indexOf(bytes, HEADER, sound ? end : at + HEADER.length)
    if (!sound && (spare -= end - start) < 0 && next >= 0) end = Math.max(start, Math.min(end, next))
    else if (!sound && spare > 0) {
      // A size that is too small hides nothing: the file reaches to the identifier of its end.
      const footer = indexOf(bytes, FOOTER, end)
      spare -= (footer < 0 ? bytes.length : footer) - end
      if (footer >= 0 && (next < 0 || footer < next)) end = footer
    }
    files.push({ start, end, missing: Math.max(0, claimed - end) })
    at = next
  }
  return { files, isCut: false }
}

/** The identifier of the end follows, on a multiple of eight. */
function isSound(bytes: Uint8Array, end: number): boolean {
  const found = indexOf(bytes, FOOTER, end, end + 8 + FOOTER.length)
  return found >= 0
}

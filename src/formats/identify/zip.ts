import { latin1, u16le, u32le } from '../../bytes/index.ts'
import type { FileTypeName } from './file-types.ts'

// What a ZIP archive is for, by the names in its central directory. Source: APPNOTE.TXT 6.3.10, 4.3.12 and 4.3.16.
// Not read: Zip64, and archives with a comment longer than MAX_COMMENT; they stay plain ZIP.

const END_SIZE = 22
const END_SIGNATURE = 0x0605_4b50
const CENTRAL_SIGNATURE = 0x0201_4b50
const CENTRAL_SIZE = 46
const LOCAL_SIZE = 30
const MAX_COMMENT = 1024
/** Entries looked at; the parts that tell an Office document stand among the first dozen. */
const MAX_ENTRIES = 64
const MAX_NAME = 256

/** Type by the prefix of an entry's name; the OOXML ones count only beside [Content_Types].xml. */
const BY_PREFIX: readonly (readonly [prefix: string, type: FileTypeName])[] = [
  ['word/', 'docx'],
  ['xl/', 'xlsx'],
  ['ppt/', 'pptx'],
]
const BY_MIME: readonly (readonly [mime: string, type: FileTypeName])[] = [
  ['application/epub+zip', 'epub'],
  ['application/vnd.oasis.opendocument', 'odf'],
]

/** The more exact type of a ZIP archive, or plain zip. Cost: the tail and at most MAX_ENTRIES directory entries. */
export function zipType(content: Uint8Array): FileTypeName {
  const byMime = storedMimeType(content)
  if (byMime !== undefined) return byMime
  const names = entryNames(content)
  if (names.includes('[Content_Types].xml'))
    for (const name of names) for (const [prefix, type] of BY_PREFIX) if (name.startsWith(prefix)) return type
  if (names.includes('AndroidManifest.xml')) return 'apk'
  return names.includes('META-INF/MANIFEST.MF') ? 'jar' : 'zip'
}

/** EPUB and OpenDocument: the first entry is called "mimetype" and stored. */
function storedMimeType(content: Uint8Array): FileTypeName | undefined {
  if (latin1(content, LOCAL_SIZE, LOCAL_SIZE + 8) !== 'mimetype') return undefined
  const value = latin1(content, LOCAL_SIZE + 8, LOCAL_SIZE + 8 + 64)
  return BY_MIME.find(([mime]) => value.startsWith(mime))?.[1]
}

function entryNames(content: Uint8Array): string[] {
  const names: string[] = []
  const end = findEnd(content)
  if (end < 0) return names
  const count = Math.min(u16le(content, end + 10), MAX_ENTRIES)
  let at = u32le(content, end + 16)
  for (let i = 0; i < count; i++) {
    if (at + CENTRAL_SIZE > content.length || u32le(content, at) !== CENTRAL_SIGNATURE) break
    const nameSize = u16le(content, at + 28)
    names.push(latin1(content, at + CENTRAL_SIZE, at + CENTRAL_SIZE + Math.min(nameSize, MAX_NAME)))
    at += CENTRAL_SIZE + nameSize + u16le(content, at + 30) + u16le(content, at + 32)
  }
  return names
}

function findEnd(content: Uint8Array): number {
  const first = Math.max(0, content.length - END_SIZE - MAX_COMMENT)
  for (let at = content.length - END_SIZE; at >= first; at--)
    if (content[at] === 0x50 && u32le(content, at) === END_SIGNATURE) return at
  return -1
}

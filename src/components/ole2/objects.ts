import { latin1, u32le } from '../../bytes/index.ts'
import { decodeLzfu, zlibInflate, inflate } from '../../codecs/index.ts'
import {
  cutContent,
  MAX_PICTURES,
  MAX_PRESENTATION_OBJECTS,
  officePictures,
  presentationObjects,
  readOlePackage,
} from '../../formats/index.ts'
import type { OleStream } from '../../formats/index.ts'
import type { Emission } from '../../scan/index.ts'
import type { OleDocument } from './document.ts'

// Files inside streams: packages, objects of presentations, compressed bodies of messages, parts of Hangul documents.

/** Streams whose content is a package or the data of an OLE 1 object. */
const NATIVE = '\u0001ole10native'
const LINK = '\u0001ole'
/** Streams of the drawing layer; a workbook's is cut into records and read elsewhere. */
const PICTURES: ReadonlySet<string> = new Set(['pictures', 'data', 'escherdelaystm'])
const MAX_LINK = 4_096
/** A place on another machine, up to the first character that no name has. */
const ELSEWHERE = /(?:https?|ftp|file|mhtml|ms-[a-z-]{1,32}):[!#-;=?-~]{2,2000}|\\\\[!#-);+-;=@-{}~]{3,500}/i
const COMPRESSED_RTF = /^__substg1\.0_10090102$/i
/** [Hangul document 5.0, 3.2.1]: flags of the header; bit 0: streams are compressed, bit 1: encrypted. */
const HWP_FLAGS_AT = 36
const HWP_COMPRESSED = /^(?:bodytext|bindata|scripts|docinfo|viewtext)(?:\/|$)/i

/** What a stream holds as a file of its own, beside the stream itself. */
export function* objectsIn(document: OleDocument, stream: OleStream): Generator<Emission, void> {
  const name = stream.name.toLowerCase()
  if (name === NATIVE) yield* nativeObject(document, stream)
  else if (document.kind === 'msg' && COMPRESSED_RTF.test(stream.name)) {
    const content = decodeLzfu(document.bytes(stream), 0)
    yield { emit: 'child', name: `${document.nameOf(stream)}.rtf`, content }
  } else if (name === 'powerpoint document') yield* presentation(document.bytes(stream), document.nameOf(stream))
  else if (document.kind === 'hwp') yield* hangul(document, stream)
  if (name === LINK) yield* linkOf(document.bytes(stream))
  if (PICTURES.has(name)) yield* pictures(document.bytes(stream), document.nameOf(stream))
}

function* nativeObject(document: OleDocument, stream: OleStream): Generator<Emission, void> {
  const bytes = document.bytes(stream)
  const found = readOlePackage(bytes, 4) ?? readOlePackage(bytes, 0)
  const folder = stream.folders.map(part => `${part}/`).join('')
  if (found === undefined) {
    // Data of another program's object: what is behind the size.
    if (bytes.length > 4) yield { emit: 'child', name: `${folder}native`, content: bytes.subarray(4) }
    return
  }
  const name = folder + (baseName(found.label) || baseName(found.path) || 'package')
  const properties = [
    { name: 'package.label', value: found.label },
    { name: 'package.path', value: found.path },
  ]
  yield { emit: 'child', name, properties, content: cutContent(found.data, found.missing) }
}

const baseName = (path: string): string => path.slice(Math.max(path.lastIndexOf('\\'), path.lastIndexOf('/')) + 1)

/** Where the object of a storage lies, if elsewhere. [MS-OLEDS] 2.3.3 */
function* linkOf(bytes: Uint8Array): Generator<Emission, void> {
  if (bytes.length < 8 || (u32le(bytes, 4) & 1) === 0) return
  const short = bytes.subarray(0, MAX_LINK)
  // Names stand at even and odd offsets, in one byte and in two.
  const texts = [latin1(short), ...[0, 1].map(from => new TextDecoder('utf-16le').decode(short.subarray(from)))]
  for (const text of texts) {
    const link = ELSEWHERE.exec(text)?.[0]
    if (link === undefined) continue
    yield { emit: 'property', name: 'ole2.link', value: link }
    yield { emit: 'anomaly', code: 'external-object', detail: 'An object of the document lies elsewhere' }
    return
  }
}

const tooMany = (what: string, count: number, member: string): Emission => ({
  emit: 'missed',
  reason: 'too-large',
  detail: `Only the first ${count} ${what} are taken out`,
  member,
})

/** Pictures of the drawing layer, decompressed. */
export function* pictures(stream: Uint8Array, name: string): Generator<Emission, void> {
  let number = 0
  for (const { extension, start, end, missing, isCompressed } of officePictures(stream)) {
    const data = stream.subarray(start, end)
    const content = isCompressed ? zlibInflate(data, 0) : cutContent(data, missing)
    yield { emit: 'child', name: `${name}/picture-${++number}.${extension}`, content }
  }
  if (number >= MAX_PICTURES) yield tooMany('pictures', number, name)
}

/** Objects of a presentation's stream, decompressed. */
export function* presentation(stream: Uint8Array, name: string): Generator<Emission, void> {
  let number = 0
  for (const { start, end, isCompressed, missing } of presentationObjects(stream)) {
    const data = stream.subarray(start, end)
    const content = isCompressed ? zlibInflate(data, 0) : cutContent(data, missing)
    yield { emit: 'child', name: `${name}/object-${++number}`, content }
  }
  if (number >= MAX_PRESENTATION_OBJECTS) yield tooMany('objects', number, name)
}

function* hangul(document: OleDocument, stream: OleStream): Generator<Emission, void> {
  const header = document.bytesAt('FileHeader')
  if (header === undefined || header.length < HWP_FLAGS_AT + 4) return
  const flags = u32le(header, HWP_FLAGS_AT)
  const path = document.nameOf(stream)
  if ((flags & 1) === 0 || (flags & 2) !== 0 || !HWP_COMPRESSED.test(path)) return
  yield { emit: 'child', name: `${path}.inflated`, content: inflate(document.bytes(stream), 0) }
}

/** A password keeps the parts of a Hangul document closed. */
export function isEncryptedHangul(document: OleDocument): boolean {
  const header = document.kind === 'hwp' ? document.bytesAt('FileHeader') : undefined
  return header !== undefined && header.length >= HWP_FLAGS_AT + 4 && (u32le(header, HWP_FLAGS_AT) & 2) !== 0
}

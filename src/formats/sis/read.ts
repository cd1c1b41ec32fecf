import { ContentError, latin1, u16le, u32le } from '../../bytes/index.ts'
import { MAX_NAME_BYTES } from '../archive-parts.ts'

// Symbian installation packages before version 9: a header, file records, and the files. Integers are little endian.
// Source: A. Thoelke, "Symbian OS software install file format" (1999-2005).

/** One file, as stored. */
export interface SisFile {
  readonly name: string
  /** Borrowed, clipped to the package's end. */
  readonly data: Uint8Array
  readonly missingBytes: number
  /** True where it is a stream of zlib. */
  readonly isCompressed: boolean
}

const UID2 = 4
const UID2_RELEASE_6 = 0x1000_3a12
const LANGUAGES = 18
const FILES = 20
const OPTIONS = 36
const FILES_POINTER = 52
const IS_UNICODE = 1
const IS_NOT_COMPRESSED = 8
/** Codes of languages are two bytes in the table; nobody speaks more. */
const MAX_LANGUAGES = 1000
const RECORD_FIELDS = 7 * 4
/** Behind the lengths and pointers: length and pointer of a MIME type, from release 6 on. */
const MIME_FIELDS = 2 * 4

/** Kinds of records; 0 and 1 are files, once or once for each language. */
const RECORD = { file: 0, languages: 1, options: 2, if: 3, elseIf: 4, else: 5, endIf: 6 } as const

interface Header {
  readonly languages: number
  readonly isRelease6: boolean
  readonly isUnicode: boolean
  readonly isCompressed: boolean
}

/**
 * The files, in the order of their records; answers where those end.
 * @throws ParseError where the header is cut; ContentError at a record of no known kind, after what came before
 */
export function* readSis(bytes: Uint8Array): Generator<SisFile, number, void> {
  const options = u16le(bytes, OPTIONS)
  const isRelease6 = u32le(bytes, UID2) === UID2_RELEASE_6
  const header: Header = {
    languages: Math.min(u16le(bytes, LANGUAGES), MAX_LANGUAGES),
    isRelease6,
    isUnicode: (options & IS_UNICODE) !== 0,
    isCompressed: isRelease6 && (options & IS_NOT_COMPRESSED) === 0,
  }
  let at = u32le(bytes, FILES_POINTER)
  for (let left = u16le(bytes, FILES); left > 0; left--) at = yield* record(bytes, header, at)
  return at
}

/** Answers where the next record is: always further on. */
function* record(bytes: Uint8Array, header: Header, at: number): Generator<SisFile, number> {
  const kind = u32le(bytes, at)
  switch (kind) {
    case RECORD.file:
      return yield* files(bytes, header, at, 1)
    case RECORD.languages:
      return yield* files(bytes, header, at, header.languages)
    case RECORD.options:
      return at + 8 + u32le(bytes, at + 4) * header.languages * 8 + 16
    case RECORD.if:
    case RECORD.elseIf:
      return at + 8 + u32le(bytes, at + 4)
    case RECORD.else:
    case RECORD.endIf:
      return at + 4
    default:
      throw new ContentError('malformed', `No record of a package is of kind ${kind}`, at)
  }
}

function* files(bytes: Uint8Array, header: Header, at: number, count: number): Generator<SisFile, number> {
  const source = nameAt(bytes, header, at + 12)
  const name = nameAt(bytes, header, at + 20) || source
  const lengths = at + RECORD_FIELDS
  const pointers = lengths + count * 4
  for (let i = 0; i < count; i++) {
    const size = u32le(bytes, lengths + i * 4)
    const start = u32le(bytes, pointers + i * 4)
    const data = bytes.subarray(start, start + size)
    yield { name, data, missingBytes: size - data.length, isCompressed: header.isCompressed }
  }
  // Release 6 adds the sizes before compression, and a MIME type.
  return pointers + count * 4 + (header.isRelease6 ? count * 4 + MIME_FIELDS : 0)
}

/** A name by its length in bytes and its offset. */
function nameAt(bytes: Uint8Array, { isUnicode }: Header, at: number): string {
  const size = Math.min(u32le(bytes, at), MAX_NAME_BYTES)
  const start = u32le(bytes, at + 4)
  if (!isUnicode) return latin1(bytes, start, start + size)
  return new TextDecoder('utf-16le').decode(bytes.subarray(start, start + size))
}

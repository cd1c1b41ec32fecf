import { latin1, u16le, u32le } from '../../bytes/index.ts'
import { FieldCodes } from '../field-code.ts'

// The text of a binary Word document with its fields: the FIB says where the piece table lies in the table stream, and
// each piece where its characters lie, of one byte or two. Source: [MS-DOC] 2.4.1, 2.5.1, 2.9.38 Clx.

const FIB_MAGIC = 0xa5ec
const FIRST_PIECED = 0x00c1
const FLAGS_AT = 0x0a
const TEMPLATE = 0x0001
const ENCRYPTED = 0x0100
const WHICH_TABLE = 0x0200
const OBFUSCATED = 0x8000
const KEY_AT = 0x0e
const CLX_AT = 0x01a2
/** Place and size of the commands in the FIB of Word 6 and 95. */
const MACROS_AT = 0x0118
/** Pieces that are read: a document of heavy editing has thousands. */
const MAX_PIECES = 200_000
/** Characters of fields; between these two stands the separator. */
const FIELD_BEGIN = 0x13
const FIELD_END = 0x15

export interface WordHeader {
  /** Which of the two table streams is the document's. */
  readonly table: '0Table' | '1Table'
  readonly isEncrypted: boolean
  /** By XOR instead of RC4. */
  readonly isObfuscated: boolean
  /** Bytes of the encryption header in the table stream, or the verifier of the obfuscation. */
  readonly key: number
  /** Macros of Word 6 or 95, which only templates have. */
  readonly hasWordBasic: boolean
}

/** The first part of the FIB; undefined where the stream has none. */
export function readWordHeader(stream: Uint8Array): WordHeader | undefined {
  if (stream.length < 0x20 || u16le(stream, 0) !== FIB_MAGIC) return undefined
  const flags = u16le(stream, FLAGS_AT)
  return {
    table: (flags & WHICH_TABLE) === 0 ? '0Table' : '1Table',
    isEncrypted: (flags & ENCRYPTED) !== 0,
    isObfuscated: (flags & OBFUSCATED) !== 0,
    key: u32le(stream, KEY_AT),
    hasWordBasic:
      u16le(stream, 2) < FIRST_PIECED &&
      (flags & TEMPLATE) !== 0 &&
      stream.length >= MACROS_AT + 8 &&
      u32le(stream, MACROS_AT + 4) > 0,
  }
}

/** Commands of DDE fields. Where the piece table is damaged, the whole stream is read as text, in both widths. */
export function wordDdeCommands(stream: Uint8Array, table: Uint8Array): readonly string[] {
  const pieces = pieceTexts(stream, table)
  const readings: readonly (readonly string[])[] =
    pieces === undefined ? [[latin1(stream)], [new TextDecoder('utf-16le').decode(stream)]] : [pieces]
  return [...new Set(readings.flatMap(commandsOf))]
}

function commandsOf(texts: readonly string[]): readonly string[] {
  const fields = new FieldCodes()
  for (const text of texts) {
    let from = 0
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at)
      if (code < FIELD_BEGIN || code > FIELD_END) continue
      fields.text(text.slice(from, at))
      from = at + 1
      if (code === FIELD_BEGIN) fields.begin()
      else if (code === FIELD_END) fields.end()
      else fields.separate()
    }
    fields.text(text.slice(from))
  }
  fields.finish()
  return fields.commands
}

/** Texts of the pieces in their order; undefined where there is no piece table. */
function pieceTexts(stream: Uint8Array, table: Uint8Array): readonly string[] | undefined {
  if (stream.length < CLX_AT + 8 || u16le(stream, 2) < FIRST_PIECED) return undefined
  const start = u32le(stream, CLX_AT)
  const end = Math.min(start + u32le(stream, CLX_AT + 4), table.length)
  let at = start
  while (at + 3 <= end && table[at] === 1) at += 3 + u16le(table, at + 1)
  if (at + 5 > end || table[at] !== 2) return undefined
  const size = Math.min(u32le(table, at + 1), end - at - 5)
  const count = Math.min(Math.floor((size - 4) / 12), MAX_PIECES)
  if (count <= 0) return undefined
  const characters = at + 5
  const descriptors = characters + 4 * (Math.floor((size - 4) / 12) + 1)
  const texts: string[] = []
  // Pieces may overlap in damaged files only; together they are not longer than twice the stream.
  let left = 2 * stream.length
  for (let i = 0; i < count && left > 0; i++) {
    const length = u32le(table, characters + 4 * i + 4) - u32le(table, characters + 4 * i)
    if (length <= 0 || descriptors + 8 * i + 8 > table.length) continue
    const place = u32le(table, descriptors + 8 * i + 2)
    const isNarrow = (place & 0x4000_0000) !== 0
    const from = isNarrow ? (place & 0x3fff_ffff) >> 1 : place & 0x3fff_ffff
    const bytes = stream.subarray(from, from + Math.min(isNarrow ? length : 2 * length, left))
    left -= bytes.length
    texts.push(isNarrow ? latin1(bytes) : new TextDecoder('utf-16le').decode(bytes))
  }
  return texts
}

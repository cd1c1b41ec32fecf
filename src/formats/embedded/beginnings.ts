import { u16le, u32be, u32le, u64le } from '../../bytes/index.ts'
import { crc32 } from '../../codecs/index.ts'
import { isPlausible } from './zip-proof.ts'

// How files that may lie inside of others begin, and how far each can be told apart from a few bytes that merely look
// like it: programs that handle archives carry all these magics as constants.

/** A file that begins at `offset`. */
export interface Embedded {
  readonly kind: EmbeddedKind
  readonly offset: number
  /** Where it ends, where its header tells; else undefined. */
  readonly end: number | undefined
}

export type EmbeddedKind =
  | 'zip'
  | 'rar'
  | '7z'
  | 'cab'
  | 'ole2'
  | 'pdf'
  | 'xz'
  | 'gzip'
  | 'lha'
  | 'pe'
  | 'elf'
  | 'nsis'
  | 'autoit'

/** One way to begin. */
interface Beginning {
  readonly kind: EmbeddedKind
  /** One character per byte. */
  readonly magic: string
  /** Bytes of the file before its magic. */
  readonly before?: number
  /** End of the file that begins at `at`, `true` where it is one and does not tell, false where it is none. */
  check(content: Uint8Array, at: number): number | boolean
}

/** Longest distance of a PE header from the start of its file. */
const MAX_PE_HEADER_AT = 0x1000
const MAX_PE_SECTIONS = 96
/** Bytes behind a PDF's header in which its first object begins. */
const MAX_PDF_PROLOGUE = 1024
/** Shortest content that is worth a look. */
const MIN_FILE_BYTES = 32

const ZIP_METHODS: ReadonlySet<number> = new Set([0, 1, 2, 3, 4, 5, 6, 8, 9, 12, 14, 20, 93, 95, 98, 99])

function zip(content: Uint8Array, at: number): boolean {
  const nameLength = u16le(content, at + 26)
  if (nameLength === 0 || nameLength >= 4096) return false
  const isUsual = u16le(content, at + 4) < 100 && ZIP_METHODS.has(u16le(content, at + 8))
  // What nobody can unpack is to be said, too.
  return isUsual || isPlausible(content, at)
}

/** RAR 4: the archive header's CRC; RAR 5: the main header's. */
function rar(content: Uint8Array, at: number): boolean {
  if (content[at + 6] === 0) {
    const size = u16le(content, at + 12)
    const header = content.subarray(at + 9, at + 7 + size)
    return content[at + 9] === 0x73 && size >= 13 && (crc32(header) & 0xffff) === u16le(content, at + 7)
  }
  // The size is a variable-length integer; that of a main header has one byte.
  const size = content[at + 12]
  return (
    content[at + 6] === 1 && size < 0x80 && crc32(content.subarray(at + 12, at + 13 + size)) === u32le(content, at + 8)
  )
}

function sevenZip(content: Uint8Array, at: number): number | boolean {
  if (crc32(content.subarray(at + 12, at + 32)) !== u32le(content, at + 8)) return false
  return at + 32 + u64le(content, at + 12) + u64le(content, at + 20)
}

function cab(content: Uint8Array, at: number): number | boolean {
  const size = u32le(content, at + 8)
  const sound = u32le(content, at + 12) === 0 && content[at + 24] === 3 && content[at + 25] === 1
  return sound && size > 36 ? at + size : false
}

const ole2 = (content: Uint8Array, at: number): boolean =>
  u16le(content, at + 28) === 0xfffe && [9, 12].includes(u16le(content, at + 30))

function pdf(content: Uint8Array, at: number): boolean {
  const prologue = content.subarray(at, at + MAX_PDF_PROLOGUE)
  for (let i = 8; i + 3 < prologue.length; i++)
    if (prologue[i] === 0x20 && prologue[i + 1] === 0x6f && prologue[i + 2] === 0x62 && prologue[i + 3] === 0x6a)
      return true
  return false
}

const xz = (content: Uint8Array, at: number): boolean =>
  crc32(content.subarray(at + 6, at + 8)) === u32le(content, at + 8)

/** Header flags, then a first block of deflate with a type that exists. */
function gzip(content: Uint8Array, at: number): boolean {
  const [extra, system] = [content[at + 8], content[at + 9]]
  if (![0, 2, 4].includes(extra) || (system > 13 && system !== 255)) return false
  return content[at + 3] !== 0 || (content[at + 10] & 6) !== 6
}

/** The level-0 and level-1 header's checksum; level 2 has its size there. */
function lha(content: Uint8Array, at: number): boolean {
  const size = content[at]
  const level = content[at + 20]
  if (level === 2) return (content[at] | (content[at + 1] << 8)) >= 26
  if (level > 1 || size < 22) return false
  let sum = 0
  for (let i = at + 2; i < at + 2 + size && i < content.length; i++) sum += content[i]
  return (sum & 0xff) === content[at + 1]
}

/** `at` is that of MZ: of the last one before the PE header that points to it. */
function pe(content: Uint8Array, at: number): number | boolean {
  const header = at + u32le(content, at + 60)
  const optional = u16le(content, header + 24)
  const sections = u16le(content, header + 6)
  if ((optional !== 0x10b && optional !== 0x20b) || sections === 0 || sections > MAX_PE_SECTIONS) return false
  const table = header + 24 + u16le(content, header + 20)
  let end = table + sections * 40
  for (let i = 0; i < sections && table + i * 40 + 24 <= content.length; i++) {
    const [size, raw] = [u32le(content, table + i * 40 + 16), u32le(content, table + i * 40 + 20)]
    if (size > 0) end = Math.max(end, at + raw + size)
  }
  return end
}

const elf = (content: Uint8Array, at: number): boolean => {
  const type = content[at + 5] === 2 ? u32be(content, at + 16) >>> 16 : u16le(content, at + 16)
  return type >= 1 && type <= 4 && content[at + 6] === 1
}

export const BEGINNINGS: readonly Beginning[] = [
  { kind: 'zip', magic: 'PK\x03\x04', check: zip },
  { kind: 'rar', magic: 'Rar!\x1a\x07', check: rar },
  { kind: '7z', magic: '7z\xbc\xaf\x27\x1c', check: sevenZip },
  { kind: 'cab', magic: 'MSCF\0\0\0\0', check: cab },
  { kind: 'ole2', magic: '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1', check: ole2 },
  { kind: 'pdf', magic: '%PDF-1.', check: pdf },
  { kind: 'xz', magic: '\xfd7zXZ\0', check: xz },
  { kind: 'gzip', magic: '\x1f\x8b\x08', check: gzip },
  { kind: 'lha', magic: '-lh5-', before: 2, check: lha },
  // Long enough to be no constant by chance: installers carry it in their data alone.
  { kind: 'nsis', magic: '\xef\xbe\xad\xdeNullsoftInst', before: 4, check: () => true },
  { kind: 'autoit', magic: '\xa3HK\xbe\x98lJ\xa9\x99LS\n\x86\xd6H}AU3!EA0', check: () => true },
  { kind: 'elf', magic: '\x7fELF', check: elf },
]

/** The MZ header that points to the PE header at `header`, or -1. */
export function dosHeaderOf(content: Uint8Array, header: number): number {
  const lowest = Math.max(0, header - MAX_PE_HEADER_AT)
  for (let at = header - 4; at >= lowest; at--)
    if (
      content[at] === 0x4d &&
      content[at + 1] === 0x5a &&
      at + 64 <= content.length &&
      u32le(content, at + 60) === header - at
    )
      return at
  return -1
}

/** What begins at the PE header `header`. */
export function programAt(content: Uint8Array, header: number): Embedded | undefined {
  const at = dosHeaderOf(content, header)
  return at < 0 ? undefined : checked(content, { kind: 'pe', magic: '', check: pe }, at)
}

/** What begins where this magic stands, if it is that. */
export function checked(content: Uint8Array, beginning: Beginning, magicAt: number): Embedded | undefined {
  const offset = magicAt - (beginning.before ?? 0)
  if (offset <= 0 || content.length - offset < MIN_FILE_BYTES) return undefined
  try {
    const found = beginning.check(content, offset)
    if (found === false) return undefined
    return { kind: beginning.kind, offset, end: found === true || found > content.length ? undefined : found }
  } catch {
    // Cut off inside its header.
    return undefined
  }
}

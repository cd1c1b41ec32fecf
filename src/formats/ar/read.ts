import { bytesOf, equalsAt } from '../../bytes/index.ts'
import { digits, nameText } from '../archive-parts.ts'

// Ar archives: static libraries and Debian packages. Sources: ar(5) of FreeBSD; System V "Common Archive File Format";
// GNU binutils' manual for thin archives; Microsoft PE format, "Archive (Library) File Format".

export interface ArMember {
  readonly kind: 'member'
  readonly name: string
  readonly offset: number
  /** Borrowed, clipped to the archive's end. */
  readonly data: Uint8Array
  readonly missingBytes: number
}

export type ArItem =
  | ArMember
  /** A table of symbols or of long names. */
  | { readonly kind: 'table' }
  /** A member of a thin archive: a name and nothing else. */
  | { readonly kind: 'reference' }
  /** Bytes that belong to no member. */
  | { readonly kind: 'gap'; readonly offset: number; readonly end: number }

const THIN = bytesOf('!<thin>\n')
const MAGIC_SIZE = 8
const HEADER = 60
/** Where in a header the two bytes stand that end it, and its size field. */
const END_MARK = 58
const SIZE = 48
const TABLES = new Set(['/', '//', '/SYM64/', '__.SYMDEF', '__.SYMDEF SORTED', '__.SYMDEF_64', '__.SYMDEF_64 SORTED'])
/** Longer names of BSD's form are content that somebody hides. */
const MAX_LONG_NAME = 4096

interface Header {
  readonly name: string
  readonly size: number
}

/** Everything in the archive, in order. Linear in its size. */
export function* readAr(bytes: Uint8Array): Generator<ArItem, void, void> {
  const isThin = equalsAt(bytes, 0, THIN)
  let longNames: Uint8Array | undefined
  for (let at = MAGIC_SIZE; at < bytes.length;) {
    const header = readHeader(bytes, at)
    if (header === undefined) {
      const end = nextHeader(bytes, at + 1)
      // The last member may be filled up, with whatever the writer had at hand.
      if (end < bytes.length || bytes.length - at > 1) yield { kind: 'gap', offset: at, end }
      at = end
      continue
    }
    const start = at + HEADER
    const isTable = TABLES.has(header.name)
    if (isThin && !isTable) {
      yield { kind: 'reference' }
      at = start
      continue
    }
    const data = bytes.subarray(start, start + header.size)
    if (header.name === '//') longNames = data
    yield item(header, data, longNames, at)
    at = behind(bytes, start + header.size)
  }
}

function item(header: Header, data: Uint8Array, longNames: Uint8Array | undefined, offset: number): ArItem {
  const missingBytes = header.size - data.length
  const bsdSize = header.name.startsWith('#1/') ? Number.parseInt(header.name.slice(3), 10) : 0
  if (bsdSize > 0 && bsdSize <= MAX_LONG_NAME && bsdSize <= data.length) {
    const name = nameText(data.subarray(0, bsdSize))
    if (TABLES.has(name)) return { kind: 'table' }
    return { kind: 'member', name, offset, data: data.subarray(bsdSize), missingBytes }
  }
  if (TABLES.has(header.name) && missingBytes === 0) return { kind: 'table' }
  return { kind: 'member', name: fullName(header.name, longNames), offset, data, missingBytes }
}

/** `/12`: a name in the table at that place; `name/`: one that ends there. */
function fullName(name: string, longNames: Uint8Array | undefined): string {
  if (longNames !== undefined && /^\/\d+$/.test(name)) {
    const rest = longNames.subarray(Number(name.slice(1)), Number(name.slice(1)) + MAX_LONG_NAME)
    const end = rest.findIndex(byte => byte === 0x0a || byte === 0)
    return withoutSlash(nameText(end < 0 ? rest : rest.subarray(0, end)))
  }
  return withoutSlash(name)
}

function withoutSlash(name: string): string {
  return name.endsWith('/') ? name.slice(0, -1) : name
}

function readHeader(bytes: Uint8Array, at: number): Header | undefined {
  if (at + HEADER > bytes.length || bytes[at + END_MARK] !== 0x60 || bytes[at + END_MARK + 1] !== 0x0a) return undefined
  const size = digits(bytes, at + SIZE, at + END_MARK, 10)
  if (size === undefined) return undefined
  const name = bytes.subarray(at, at + 16)
  // Names are filled up with spaces; BSD's old form may hold some inside.
  return { size, name: nameText(name).trimEnd() }
}

/** Members start at even offsets; some writers forgot that, and readers that look for a header take both. */
function behind(bytes: Uint8Array, end: number): number {
  if (end % 2 === 0) return end
  return readHeader(bytes, end + 1) === undefined && readHeader(bytes, end) !== undefined ? end : end + 1
}

function nextHeader(bytes: Uint8Array, start: number): number {
  for (let at = bytes.indexOf(0x60, start + END_MARK); at >= 0; at = bytes.indexOf(0x60, at + 1))
    if (readHeader(bytes, at - END_MARK) !== undefined) return at - END_MARK
  return bytes.length
}

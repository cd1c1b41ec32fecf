import { ContentError } from '../../bytes/index.ts'

// Cryptographic Message Syntax, BER: RFC 5652 (PKCS#7: RFC 2315), and RFC 3274 for compressed data.
//
//   SEQUENCE { type, [0] { SEQUENCE { version, SET or SEQUENCE of algorithms, SEQUENCE { type, [0] { OCTET STRING }}}}}

const SEQUENCE = 0x30
const OBJECT = 0x06
const OCTETS = 0x04
const CONSTRUCTED = 0x20
const EXPLICIT = 0xa0
/** Deeper nesting than any message has. */
const MAX_DEPTH = 32

interface Element {
  readonly tag: number
  readonly start: number
  /** Behind its content, or the end of what is around it where its length is not said. */
  readonly end: number
  readonly isOpen: boolean
}

const fault = (detail: string, at: number): ContentError => new ContentError('malformed', detail, at)

function elementAt(bytes: Uint8Array, at: number, end: number): Element {
  if (at + 2 > end) throw fault('An element does not fit', at)
  const tag = bytes[at]
  const first = bytes[at + 1]
  if ((tag & 31) === 31) throw fault('A tag of several bytes', at)
  if (first === 0x80) return { tag, start: at + 2, end, isOpen: true }
  let start = at + 2
  let length = first
  if (first > 0x80) {
    const size = first & 0x7f
    if (size > 6 || start + size > end) throw fault('A length does not fit', at)
    length = 0
    for (let i = 0; i < size; i++) length = length * 256 + bytes[start++]
  }
  if (start + length > end) throw fault('An element does not fit', at)
  return { tag, start, end: start + length, isOpen: false }
}

/** Offset behind an element, whose end may have to be looked for. */
function behind(bytes: Uint8Array, element: Element): number {
  if (!element.isOpen) return element.end
  let at = element.start
  for (let depth = 1; depth > 0;) {
    const inner = elementAt(bytes, at, element.end)
    at = inner.isOpen ? inner.start : inner.end
    if (inner.tag === 0 && !inner.isOpen) depth--
    else if (inner.isOpen && ++depth > MAX_DEPTH) throw fault('Elements are nested too deeply', at)
  }
  return at
}

function expected(bytes: Uint8Array, at: number, end: number, tag: number): Element {
  const element = elementAt(bytes, at, end)
  if (element.tag !== tag) throw fault(`Tag ${element.tag} where ${tag} is due`, at)
  return element
}

/** Object identifiers as hexadecimal bytes. */
const hexOf = (bytes: Uint8Array, { start, end }: Element): string =>
  Array.from(bytes.subarray(start, Math.min(end, start + 32)), byte => byte.toString(16).padStart(2, '0')).join('')

interface Typed {
  readonly type: string
  /** Element inside of [0]; absent where there is none. */
  readonly content?: Element
}

function readTyped(bytes: Uint8Array, at: number, end: number): Typed {
  const outer = expected(bytes, at, end, SEQUENCE)
  const oid = expected(bytes, outer.start, outer.end, OBJECT)
  const type = hexOf(bytes, oid)
  if (oid.end >= outer.end || bytes[oid.end] !== EXPLICIT) return { type }
  const explicit = elementAt(bytes, oid.end, outer.end)
  return { type, content: elementAt(bytes, explicit.start, explicit.end) }
}

/** Pieces of a string of octets; a constructed one is made of others. */
function pieces(bytes: Uint8Array, { tag, start, end, isOpen }: Element, out: Uint8Array[], depth = 0): void {
  if ((tag & CONSTRUCTED) === 0) {
    if (isOpen) throw fault('A string without a length', start)
    out.push(bytes.subarray(start, end))
    return
  }
  if (depth > MAX_DEPTH) throw fault('Elements are nested too deeply', start)
  for (let at = start; at < end;) {
    const inner = elementAt(bytes, at, end)
    if (inner.tag === 0) return
    pieces(bytes, inner, out, depth + 1)
    if (inner.isOpen && depth > 0) throw fault('Elements are nested too deeply', at)
    at = behind(bytes, inner)
  }
  if (isOpen) throw fault('A string without an end', end)
}

const KINDS: ReadonlyMap<string, CmsMessage['kind']> = new Map([
  ['2a864886f70d010701', 'data'],
  ['2a864886f70d010702', 'signed'],
  ['2a864886f70d010703', 'encrypted'],
  ['2a864886f70d010704', 'encrypted'],
  ['2a864886f70d010706', 'encrypted'],
  ['2a864886f70d0109100117', 'encrypted'],
  ['2a864886f70d0109100109', 'compressed'],
])

export interface CmsMessage {
  readonly kind: 'data' | 'signed' | 'encrypted' | 'compressed' | 'other'
  /** Content in pieces that lie in `bytes`; none: a detached signature. */
  readonly pieces: readonly Uint8Array[]
  /** What ended the content early. */
  readonly error?: ContentError
}

/** Reads a message up to its content; linear. @throws ContentError for what is no message */
export function readCms(bytes: Uint8Array): CmsMessage {
  const { type, content } = readTyped(bytes, 0, bytes.length)
  const kind = KINDS.get(type) ?? 'other'
  if (content === undefined || kind === 'encrypted' || kind === 'other') return { kind, pieces: [] }
  let held: Element | undefined = content
  if (kind !== 'data') {
    const version = elementAt(bytes, content.start, content.end)
    const algorithms = elementAt(bytes, version.end, content.end)
    held = readTyped(bytes, behind(bytes, algorithms), content.end).content
  }
  const out: Uint8Array[] = []
  try {
    if (held !== undefined) {
      // PKCS#7 signs elements of any type.
      if ((held.tag & ~CONSTRUCTED) === OCTETS) pieces(bytes, held, out)
      else out.push(bytes.subarray(held.start, held.end))
    }
  } catch (error) {
    if (error instanceof ContentError) return { kind, pieces: out, error }
    throw error
  }
  return { kind, pieces: out }
}

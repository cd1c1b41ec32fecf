import { equalsAt, bytesOf, hexDigit, indexOf, latin1 } from '../../bytes/index.ts'

// Elements of an XML data package (XDP) or form (XFA) whose text is base64 or a script. Not a reader of XML: it looks for start
// tags by their local name, wherever they stand. Source: XML Data Package Specification 2.0, Adobe.

/** Elements of one file. */
const MAX_ELEMENTS = 10_000

const OPEN = 0x3c
const CLOSE = 0x3e
const SLASH = 0x2f
const COLON = 0x3a
const AMPERSAND = 0x26
const COMMENT_START = bytesOf('<!--')
const COMMENT_END = bytesOf('-->')
const CDATA_START = bytesOf('<![CDATA[')
const CDATA_END = bytesOf(']]>')

export interface TextElement {
  readonly name: string
  /** Offset of its text. */
  readonly start: number
  /** Its text without markup, character references resolved. Borrowed where it holds neither. */
  readonly text: Uint8Array
  /** Its end tag is missing. */
  readonly isOpen: boolean
}

/** Elements with one of these local names, in file order. Linear. */
export function* textElements(bytes: Uint8Array, names: readonly string[]): Generator<TextElement, void, void> {
  const words = names.map(name => ({ name, letters: bytesOf(name) }))
  let count = 0
  for (let at = bytes.indexOf(OPEN); at >= 0 && count < MAX_ELEMENTS; at = bytes.indexOf(OPEN, at + 1)) {
    const nameAt = localName(bytes, at + 1)
    const word = words.find(
      ({ letters }) => equalsAt(bytes, nameAt, letters) && endsName(bytes[nameAt + letters.length]),
    )
    if (word === undefined) continue
    let tagEnd = nameAt
    while (tagEnd < bytes.length && bytes[tagEnd] !== CLOSE && bytes[tagEnd] !== OPEN) tagEnd++
    if (bytes[tagEnd] !== CLOSE || bytes[tagEnd - 1] === SLASH) continue
    const close = endTag(bytes, tagEnd + 1, word.letters)
    count++
    yield {
      name: word.name,
      start: tagEnd + 1,
      text: plainText(bytes.subarray(tagEnd + 1, close.at)),
      isOpen: close.isOpen,
    }
    at = close.at - 1
  }
}

const isNameByte = (code: number): boolean =>
  (code >= 0x30 && code <= 0x39) ||
  ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a) ||
  code === 0x2d ||
  code === 0x5f ||
  code === 0x2e ||
  code > 0x7f
const endsName = (code: number | undefined): boolean => code === undefined || (!isNameByte(code) && code !== COLON)

/** Offset of the name behind a prefix and its colon. */
function localName(bytes: Uint8Array, start: number): number {
  let at = start
  while (at < start + 64 && isNameByte(bytes[at])) at++
  return bytes[at] === COLON ? at + 1 : start
}

/** Where the element ends: its end tag, or the end of the file. Tags in between are text with markup. */
function endTag(bytes: Uint8Array, start: number, letters: Uint8Array): { at: number; isOpen: boolean } {
  for (let at = bytes.indexOf(OPEN, start); at >= 0; at = bytes.indexOf(OPEN, at + 1)) {
    if (equalsAt(bytes, at, COMMENT_START)) {
      at = indexOf(bytes, COMMENT_END, at + 4)
      if (at < 0) break
    } else if (equalsAt(bytes, at, CDATA_START)) {
      at = indexOf(bytes, CDATA_END, at)
      if (at < 0) break
    } else if (bytes[at + 1] === SLASH && equalsAt(bytes, localName(bytes, at + 2), letters))
      return { at, isOpen: false }
  }
  return { at: bytes.length, isOpen: true }
}

function plainText(text: Uint8Array): Uint8Array {
  if (text.indexOf(OPEN) < 0 && text.indexOf(AMPERSAND) < 0) return text
  const out = new Uint8Array(text.length)
  let size = 0
  for (let at = 0; at < text.length;) {
    const code = text[at]
    if (code === OPEN) {
      const isCdata = equalsAt(text, at, CDATA_START)
      const end = isCdata ? indexOf(text, CDATA_END, at) : markupEnd(text, at)
      const stop = end < 0 ? text.length : end
      if (isCdata) {
        out.set(text.subarray(at + CDATA_START.length, stop), size)
        size += Math.max(0, stop - at - CDATA_START.length)
      }
      at = isCdata ? stop + CDATA_END.length : stop
    } else if (code === AMPERSAND) {
      const { value, next } = reference(text, at)
      if (value >= 0) out[size++] = value
      at = next
    } else {
      out[size++] = code
      at++
    }
  }
  return out.subarray(0, size)
}

function markupEnd(text: Uint8Array, at: number): number {
  const isComment = equalsAt(text, at, COMMENT_START)
  const end = isComment ? indexOf(text, COMMENT_END, at + 4) : text.indexOf(CLOSE, at)
  return end < 0 ? -1 : end + (isComment ? COMMENT_END.length : 1)
}

const ENTITIES: ReadonlyMap<string, number> = new Map([
  ['lt', OPEN],
  ['gt', CLOSE],
  ['amp', AMPERSAND],
  ['quot', 0x22],
  ['apos', 0x27],
])
const SEMICOLON = 0x3b
const HASH = 0x23

/** A character reference below 256; others give nothing, as neither base64 nor scripts need them. */
function reference(text: Uint8Array, at: number): { value: number; next: number } {
  const end = text.subarray(0, at + 12).indexOf(SEMICOLON, at)
  if (end < 0) return { value: AMPERSAND, next: at + 1 }
  if (text[at + 1] !== HASH) return { value: ENTITIES.get(latin1(text, at + 1, end)) ?? -1, next: end + 1 }
  const isHex = (text[at + 2] | 0x20) === 0x78
  const digits = latin1(text, at + (isHex ? 3 : 2), end)
  let value = 0
  for (let i = 0; i < digits.length; i++) value = value * (isHex ? 16 : 10) + hexDigit(digits.charCodeAt(i))
  return { value: value > 0 && value < 256 ? value : -1, next: end + 1 }
}

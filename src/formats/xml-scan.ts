// Tags of XML, found one after the other without a tree: enough for facts, and linear whatever the text is. Comments,
// declarations and CDATA are passed over as tags are. Entities in attributes are the five of XML and numbers.

/** Characters of one tag that are read; a longer one is cut. */
const MAX_TAG = 65_536
const MAX_ATTRIBUTES = 256

export interface XmlTag {
  /** With its prefix. */
  readonly name: string
  readonly isClosing: boolean
  readonly isEmpty: boolean
  /** Offset of `<`. */
  readonly start: number
  /** Offset behind `>`. */
  readonly end: number
}

/** Every tag of the text, in order. */
export function* xmlTags(text: string): Generator<XmlTag, void> {
  let at = text.indexOf('<')
  while (at >= 0) {
    if (text.startsWith('<!--', at)) at = behind(text, '-->', at + 4)
    else if (text.startsWith('<![CDATA[', at)) at = behind(text, ']]>', at + 9)
    else {
      const close = tagEnd(text, at)
      if (close < 0) return
      const isClosing = text[at + 1] === '/'
      const name = nameAt(text, at + (isClosing ? 2 : 1))
      if (name !== '') yield { name, isClosing, isEmpty: text[close - 1] === '/', start: at, end: close + 1 }
      at = close + 1
    }
    at = text.indexOf('<', at)
  }
}

/** Name without its prefix. */
export const localName = (name: string): string => name.slice(name.indexOf(':') + 1)

/** Attributes of a tag by their names without prefixes; the first of a name wins. */
export function xmlAttributes(text: string, { start, end }: XmlTag): ReadonlyMap<string, string> {
  const attributes = new Map<string, string>()
  const limit = Math.min(end, start + MAX_TAG)
  let at = start
  while (attributes.size < MAX_ATTRIBUTES) {
    const equals = text.indexOf('=', at)
    if (equals < 0 || equals >= limit) break
    let open = equals + 1
    while (open < limit && isSpace(text.charCodeAt(open))) open++
    const quote = text[open]
    if (quote !== '"' && quote !== "'") {
      at = equals + 1
      continue
    }
    const close = text.indexOf(quote, open + 1)
    if (close < 0 || close >= limit) break
    let nameEnd = equals
    while (nameEnd > at && isSpace(text.charCodeAt(nameEnd - 1))) nameEnd--
    let nameStart = nameEnd
    while (nameStart > at && !isSpace(text.charCodeAt(nameStart - 1))) nameStart--
    const name = localName(text.slice(nameStart, nameEnd))
    if (!attributes.has(name)) attributes.set(name, xmlText(text.slice(open + 1, close)))
    at = close + 1
  }
  return attributes
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** Text with its entities resolved. */
export function xmlText(text: string): string {
  if (!text.includes('&')) return text
  return text.replace(/&(#x[0-9a-f]{1,6}|#\d{1,7}|amp|lt|gt|quot|apos);/gi, (whole, entity: string) => {
    if (entity[0] !== '#') return ENTITIES[entity.toLowerCase()] ?? whole
    const code = entity[1] === 'x' || entity[1] === 'X' ? Number.parseInt(entity.slice(2), 16) : Number(entity.slice(1))
    return code <= 0x10_ffff ? String.fromCodePoint(code) : whole
  })
}

/** Text of bytes by their byte order mark; UTF-8 without one. */
export function xmlDecode(bytes: Uint8Array): string {
  const isLittle = bytes[0] === 0xff && bytes[1] === 0xfe
  const isBig = bytes[0] === 0xfe && bytes[1] === 0xff
  return new TextDecoder(isLittle ? 'utf-16le' : isBig ? 'utf-16be' : 'utf-8').decode(bytes)
}

function behind(text: string, mark: string, from: number): number {
  const at = text.indexOf(mark, from)
  return at < 0 ? text.length : at + mark.length
}

/** Offset of the `>` that ends the tag: not one inside quotes, unless nothing closes them nearby. */
function tagEnd(text: string, start: number): number {
  const limit = Math.min(text.length, start + MAX_TAG)
  let quote = 0
  for (let at = start + 1; at < limit; at++) {
    const code = text.charCodeAt(at)
    if (quote !== 0) {
      if (code === quote) quote = 0
    } else if (code === 0x22 || code === 0x27) quote = code
    else if (code === 0x3e) return at
  }
  return text.indexOf('>', start)
}

function nameAt(text: string, start: number): string {
  let at = start
  while (at < text.length && at < start + 256) {
    const code = text.charCodeAt(at)
    if (isSpace(code) || code === 0x2f || code === 0x3e) break
    at++
  }
  return text.slice(start, at)
}

const isSpace = (code: number): boolean => code === 0x20 || (code >= 0x09 && code <= 0x0d)

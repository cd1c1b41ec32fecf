import { latin1 } from '../../bytes/index.ts'
import { decodeBase64, decodePercent, isBase64Char, joinPieces } from '../../codecs/index.ts'
import { APOSTROPHE, GREATER, isSpace, isWordAt, LESS, QUOTE } from './characters.ts'

// data: URLs anywhere in a page: attributes, styles, scripts. Linear: media types hold no colon, and base64 holds none
// either, so no byte belongs to more than two URLs. Source: RFC 2397, WHATWG Fetch section 6 (data: URL processor).

export interface DataUrl {
  /** Lower case, with its parameters; may be empty. */
  readonly mediaType: string
  readonly isBase64: boolean
  /** Extent of the encoded data. */
  readonly start: number
  readonly end: number
}

const COLON = 0x3a
const COMMA = 0x2c
const PERCENT = 0x25
const BACKTICK = 0x60
/** Characters of a media type with parameters. */
const MAX_MEDIA_TYPE_CHARS = 300

/** Every data: URL in the page. */
export function* findDataUrls(bytes: Uint8Array): Generator<DataUrl> {
  let plainEnd = 0
  for (let colon = bytes.indexOf(COLON); colon >= 0;) {
    let next = colon + 1
    if (colon >= 4 && isWordAt(bytes, colon - 4, 'data')) {
      const url = urlAt(bytes, colon)
      // Within a plain URL another plain one is text: whoever decodes the outer one finds it.
      if (url !== undefined && (url.isBase64 || url.start >= plainEnd)) {
        yield url
        if (url.isBase64) next = Math.max(next, url.end)
        else plainEnd = url.end
      }
    }
    colon = bytes.indexOf(COLON, next)
  }
}

function urlAt(bytes: Uint8Array, colon: number): DataUrl | undefined {
  const limit = Math.min(bytes.length, colon + 1 + MAX_MEDIA_TYPE_CHARS)
  let comma = colon + 1
  for (; comma < limit && bytes[comma] !== COMMA; comma++)
    if (bytes[comma] === COLON || bytes[comma] === LESS || bytes[comma] === GREATER) return undefined
  if (comma >= limit) return undefined
  const head = latin1(bytes, colon + 1, comma)
    .toLowerCase()
    .replace(/[\s\\]+/g, '')
  const isBase64 = head.endsWith(';base64')
  const mediaType = isBase64 ? head.slice(0, -7) : head
  const start = comma + 1
  const before = colon >= 5 ? bytes[colon - 5] : -1
  if (isBase64) return { mediaType, isBase64, start, end: base64End(bytes, start) }
  if (!isPlausible(mediaType, before)) return undefined
  return { mediaType, isBase64, start, end: plainEnd(bytes, start, before) }
}

/** Scripts are full of `data:x,`: without base64, a URL needs a quote, a parenthesis or `=` before it and a type in it. */
function isPlausible(mediaType: string, before: number): boolean {
  const isOpened =
    before === QUOTE || before === APOSTROPHE || before === 0x28 || before === 0x3d || before === BACKTICK
  const isType = mediaType === '' || mediaType.startsWith(';') || /^[\w.+-]{1,100}\/[\w.+*-]/.test(mediaType)
  return (isOpened || before < 0) && isType
}

function base64End(bytes: Uint8Array, start: number): number {
  let at = start
  while (at < bytes.length && isBase64Byte(bytes[at])) at++
  return at
}

/** The alphabet, padding, percent-encoding, white space, and backslashes as scripts put them before slashes. */
const isBase64Byte = (byte: number): boolean =>
  isBase64Char(byte) || byte === 0x3d || byte === PERCENT || byte === 0x5c || isSpace(byte)

function plainEnd(bytes: Uint8Array, start: number, before: number): number {
  let at = start
  if (before === QUOTE || before === APOSTROPHE || before === BACKTICK) {
    while (at < bytes.length && bytes[at] !== before) at++
    return at
  }
  while (at < bytes.length && !isSpace(bytes[at]) && bytes[at] !== GREATER && bytes[at] !== QUOTE && bytes[at] !== 0x29)
    at++
  return at
}

/** What the URL carries. */
export function decodeDataUrl(bytes: Uint8Array, { isBase64, start, end }: DataUrl): Iterable<Uint8Array> {
  if (!isBase64) return decodePercent(bytes, start, end)
  if (bytes.subarray(start, end).indexOf(PERCENT) < 0) return decodeBase64(bytes, start, end)
  const plain = joinPieces(decodePercent(bytes, start, end), end - start)
  return decodeBase64(plain)
}

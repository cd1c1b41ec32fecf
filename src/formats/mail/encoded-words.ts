import { bytesOf, hexDigit } from '../../bytes/index.ts'
import { decodeBase64, joinPieces } from '../../codecs/index.ts'

// Text of headers: encoded words (RFC 2047), percent-encoded parameters (RFC 2231), and plain eight-bit text.

const ENCODED = '=?'

/** Decodes bytes by the name of a character set; unknown ones and those that fail are read as UTF-8, then Latin-1. */
export function decodeCharset(bytes: Uint8Array, charset: string): string {
  if (charset !== '') {
    try {
      return new TextDecoder(charset.trim()).decode(bytes)
    } catch {
      // An unknown name: the guess below is better than nothing.
    }
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return new TextDecoder('latin1').decode(bytes)
  }
}

/** Text of a header value of one character per byte. Linear. */
export function decodeWords(value: string): string {
  const pieces: string[] = []
  let at = 0
  let wasWord = false
  for (;;) {
    const mark = value.indexOf(ENCODED, at)
    if (mark < 0) break
    const word = wordAt(value, mark)
    if (word === undefined) {
      // Nothing behind this can be closed either.
      if (value.indexOf('?=', mark + 2) < 0) break
      pieces.push(plain(value.slice(at, mark + 2)))
      wasWord = false
      at = mark + 2
      continue
    }
    const between = value.slice(at, mark)
    if (!wasWord || between.trim() !== '') pieces.push(plain(between))
    pieces.push(word.text)
    wasWord = true
    at = word.next
  }
  pieces.push(plain(value.slice(at)))
  return pieces.join('')
}

/** Characters that the name of a character set may have, with its language. */
const MAX_CHARSET_CHARS = 100

function wordAt(value: string, mark: number): { text: string; next: number } | undefined {
  const charsetEnd = value.slice(mark + 2, mark + 2 + MAX_CHARSET_CHARS).indexOf('?')
  if (charsetEnd < 0) return undefined
  const encodingAt = mark + 2 + charsetEnd + 1
  if (value[encodingAt + 1] !== '?') return undefined
  const textEnd = value.indexOf('?=', encodingAt + 2)
  if (textEnd < 0) return undefined
  const charset = value.slice(mark + 2, mark + 2 + charsetEnd).split('*')[0]
  const text = value.slice(encodingAt + 2, textEnd)
  const encoding = value[encodingAt].toLowerCase()
  if (encoding !== 'b' && encoding !== 'q') return undefined
  const bytes =
    encoding === 'b' ? joinPieces(decodeBase64(bytesOf(text)), text.length) : unescape(text.replaceAll('_', ' '), '=')
  return { text: decodeCharset(bytes, charset), next: textEnd + 2 }
}

const plain = (text: string): string => decodeCharset(bytesOf(text), '')

/** Value of an extended parameter: `charset'language'percent-encoded`. */
export function decodeExtended(value: string): string {
  const first = value.indexOf("'")
  const second = first < 0 ? -1 : value.indexOf("'", first + 1)
  return second < 0
    ? decodeCharset(unescape(value, '%'), '')
    : decodeCharset(unescape(value.slice(second + 1), '%'), value.slice(0, first))
}

/** Bytes of a text in which `mark` and two hexadecimal digits stand for a byte. */
function unescape(text: string, mark: string): Uint8Array {
  const bytes = new Uint8Array(text.length)
  let length = 0
  for (let i = 0; i < text.length; i++) {
    const high = text[i] === mark ? hexDigit(text.charCodeAt(i + 1)) : -1
    const low = high < 0 ? -1 : hexDigit(text.charCodeAt(i + 2))
    bytes[length++] = low < 0 ? text.charCodeAt(i) : (high << 4) | low
    if (low >= 0) i += 2
  }
  return bytes.subarray(0, length)
}

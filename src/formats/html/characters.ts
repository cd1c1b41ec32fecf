import { characterReferenceAt } from '../../codecs/index.ts'
import type { Sink } from './sink.ts'

// Single characters of a page.

export const LESS = 0x3c
export const GREATER = 0x3e
export const AMPERSAND = 0x26
export const QUOTE = 0x22
export const APOSTROPHE = 0x27

/** Space, tab, line feed, form feed, carriage return, and the vertical tab that ClamAV counts, too. */
export const isSpace = (byte: number): boolean => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)

export const lower = (byte: number): number => (byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte)

/** What text becomes: letters in lower case, white space as spaces; 0 for the bytes that are `stops`. */
export function formsOf(stops: readonly number[]): Uint8Array {
  const forms = Uint8Array.from({ length: 256 }, (_, byte) => (isSpace(byte) ? 0x20 : lower(byte)))
  for (const byte of stops) forms[byte] = 0
  return forms
}

export const isLetter = (byte: number): boolean => {
  const small = byte | 0x20
  return small >= 0x61 && small <= 0x7a
}

/** True where the bytes at `at` are `word` (lower case) in any case. */
export function isWordAt(bytes: Uint8Array, at: number, word: string): boolean {
  if (at + word.length > bytes.length) return false
  for (let i = 0; i < word.length; i++) if (lower(bytes[at + i]) !== word.charCodeAt(i)) return false
  return true
}

/**
 * Writes the character reference at `at`, in lower case: one byte up to U+00FF, `&#x0168;` above, `&` alone where it is
 * none. Answers the offset behind it.
 */
export function writeReference(bytes: Uint8Array, at: number, end: number, sink: Sink): number {
  const reference = characterReferenceAt(bytes, at, end)
  if (reference === undefined) {
    sink.push(AMPERSAND)
    return at + 1
  }
  const { code, next } = reference
  if (isSpace(code)) sink.space()
  else if (code <= 0xff) sink.push(lower(code))
  else sink.text(`&#x${code.toString(16).padStart(4, '0')};`)
  return next
}

const encoder = new TextEncoder()

/** The bytes [start, end) with character references decoded to UTF-8; nothing else changes. */
export function decodeReferences(bytes: Uint8Array, start: number, end: number): Uint8Array {
  // Three characters at least become at most four bytes: `&lt` is the shortest.
  const out = new Uint8Array((end - start) * 2)
  let length = 0
  for (let at = start; at < end;) {
    const reference = bytes[at] === AMPERSAND ? characterReferenceAt(bytes, at, end) : undefined
    if (reference === undefined) out[length++] = bytes[at++]
    else {
      const { code, next } = reference
      if (code < 0x80) out[length++] = code
      else length += encoder.encodeInto(String.fromCodePoint(code), out.subarray(length)).written
      at = next
    }
  }
  return out.subarray(0, length)
}

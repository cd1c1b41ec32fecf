import { APOSTROPHE, isSpace, QUOTE } from './characters.ts'
import type { Sink } from './sink.ts'

const BACKSLASH = 0x5c
const SLASH = 0x2f
const STAR = 0x2a
const BACKTICK = 0x60

/** Writes a script without comments and without the white space that only people need. Strings stay as they are. */
export function writeScript(bytes: Uint8Array, start: number, end: number, out: Sink): void {
  let at = start
  let spaced = false
  while (at < end) {
    const byte = bytes[at]
    if (isSpace(byte)) {
      spaced = true
      at++
      continue
    }
    if (byte === SLASH && (bytes[at + 1] === SLASH || bytes[at + 1] === STAR)) {
      at = bytes[at + 1] === SLASH ? behindLine(bytes, at, end) : behindBlock(bytes, at + 2, end)
      spaced = true
      continue
    }
    if (spaced && isWord(byte) && isWord(out.last)) out.push(0x20)
    spaced = false
    if (byte === QUOTE || byte === APOSTROPHE || byte === BACKTICK) at = writeString(bytes, at, end, out)
    else {
      out.push(byte)
      at++
    }
  }
}

const isWord = (byte: number): boolean =>
  (byte >= 0x30 && byte <= 0x39) ||
  (byte >= 0x41 && byte <= 0x5a) ||
  (byte >= 0x61 && byte <= 0x7a) ||
  byte === 0x5f ||
  byte === 0x24 ||
  byte >= 0x80

function behindLine(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end && bytes[at] !== 0x0a && bytes[at] !== 0x0d) at++
  return at
}

function behindBlock(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end && !(bytes[at] === STAR && bytes[at + 1] === SLASH)) at++
  return Math.min(end, at + 2)
}

/** A string ends at its quote, or at the end of the line, so that a lone apostrophe swallows no more than that. */
function writeString(bytes: Uint8Array, start: number, end: number, out: Sink): number {
  const quote = bytes[start]
  out.push(quote)
  let at = start + 1
  while (at < end) {
    const byte = bytes[at++]
    out.push(byte)
    if (byte === quote || ((byte === 0x0a || byte === 0x0d) && quote !== BACKTICK)) break
    if (byte === BACKSLASH && at < end) out.push(bytes[at++])
  }
  return at
}

import type { Decoder } from './decoder.ts'
import { PIECE_BYTES } from './output.ts'

const LF = 0x0a
const CR = 0x0d
/** The longest line: 63 bytes are 84 characters, with the length, a checksum and room for careless gateways. */
const MAX_LINE_CHARS = 128

/**
 * Decodes the lines in [start, end) that follow `begin MODE NAME`, up to a line `end` or another `begin`. Lines that
 * cannot be uuencoded are skipped; missing characters at the end of a line are spaces that a mailer cut off.
 * Source: POSIX.1-2017, uuencode.
 */
export function* decodeUuencode(input: Uint8Array, start = 0, end = input.length): Decoder {
  const out = new Uint8Array(PIECE_BYTES)
  const text = input.subarray(0, end)
  let length = 0
  let at = start
  while (at < end) {
    let stop = text.indexOf(LF, at)
    if (stop < 0) stop = end
    const next = Math.min(end, stop + 1)
    while (stop > at && (input[stop - 1] === CR || input[stop - 1] === 0x20)) stop--
    if (isWord(input, at, stop, 'end') && stop === at + 3) {
      at = next
      break
    }
    if (isWord(input, at, stop, 'begin')) break
    length = decodeLine(input, at, stop, out, length)
    at = next
    if (length < PIECE_BYTES - MAX_LINE_CHARS) continue
    yield out.subarray(0, length)
    length = 0
  }
  if (length > 0) yield out.subarray(0, length)
  return at
}

function isWord(input: Uint8Array, at: number, stop: number, word: string): boolean {
  if (at + word.length > stop) return false
  for (let i = 0; i < word.length; i++) if (input[at + i] !== word.charCodeAt(i)) return false
  return true
}

/** Decodes one line without its break; answers the new length of `out`. */
function decodeLine(input: Uint8Array, start: number, stop: number, out: Uint8Array, length: number): number {
  if (stop === start || stop - start > MAX_LINE_CHARS || !isLine(input, start, stop)) return length
  const bytes = (input[start] - 0x20) & 0x3f
  let written = 0
  for (let at = start + 1; written < bytes; at += 4) {
    const a = sextet(input, at, stop)
    const b = sextet(input, at + 1, stop)
    const c = sextet(input, at + 2, stop)
    const d = sextet(input, at + 3, stop)
    out[length + written] = (a << 2) | (b >> 4)
    out[length + written + 1] = (b << 4) | (c >> 2)
    out[length + written + 2] = (c << 6) | d
    written += 3
  }
  return length + bytes
}

const sextet = (input: Uint8Array, at: number, stop: number): number => (at < stop ? (input[at] - 0x20) & 0x3f : 0)

/** True where every character is one of uuencode's, so prose is not taken for data. */
function isLine(input: Uint8Array, start: number, stop: number): boolean {
  for (let at = start; at < stop; at++) if (input[at] < 0x20 || input[at] > 0x60) return false
  return true
}

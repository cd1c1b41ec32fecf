import type { Decoder } from './decoder.ts'
import { PIECE_BYTES } from './output.ts'

const CR = 0x0d
const LF = 0x0a
const ESCAPE = 0x3d
const DOT = 0x2e
const LETTER_Y = 0x79

/**
 * Decodes the lines in [start, end) behind `=ybegin` and `=ypart`, up to a line that starts with `=y`. A doubled dot
 * at the start of a line is one that news transport added. Source: yEnc draft 1.3.
 */
export function* decodeYenc(input: Uint8Array, start = 0, end = input.length): Decoder {
  const out = new Uint8Array(PIECE_BYTES)
  let length = 0
  let atLineStart = true
  let at = start
  while (at < end) {
    let byte = input[at]
    if (byte === CR || byte === LF) {
      atLineStart = true
      at++
      continue
    }
    if (atLineStart) {
      if (byte === ESCAPE && input[at + 1] === LETTER_Y) break
      if (byte === DOT && input[at + 1] === DOT) at++
      atLineStart = false
    }
    at++
    if (byte === ESCAPE) {
      if (at === end) break
      byte = input[at++] - 64
    }
    out[length++] = byte - 42
    if (length < PIECE_BYTES) continue
    yield out
    length = 0
  }
  if (length > 0) yield out.subarray(0, length)
  return at
}

import type { Decoder } from './decoder.ts'
import { PIECE_BYTES } from './output.ts'

/**
 * Transcodes UTF-16 in [start, end) to UTF-8, without a byte-order mark. Unpaired surrogates become U+FFFD; an odd
 * byte at the end is left out.
 */
export function* decodeUtf16(input: Uint8Array, littleEndian: boolean, start = 0, end = input.length): Decoder {
  const out = new Uint8Array(PIECE_BYTES)
  const high = littleEndian ? 1 : 0
  const low = 1 - high
  const last = end - 1
  let length = 0
  let at = start
  if (at < last && ((input[at + high] << 8) | input[at + low]) === 0xfeff) at += 2
  while (at < last) {
    let code = (input[at + high] << 8) | input[at + low]
    at += 2
    if (code >= 0xd800 && code < 0xe000) {
      const next = at < last ? (input[at + high] << 8) | input[at + low] : 0
      if (code < 0xdc00 && next >= 0xdc00 && next < 0xe000) {
        code = 0x10000 + ((code - 0xd800) << 10) + (next - 0xdc00)
        at += 2
      } else code = 0xfffd
    }
    if (code < 0x80) out[length++] = code
    else length = writeUtf8(out, length, code)
    if (length < PIECE_BYTES - 4) continue
    yield out.subarray(0, length)
    length = 0
  }
  if (length > 0) yield out.subarray(0, length)
  return at
}

/** Writes a code point from 0x80 on; answers the new length. */
function writeUtf8(out: Uint8Array, length: number, code: number): number {
  let at = length
  if (code < 0x800) out[at++] = 0xc0 | (code >> 6)
  else {
    if (code < 0x10000) out[at++] = 0xe0 | (code >> 12)
    else {
      out[at++] = 0xf0 | (code >> 18)
      out[at++] = 0x80 | ((code >> 12) & 0x3f)
    }
    out[at++] = 0x80 | ((code >> 6) & 0x3f)
  }
  out[at++] = 0x80 | (code & 0x3f)
  return at
}

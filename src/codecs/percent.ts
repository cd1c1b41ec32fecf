import { hexDigit } from '../bytes/index.ts'
import type { Decoder } from './decoder.ts'
import { PIECE_BYTES } from './output.ts'

const PERCENT = 0x25

/** Decodes `%XX` in [start, end); everything else stays. Source: RFC 3986 section 2.1. */
export function* decodePercent(input: Uint8Array, start = 0, end = input.length): Decoder {
  const out = new Uint8Array(Math.min(PIECE_BYTES, Math.max(1, end - start)))
  let length = 0
  let at = start
  while (at < end) {
    let byte = input[at++]
    if (byte === PERCENT && at + 1 < end) {
      const high = hexDigit(input[at])
      const low = hexDigit(input[at + 1])
      if (high >= 0 && low >= 0) {
        byte = (high << 4) | low
        at += 2
      }
    }
    out[length++] = byte
    if (length < out.length) continue
    yield out
    length = 0
  }
  if (length > 0) yield out.subarray(0, length)
  return at
}

import { hexDigit } from '../bytes/index.ts'
import type { Decoder } from './decoder.ts'
import { PIECE_BYTES } from './output.ts'

const EQUALS = 0x3d
const CR = 0x0d
const LF = 0x0a

/**
 * Decodes quoted-printable text in [start, end): `=XX` in either case, soft line breaks also with white space before
 * the break. What is neither stays as it is. Source: RFC 2045 section 6.7.
 */
export function* decodeQuotedPrintable(input: Uint8Array, start = 0, end = input.length): Decoder {
  const out = new Uint8Array(PIECE_BYTES)
  let length = 0
  let at = start
  while (at < end) {
    let byte = input[at++]
    if (byte === EQUALS) {
      const high = at + 1 < end ? hexDigit(input[at]) : -1
      const low = high < 0 ? -1 : hexDigit(input[at + 1])
      if (low >= 0) {
        byte = (high << 4) | low
        at += 2
      } else {
        const next = afterSoftBreak(input, at, end)
        if (next > 0) {
          at = next
          continue
        }
      }
    }
    out[length++] = byte
    if (length < PIECE_BYTES) continue
    yield out
    length = 0
  }
  if (length > 0) yield out.subarray(0, length)
  return at
}

/** White space behind `=` is looked through so far: longer runs are no soft break, and the search stays linear. */
const MAX_SPACE_BYTES = 1000

/** Offset behind the line break that a `=` hides, or 0 where there is none. */
function afterSoftBreak(input: Uint8Array, start: number, end: number): number {
  const limit = Math.min(end, start + MAX_SPACE_BYTES)
  let at = start
  while (at < limit && (input[at] === 0x20 || input[at] === 0x09)) at++
  if (at === end) return end
  if (input[at] === LF) return at + 1
  if (input[at] !== CR) return 0
  return at + 1 < end && input[at + 1] === LF ? at + 2 : at + 1
}

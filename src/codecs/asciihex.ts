import { hexDigit } from '../bytes/index.ts'

const PIECE_BYTES = 64 << 10
const END = 0x3e

/**
 * ASCIIHexDecode: two digits a byte, up to `>` or the end; an odd last digit is followed by 0. Everything that is no
 * digit is passed over, as viewers do.
 * @param source - pieces, borrowed one at a time
 * Source: ISO 32000-1, 7.4.2
 */
export function* asciiHexDecode(source: Iterable<Uint8Array>): Generator<Uint8Array, void, void> {
  const out = new Uint8Array(PIECE_BYTES)
  let at = 0
  let high = -1
  let ended = false
  for (const piece of source) {
    for (let i = 0; i < piece.length; i++) {
      const digit = hexDigit(piece[i])
      if (digit < 0) {
        if (piece[i] !== END) continue
        ended = true
        break
      }
      if (high < 0) high = digit << 4
      else {
        out[at++] = high | digit
        high = -1
        if (at === PIECE_BYTES) {
          yield out
          at = 0
        }
      }
    }
    if (ended) break
  }
  if (high >= 0) out[at++] = high
  if (at > 0) yield out.subarray(0, at)
}

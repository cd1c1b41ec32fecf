const PIECE_BYTES = 64 << 10
const LONGEST_RUN = 128
const END = 128

/**
 * RunLengthDecode: a length below 128 is followed by that many bytes and one, a length above by one byte that is
 * repeated 257 less it; 128 or the end of input ends it.
 * @param source - pieces, borrowed one at a time
 * Source: ISO 32000-1, 7.4.5
 */
export function* runLengthDecode(source: Iterable<Uint8Array>): Generator<Uint8Array, void, void> {
  const out = new Uint8Array(PIECE_BYTES + LONGEST_RUN)
  let at = 0
  let literals = 0
  let repeat = 0
  let ended = false
  for (const piece of source) {
    for (let i = 0; i < piece.length; i++) {
      const byte = piece[i]
      if (literals > 0) {
        const end = Math.min(piece.length, i + literals)
        literals -= end - i
        for (; i < end; i++) out[at++] = piece[i]
        i--
      } else if (repeat > 0) {
        out.fill(byte, at, at + repeat)
        at += repeat
        repeat = 0
      } else if (byte < END) literals = byte + 1
      else if (byte > END) repeat = 257 - byte
      else {
        ended = true
        break
      }
      if (at >= PIECE_BYTES) {
        yield out.subarray(0, at)
        at = 0
      }
    }
    if (ended) break
  }
  if (at > 0) yield out.subarray(0, at)
}

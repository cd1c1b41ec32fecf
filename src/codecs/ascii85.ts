const PIECE_BYTES = 64 << 10
const TILDE = 0x7e
const LETTER_Z = 0x7a
const FIRST = 0x21
const LAST = 0x75

/**
 * ASCII85Decode: five characters for four bytes, `z` for four zeros, up to `~` or the end. Everything else is passed
 * over, `<~` in front included; a group beyond 2^32 wraps around.
 * @param source - pieces, borrowed one at a time
 * Source: ISO 32000-1, 7.4.3
 */
export function* ascii85Decode(source: Iterable<Uint8Array>): Generator<Uint8Array, void, void> {
  const out = new Uint8Array(PIECE_BYTES + 4)
  const head = { skip: true }
  let at = 0
  let group = 0
  let digits = 0
  let ended = false
  for (const piece of source) {
    for (let i = 0; i < piece.length; i++) {
      const code = piece[i]
      if (code >= FIRST && code <= LAST) {
        // `<` is a digit too; it is none in the `<~` that some writers put in front.
        if (head.skip && code === 0x3c && piece[i + 1] === TILDE) {
          head.skip = false
          i++
          continue
        }
        head.skip = false
        group = group * 85 + code - FIRST
        if (++digits < 5) continue
        out[at++] = group / 0x100_0000
        out[at++] = group >>> 16
        out[at++] = group >>> 8
        out[at++] = group
      } else if (code === LETTER_Z && digits === 0) {
        out[at++] = 0
        out[at++] = 0
        out[at++] = 0
        out[at++] = 0
      } else if (code === TILDE) {
        ended = true
        break
      } else continue
      group = 0
      digits = 0
      if (at >= PIECE_BYTES) {
        yield out.subarray(0, at)
        at = 0
      }
    }
    if (ended) break
  }
  if (digits > 1) {
    for (let i = digits; i < 5; i++) group = group * 85 + 84
    for (let i = 0, shift = 24; i < digits - 1; i++, shift -= 8) out[at++] = Math.floor(group / 2 ** shift)
  }
  if (at > 0) yield out.subarray(0, at)
}

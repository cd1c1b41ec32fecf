// Text in the form in which ClamAV's signatures of target 7 are written: white space folded to one space, letters
// lower-cased, everything that is neither ASCII nor white space dropped.

const DROPPED = 0
const SPACE = 0x20
/** What becomes of each byte. */
export const TEXT_FORMS: Uint8Array = new Uint8Array(256)
for (let byte = 0x21; byte < 0x80; byte++) TEXT_FORMS[byte] = byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte
for (const byte of [0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x20]) TEXT_FORMS[byte] = SPACE
const PIECE_BYTES = 64 << 10

/** True where normalising changes nothing. Stops at the first byte that it would change. */
export function isNormalText(bytes: Uint8Array): boolean {
  const forms = TEXT_FORMS
  let before = 0
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]
    if (forms[byte] !== byte || byte === DROPPED || (byte === SPACE && before === SPACE)) return false
    before = byte
  }
  return true
}

/**
 * The normal form of a text that comes in pieces; yields borrowed pieces.
 * @param sizeBytes - about as long as the text; a buffer that is no longer costs less
 */
export function* normalText(pieces: Iterable<Uint8Array>, sizeBytes = PIECE_BYTES): Generator<Uint8Array, void, void> {
  const out = new Uint8Array(Math.max(1, Math.min(PIECE_BYTES, sizeBytes)))
  const state = { at: 0, length: 0, before: 0 }
  for (const piece of pieces)
    for (state.at = 0; state.at < piece.length;) {
      fill(piece, out, state)
      if (state.length < out.length) continue
      yield out
      state.length = 0
    }
  if (state.length > 0) yield out.subarray(0, state.length)
}

/** Goes on until the piece ends or the buffer is full. No branch depends on the text. */
function fill(piece: Uint8Array, out: Uint8Array, state: { at: number; length: number; before: number }): void {
  const forms = TEXT_FORMS
  const end = piece.length
  const room = out.length
  let { at, length } = state
  let wasSpace = state.before === SPACE ? 1 : 0
  while (at < end && length < room) {
    const form = forms[piece[at++]]
    // A dropped byte and a second space write nothing that stays: the next byte takes their place.
    out[length] = form
    const isKept = -form >>> 31
    const isSpace = isKept & ((form - SPACE - 1) >>> 31)
    length += isKept & ~(isSpace & wasSpace)
    wasSpace = isSpace | (wasSpace & ~isKept)
  }
  state.at = at
  state.length = length
  state.before = wasSpace * SPACE
}

/**
 * Puts the first `length` bytes into their normal form, in place.
 * @returns the length of the normal form, or -1 where nothing changes
 */
export function normaliseInPlace(bytes: Uint8Array, length: number): number {
  const text = bytes.subarray(0, length)
  if (isNormalText(text)) return -1
  const state = { at: 0, length: 0, before: 0 }
  fill(text, text, state)
  return state.length
}

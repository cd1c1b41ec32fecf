import { ContentError } from '../bytes/index.ts'
import { CanonicalCode, LsbBits } from './bits.ts'
import type { Decoder } from './decoder.ts'
import { pull } from './pull.ts'
import { Window } from './window.ts'

/** General purpose flags of the entry: a dictionary of 8 KiB instead of 4; literals have a code of their own. */
const BIG_DICTIONARY = 2
const LITERAL_CODE = 4
const DICTIONARY_BYTES = 8 << 10
const MAX_MATCH_BYTES = 63 + 255 + 3
const LONG_LENGTH = 63

/** A code of `symbols` symbols: number of bytes minus one, then bytes of (times - 1) << 4 | (bits - 1). */
function readCode(bits: LsbBits, symbols: number): CanonicalCode {
  const lengths = new Uint8Array(symbols)
  let at = 0
  for (let left = bits.take(8) + 1; left > 0; left--) {
    const run = bits.take(8)
    const times = (run >> 4) + 1
    if (at + times > symbols) throw new ContentError('malformed', 'More codes than symbols', bits.offset)
    lengths.fill((run & 15) + 1, at, at + times)
    at += times
  }
  if (at < symbols) throw new ContentError('malformed', 'Fewer codes than symbols', bits.offset)
  return new CanonicalCode(lengths)
}

/**
 * Implode, method 6 of ZIP (APPNOTE 6.3.10, section 5.3): input[start, end), `flags` as in the entry's header. What
 * distances reach before the start is zero. Bit by bit; about 10 MB/s.
 * @throws ContentError malformed, after everything that was decoded up to there
 */
export function* explode(input: Uint8Array, start: number, end: number, flags: number, sizeBytes: number): Decoder {
  const bits = new LsbBits(input, start, end)
  const literals = (flags & LITERAL_CODE) !== 0 ? readCode(bits, 256) : undefined
  const lengths = readCode(bits, 64)
  const distances = readCode(bits, 64)
  const lowBits = (flags & BIG_DICTIONARY) !== 0 ? 7 : 6
  const shortest = literals === undefined ? 2 : 3
  const window = new Window(DICTIONARY_BYTES, MAX_MATCH_BYTES)
  window.prefill(DICTIONARY_BYTES, 0)
  const step = (): boolean => {
    const left = sizeBytes - window.produced
    if (left <= 0) return false
    if (bits.take(1) === 1) {
      const literal = literals === undefined ? bits.take(8) : literals.symbol(bits, 1)
      window.bytes[window.at++] = literal
      return true
    }
    const low = bits.take(lowBits)
    const distance = (distances.symbol(bits, 1) << lowBits) + low + 1
    let length = lengths.symbol(bits, 1)
    if (length === LONG_LENGTH) length += bits.take(8)
    window.copy(distance, Math.min(left, length + shortest), bits.offset)
    return true
  }
  return yield* pull(window, step, () => bits.offset)
}

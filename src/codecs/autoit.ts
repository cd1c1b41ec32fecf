import { ContentError, latin1, u32be } from '../bytes/index.ts'
import { MsbBits } from './bits.ts'
import type { Decoder } from './decoder.ts'
import { pull } from './pull.ts'
import { Window } from './window.ts'

const HEADER_BYTES = 8
const HISTORY_BYTES = 1 << 15
/** Longest piece of a match that is copied in one step. */
const STEP_BYTES = 1024
const MIN_MATCH_BYTES = 3

/** Steps of a length: so many bits, added to `base`; all ones lead to the next step. The last one repeats. */
const LENGTH_STEPS: readonly (readonly [bits: number, base: number])[] = [
  [2, 0],
  [3, 3],
  [5, 10],
  [8, 41],
]
const LAST_STEP_BITS = 8
const LAST_STEP_BASE = 296

/** Magic → the bit that stands before a literal. */
const LITERAL_BIT: ReadonlyMap<string, number> = new Map([
  ['EA05', 0],
  ['EA06', 1],
])

/**
 * LZSS of AutoIt's compiled scripts: EA05 or EA06, big-endian size, then bits, the most significant first. A match has a
 * distance of 15 bits and a length in steps.
 * @throws ContentError malformed or unsupported, after everything that was decoded up to there
 */
export function* autoItUnpack(input: Uint8Array, start: number): Decoder {
  if (start + HEADER_BYTES > input.length) throw new ContentError('malformed', 'Compressed data end too early', start)
  const literal = LITERAL_BIT.get(latin1(input, start, start + 4))
  if (literal === undefined) throw new ContentError('unsupported', 'An unknown compression of AutoIt', start)
  const size = u32be(input, start + 4)
  const bits = new MsbBits(input, start + HEADER_BYTES)
  const window = new Window(HISTORY_BYTES, STEP_BYTES)
  let distance = 0
  let left = 0
  const step = (): boolean => {
    if (left === 0) {
      if (window.produced >= size) return false
      if (bits.take(1) === literal) {
        window.bytes[window.at++] = bits.take(8)
        return true
      }
      distance = bits.take(15)
      left = Math.min(matchLength(bits), size - window.produced)
      if (distance === 0) throw new ContentError('malformed', 'A distance of nothing', bits.offset)
    }
    const length = Math.min(left, STEP_BYTES)
    window.copy(distance, length, bits.offset)
    left -= length
    return true
  }
  return yield* pull(window, step, () => bits.offset)
}

function matchLength(bits: MsbBits): number {
  for (const [count, base] of LENGTH_STEPS) {
    const value = bits.take(count)
    if (value !== (1 << count) - 1) return MIN_MATCH_BYTES + base + value
  }
  const full = (1 << LAST_STEP_BITS) - 1
  for (let base = LAST_STEP_BASE; ; base += full) {
    const value = bits.take(LAST_STEP_BITS)
    if (value !== full) return MIN_MATCH_BYTES + base + value
  }
}

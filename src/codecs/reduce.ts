import { LsbBits } from './bits.ts'
import type { Decoder } from './decoder.ts'
import { pull } from './pull.ts'
import { Window } from './window.ts'

const MARK = 144
const MAX_FOLLOWERS = 32
const DICTIONARY_BYTES = 4096
const MAX_MATCH_BYTES = 127 + 255 + 3

/** The bytes that often follow each byte, and how many bits choose one of them. */
class Followers {
  readonly #sets = new Uint8Array(256 * MAX_FOLLOWERS)
  readonly #bits = new Uint8Array(256)
  readonly #counts = new Uint8Array(256)
  #last = 0

  constructor(bits: LsbBits) {
    for (let byte = 255; byte >= 0; byte--) {
      const count = bits.take(6)
      this.#counts[byte] = Math.min(count, MAX_FOLLOWERS)
      this.#bits[byte] = Math.max(1, 32 - Math.clz32(count - 1))
      for (let i = 0; i < count; i++) {
        const follower = bits.take(8)
        if (i < MAX_FOLLOWERS) this.#sets[byte * MAX_FOLLOWERS + i] = follower
      }
    }
  }

  next(bits: LsbBits): number {
    const last = this.#last
    if (this.#counts[last] === 0 || bits.take(1) === 1) this.#last = bits.take(8)
    else this.#last = this.#sets[last * MAX_FOLLOWERS + (bits.take(this.#bits[last]) & (MAX_FOLLOWERS - 1))]
    return this.#last
  }
}

/**
 * Reduce, methods 2 to 5 of ZIP, which are factors 1 to 4 (APPNOTE 6.3.10, section 5.2). Reads input[start, end). What
 * distances reach before the start is zero.
 * @throws ContentError malformed, after everything that was decoded up to there
 */
export function* unreduce(input: Uint8Array, start: number, end: number, factor: number, sizeBytes: number): Decoder {
  const bits = new LsbBits(input, start, end)
  const followers = new Followers(bits)
  const window = new Window(DICTIONARY_BYTES, MAX_MATCH_BYTES)
  window.prefill(DICTIONARY_BYTES, 0)
  const lengthBits = 8 - factor
  const longest = (1 << lengthBits) - 1
  const step = (): boolean => {
    const left = sizeBytes - window.produced
    if (left <= 0) return false
    const byte = followers.next(bits)
    const packed = byte === MARK ? followers.next(bits) : 0
    if (packed === 0) {
      window.bytes[window.at++] = byte
      return true
    }
    let length = packed & longest
    if (length === longest) length += followers.next(bits)
    const distance = ((packed >> lengthBits) << 8) + followers.next(bits) + 1
    window.copy(distance, Math.min(left, length + 3), bits.offset)
    return true
  }
  return yield* pull(window, step, () => bits.offset)
}

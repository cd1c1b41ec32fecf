import { ContentError } from '../bytes/index.ts'
import type { Decoder } from './decoder.ts'
import type { Window } from './window.ts'

const FAR_BYTES = 0x4000
const MIDDLE_BYTES = 0x800
/** The literals before were a whole run. */
const AFTER_RUN = 4

const malformed = (message: string, offset: number): ContentError => new ContentError('malformed', message, offset)

class Lzo1x {
  readonly #input: Uint8Array
  readonly #window: Window
  #pos: number

  constructor(input: Uint8Array, start: number, window: Window) {
    this.#input = input
    this.#pos = start
    this.#window = window
  }

  *run(sizeBytes: number): Decoder {
    const window = this.#window
    const limitBytes = window.produced + sizeBytes
    try {
      yield* this.#instructions(limitBytes)
    } catch (error) {
      if (window.pending) yield window.piece()
      throw error
    }
    if (window.pending) yield window.piece()
    return this.#pos
  }

  #byte(): number {
    if (this.#pos >= this.#input.length) throw malformed('LZO ends too early', this.#input.length)
    return this.#input[this.#pos++]
  }

  /** A length whose bits are all zero goes on in bytes: 255 for each zero, then the rest. */
  #longLength(base: number): number {
    let sum = base
    for (let byte = this.#byte(); ; byte = this.#byte()) {
      if (byte !== 0) return sum + byte
      sum += 255
    }
  }

  *#instructions(limitBytes: number): Decoder {
    const window = this.#window
    let state = 0
    const first = this.#input[this.#pos]
    if (first > 17) {
      this.#pos++
      yield* this.#literals(first - 17, limitBytes)
      state = Math.min(first - 17, AFTER_RUN)
    }
    for (;;) {
      const code = this.#byte()
      if (code < 16 && state === 0) {
        yield* this.#literals(code === 0 ? this.#longLength(18) : code + 3, limitBytes)
        state = AFTER_RUN
        continue
      }
      let length = 0
      let distance = 0
      let next = code
      if (code >= 64) {
        length = (code >> 5) + 1
        distance = 1 + ((code >> 2) & 7) + (this.#byte() << 3)
      } else if (code >= 16) {
        const mask = code >= 32 ? 31 : 7
        length = 2 + ((code & mask) === 0 ? this.#longLength(mask) : code & mask)
        next = this.#byte()
        distance = (next >> 2) + (this.#byte() << 6)
        if (code >= 32) distance++
        else {
          distance += (code & 8) << 11
          if (distance === 0) return this.#pos
          distance += FAR_BYTES
        }
      } else {
        length = state === AFTER_RUN ? 3 : 2
        distance = 1 + (code >> 2) + (this.#byte() << 2) + (state === AFTER_RUN ? MIDDLE_BYTES : 0)
      }
      if (window.produced + length > limitBytes) throw malformed('LZO gives more than its size', this.#pos)
      while (length > 0) {
        const take = Math.min(length, window.limit - window.at)
        window.copy(distance, take, this.#pos)
        length -= take
        if (window.at < window.limit) continue
        yield window.piece()
        window.open()
      }
      state = next & 3
      if (state > 0) yield* this.#literals(state, limitBytes)
    }
  }

  *#literals(count: number, limitBytes: number): Decoder {
    const window = this.#window
    if (window.produced + count > limitBytes) throw malformed('LZO gives more than its size', this.#pos)
    let left = Math.min(count, this.#input.length - this.#pos)
    const isCut = left < count
    while (left > 0) {
      const take = Math.min(left, window.limit - window.at)
      window.bytes.set(this.#input.subarray(this.#pos, this.#pos + take), window.at)
      window.at += take
      this.#pos += take
      left -= take
      if (window.at < window.limit) continue
      yield window.piece()
      window.open()
    }
    if (isCut) throw malformed('LZO ends too early', this.#input.length)
    return this.#pos
  }
}

/**
 * One block of LZO1X from input[start, input.length), to its end mark; at most `sizeBytes` of output. The window is the
 * caller's, with a history of at least 48 KiB, reset.
 * Source: Linux, Documentation/staging/lzo.rst.
 * @throws ContentError malformed, after everything that was decoded up to there
 */
export function lzo1x(input: Uint8Array, start: number, sizeBytes: number, window: Window): Decoder {
  return new Lzo1x(input, start, window).run(sizeBytes)
}

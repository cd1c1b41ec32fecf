import { ContentError } from '../bytes/index.ts'
import type { Decoder } from './decoder.ts'
import { LzmaState } from './lzma-state.ts'
import { lzmaProperties } from './lzma.ts'

// A chunk's control byte:
//   0: end │ 1: bytes as they are, history forgotten │ 2: bytes as they are
//   1RRsssss: LZMA, s: bits 16 to 20 of its size minus one; R: 0 nothing, 1 state, 2 properties, 3 history starts anew

const CONTROL_LZMA = 0x80
const MAX_LITERAL_BITS = 4

const malformed = (message: string, offset: number): ContentError => new ContentError('malformed', message, offset)

class Lzma2 {
  readonly #input: Uint8Array
  #pos: number
  readonly #state: LzmaState

  constructor(input: Uint8Array, start: number, dictionaryBytes: number) {
    this.#input = input
    this.#pos = start
    this.#state = new LzmaState({ literalContextBits: 3, literalPositionBits: 0, positionBits: 2, dictionaryBytes })
  }

  *run(): Decoder {
    const { window } = this.#state
    try {
      for (;;) {
        const control = this.#byte()
        if (control === 0) break
        if ((control === 1 || control >= 0xe0) && window.produced > 0) {
          if (window.pending) yield window.piece()
          window.reset()
        }
        if (control >= CONTROL_LZMA) yield* this.#lzma(control)
        else if (control <= 2) yield* this.#stored()
        else throw malformed('Unknown chunk of LZMA2', this.#pos - 1)
      }
    } catch (error) {
      if (window.pending) yield window.piece()
      throw error
    }
    if (window.pending) yield window.piece()
    return this.#pos
  }

  #byte(): number {
    if (this.#pos >= this.#input.length) throw malformed('LZMA2 ends too early', this.#input.length)
    return this.#input[this.#pos++]
  }

  #size(high = 0): number {
    return (high << 16) + (this.#byte() << 8) + this.#byte() + 1
  }

  *#stored(): Decoder {
    const { window } = this.#state
    const size = this.#size()
    for (let left = Math.min(size, this.#input.length - this.#pos); left > 0;) {
      if (window.at >= window.limit) {
        yield window.piece()
        window.open()
      }
      const take = Math.min(left, window.limit - window.at)
      window.bytes.set(this.#input.subarray(this.#pos, this.#pos + take), window.at)
      window.at += take
      this.#pos += take
      left -= take
      if (left === 0) return this.#pos
    }
    throw malformed('LZMA2 ends too early', this.#input.length)
  }

  *#lzma(control: number): Decoder {
    const state = this.#state
    const { window } = state
    const size = this.#size(control & 31)
    const packed = this.#size()
    if (control >= 0xc0) {
      const properties = lzmaProperties(this.#byte(), 0, this.#pos - 1)
      if (properties.literalContextBits + properties.literalPositionBits > MAX_LITERAL_BITS)
        throw malformed('Properties of LZMA2', this.#pos - 1)
      state.configure(properties)
    } else if (control >= 0xa0) state.resetState()
    const end = this.#pos + packed
    state.begin(this.#input, this.#pos, Math.min(end, this.#input.length))
    const sizeEnd = window.produced + size
    for (;;) {
      const reached = state.symbols(sizeEnd - window.produced)
      if (reached === 'marker') throw malformed('An end marker within LZMA2', state.offset)
      if (reached === 'size') break
      yield window.piece()
      window.open()
    }
    this.#pos = end
    return end
  }
}

/**
 * LZMA2, to its end mark. Pieces of at most 65 KiB. As fast as LZMA. Source: xz file format, section 5.3.1, and
 * XZ Embedded.
 * @throws ContentError malformed, after everything that was decoded up to there
 */
export function lzma2(input: Uint8Array, start: number, dictionaryBytes: number): Decoder {
  return new Lzma2(input, start, dictionaryBytes).run()
}

import { ContentError } from '../bytes/index.ts'
import { Window } from './window.ts'

export interface LzmaProperties {
  /** lc: 0 to 8. */
  readonly literalContextBits: number
  /** lp: 0 to 4. */
  readonly literalPositionBits: number
  /** pb: 0 to 4. */
  readonly positionBits: number
  readonly dictionaryBytes: number
}

/** `full`: the window wants to be emptied. `size`: as many bytes as were asked for. `marker`: the end marker. */
export type LzmaEnd = 'full' | 'size' | 'marker'

const MAX_MATCH_BYTES = 273
const STATES = 12
const POSITION_STATES = 16
const LENGTH_PROBABILITIES = 2 + 2 * POSITION_STATES * 8 + 256
const LITERAL_PROBABILITIES = 0x300
const HALF = 1024
const TOP = 0x100_0000
/** More than one symbol can read. */
const TAIL_BYTES = 64

// Offsets of the groups of probabilities.
const IS_MATCH = 0
const IS_REP = IS_MATCH + STATES * POSITION_STATES
const IS_REP_0 = IS_REP + STATES
const IS_REP_1 = IS_REP_0 + STATES
const IS_REP_2 = IS_REP_1 + STATES
const IS_REP_0_LONG = IS_REP_2 + STATES
const SLOT = IS_REP_0_LONG + STATES * POSITION_STATES
const SPECIAL = SLOT + 4 * 64
const ALIGN = SPECIAL + 128
const LENGTH = ALIGN + 16
const REP_LENGTH = LENGTH + LENGTH_PROBABILITIES
const LITERAL = REP_LENGTH + LENGTH_PROBABILITIES

// Of each state: what follows.
const AFTER_LITERAL = Uint8Array.of(0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 4, 5)
const AFTER_MATCH = Uint8Array.of(7, 7, 7, 7, 7, 7, 7, 10, 10, 10, 10, 10)
const AFTER_REP = Uint8Array.of(8, 8, 8, 8, 8, 8, 8, 11, 11, 11, 11, 11)
const AFTER_SHORT_REP = Uint8Array.of(9, 9, 9, 9, 9, 9, 9, 11, 11, 11, 11, 11)

/** The state of an LZMA decoder: model, range coder, last distances, window. LZMA2 resets parts of it. */
export class LzmaState {
  window: Window
  #probabilities: Uint16Array
  #literalContextBits = 0
  #literalPositionMask = 0
  #positionMask = 0
  #state = 0
  #rep0 = 0
  #rep1 = 0
  #rep2 = 0
  #rep3 = 0
  #input: Uint8Array = new Uint8Array(0)
  #pos = 0
  #end = 0
  /** What to add to `#pos` for an offset of the caller's input. */
  #base = 0
  /** Up to here a symbol can be read without a look at the length of `#input`. */
  #lastSafe = 0
  // Unsigned, but kept as signed numbers: those need no allocation.
  #range = 0
  #code = 0

  constructor(properties: LzmaProperties) {
    this.window = new Window(properties.dictionaryBytes, MAX_MATCH_BYTES)
    this.#probabilities = new Uint16Array(0)
    this.configure(properties)
  }

  /** New properties; everything but window and input starts anew. */
  configure({ literalContextBits, literalPositionBits, positionBits }: Omit<LzmaProperties, 'dictionaryBytes'>): void {
    this.#literalContextBits = literalContextBits
    this.#literalPositionMask = (1 << literalPositionBits) - 1
    this.#positionMask = (1 << positionBits) - 1
    const size = LITERAL + (LITERAL_PROBABILITIES << (literalContextBits + literalPositionBits))
    if (this.#probabilities.length !== size) this.#probabilities = new Uint16Array(size)
    this.resetState()
  }

  resetState(): void {
    this.#probabilities.fill(HALF)
    this.#state = 0
    this.#rep0 = 0
    this.#rep1 = 0
    this.#rep2 = 0
    this.#rep3 = 0
  }

  /** Starts the range coder over input[start, end). @throws ContentError malformed */
  begin(input: Uint8Array, start: number, end: number): void {
    if (start + 5 > end || input[start] !== 0)
      throw new ContentError('malformed', 'Start of the range coder', Math.min(start, input.length))
    this.#input = input
    this.#pos = start + 5
    this.#end = end
    this.#base = 0
    this.#lastSafe = input.length - TAIL_BYTES
    this.#range = -1
    this.#code = (input[start + 1] << 24) | (input[start + 2] << 16) | (input[start + 3] << 8) | input[start + 4]
  }

  /** Offset in the input behind the last byte that was read; never behind its end. */
  get offset(): number {
    return Math.min(this.#pos, this.#end) + this.#base
  }

  /** Near the end, works on a padded copy of the rest: reading needs no checks then. */
  #useTail(): void {
    const rest = this.#input.subarray(this.#pos, this.#end)
    this.#input = new Uint8Array(rest.length + TAIL_BYTES)
    this.#input.set(rest)
    this.#base += this.#pos
    this.#end = rest.length
    this.#pos = 0
    this.#lastSafe = Number.POSITIVE_INFINITY
  }

  #truncated(): never {
    throw new ContentError('malformed', 'LZMA ends too early', this.offset)
  }

  /** Where a stream of known size has an end marker nevertheless, passes it. */
  passMarker(): void {
    if (this.#code === 0) return
    const { offset, window } = this
    const { at } = window
    try {
      if (this.symbols(1, at + 1) === 'marker') return
    } catch (error) {
      if (!(error instanceof ContentError)) throw error
    }
    window.at = at
    this.#pos = offset - this.#base
  }

  /** Decodes until `size` more bytes are there, the window is full, or the end marker comes. */
  symbols(size: number, limitAt = this.window.limit): LzmaEnd {
    const { window } = this
    const bytes = window.bytes
    const sizeEnd = window.at + size
    const limit = Math.min(limitAt, sizeEnd)
    const positionBase = window.produced - window.at
    while (window.at < limit) {
      if (this.#pos > this.#lastSafe) this.#useTail()
      const positionState = (positionBase + window.at) & this.#positionMask
      const state = this.#state
      if (this.#bit(IS_MATCH + (state << 4) + positionState) === 0) {
        const { at } = window
        const previous = at > 0 ? bytes[at - 1] : 0
        const context =
          (((positionBase + at) & this.#literalPositionMask) << this.#literalContextBits) +
          (previous >> (8 - this.#literalContextBits))
        const base = LITERAL + context * LITERAL_PROBABILITIES
        const matched = state >= 7 ? bytes[at - this.#rep0 - 1] : -1
        const literal = this.#literal(base, matched)
        if (this.#pos > this.#end) this.#truncated()
        bytes[at] = literal
        window.at = at + 1
        this.#state = AFTER_LITERAL[state]
        continue
      }
      const length = this.#match(state, positionState)
      if (this.#pos > this.#end) this.#truncated()
      if (length === 0) return 'marker'
      if (window.at + length > sizeEnd) {
        window.copy(this.#rep0 + 1, sizeEnd - window.at, this.offset)
        throw new ContentError('malformed', 'A match reaches beyond the size of its stream', this.offset)
      }
      window.copy(this.#rep0 + 1, length, this.offset)
    }
    return window.at >= sizeEnd ? 'size' : 'full'
  }

  #bit(index: number): number {
    const probabilities = this.#probabilities
    const probability = probabilities[index]
    let range = this.#range >>> 0
    let code = this.#code >>> 0
    const bound = Math.imul(range >>> 11, probability) >>> 0
    let bit = 0
    if (code < bound) {
      range = bound
      probabilities[index] = probability + ((2048 - probability) >> 5)
    } else {
      range = (range - bound) >>> 0
      code = (code - bound) >>> 0
      probabilities[index] = probability - (probability >> 5)
      bit = 1
    }
    if (range < TOP) {
      range <<= 8
      code = (code << 8) | this.#input[this.#pos++]
    }
    this.#range = range | 0
    this.#code = code | 0
    return bit
  }

  /** A byte; `matched` is the one at the last distance where the state wants it, else negative. */
  #literal(base: number, matched: number): number {
    const probabilities = this.#probabilities
    const input = this.#input
    let pos = this.#pos
    let range = this.#range >>> 0
    let code = this.#code >>> 0
    let symbol = 1
    // 0x100 as long as the bits are those of `matched`.
    let offset = matched >= 0 ? 0x100 : 0
    while (symbol < 0x100) {
      matched <<= 1
      const matchBit = matched & offset
      const index = base + offset + matchBit + symbol
      const probability = probabilities[index]
      const bound = Math.imul(range >>> 11, probability) >>> 0
      if (code < bound) {
        range = bound
        probabilities[index] = probability + ((2048 - probability) >> 5)
        symbol <<= 1
        offset &= ~matchBit
      } else {
        range = (range - bound) >>> 0
        code = (code - bound) >>> 0
        probabilities[index] = probability - (probability >> 5)
        symbol = (symbol << 1) | 1
        offset &= matchBit
      }
      if (range < TOP) {
        range = (range << 8) >>> 0
        code = ((code << 8) | input[pos++]) >>> 0
      }
    }
    this.#pos = pos
    this.#range = range | 0
    this.#code = code | 0
    return symbol & 0xff
  }

  /** A number of `bits` bits, most significant first. */
  #tree(base: number, bits: number): number {
    const probabilities = this.#probabilities
    const input = this.#input
    let pos = this.#pos
    let range = this.#range >>> 0
    let code = this.#code >>> 0
    let symbol = 1
    for (let i = 0; i < bits; i++) {
      const index = base + symbol
      const probability = probabilities[index]
      const bound = Math.imul(range >>> 11, probability) >>> 0
      if (code < bound) {
        range = bound
        probabilities[index] = probability + ((2048 - probability) >> 5)
        symbol <<= 1
      } else {
        range = (range - bound) >>> 0
        code = (code - bound) >>> 0
        probabilities[index] = probability - (probability >> 5)
        symbol = (symbol << 1) | 1
      }
      if (range < TOP) {
        range = (range << 8) >>> 0
        code = ((code << 8) | input[pos++]) >>> 0
      }
    }
    this.#pos = pos
    this.#range = range | 0
    this.#code = code | 0
    return symbol - (1 << bits)
  }

  /** A number of `bits` bits, least significant first. */
  #reverseTree(base: number, bits: number): number {
    let symbol = 1
    let value = 0
    for (let i = 0; i < bits; i++) {
      const bit = this.#bit(base + symbol)
      symbol = (symbol << 1) | bit
      value |= bit << i
    }
    return value
  }

  /** `bits` bits that are equally likely, most significant first. */
  #direct(bits: number): number {
    let range = this.#range >>> 0
    let code = this.#code >>> 0
    let value = 0
    for (let i = 0; i < bits; i++) {
      range >>>= 1
      value <<= 1
      if (code >= range) {
        code = (code - range) >>> 0
        value |= 1
      }
      if (range < TOP) {
        range = (range << 8) >>> 0
        code = ((code << 8) | this.#input[this.#pos++]) >>> 0
      }
    }
    this.#range = range | 0
    this.#code = code | 0
    return value
  }

  /** A length, minus 2. */
  #length(base: number, positionState: number): number {
    if (this.#bit(base) === 0) return this.#tree(base + 2 + (positionState << 3), 3)
    if (this.#bit(base + 1) === 0) return 8 + this.#tree(base + 2 + ((POSITION_STATES + positionState) << 3), 3)
    return 16 + this.#tree(base + 2 + 2 * POSITION_STATES * 8, 8)
  }

  /** Reads a match: sets `#rep0`, its distance minus one, and answers its length; 0 for the end marker. */
  #match(state: number, positionState: number): number {
    if (this.#bit(IS_REP + state) !== 0) return this.#rep(state, positionState)
    this.#rep3 = this.#rep2
    this.#rep2 = this.#rep1
    this.#rep1 = this.#rep0
    const length = this.#length(LENGTH, positionState)
    this.#rep0 = this.#distance(Math.min(length, 3))
    this.#state = AFTER_MATCH[state]
    return this.#rep0 === 0xffff_ffff ? 0 : length + 2
  }

  #rep(state: number, positionState: number): number {
    if (this.#bit(IS_REP_0 + state) === 0) {
      if (this.#bit(IS_REP_0_LONG + (state << 4) + positionState) === 0) {
        this.#state = AFTER_SHORT_REP[state]
        return 1
      }
    } else {
      let distance = this.#rep1
      if (this.#bit(IS_REP_1 + state) !== 0) {
        distance = this.#rep2
        if (this.#bit(IS_REP_2 + state) !== 0) {
          distance = this.#rep3
          this.#rep3 = this.#rep2
        }
        this.#rep2 = this.#rep1
      }
      this.#rep1 = this.#rep0
      this.#rep0 = distance
    }
    this.#state = AFTER_REP[state]
    return this.#length(REP_LENGTH, positionState) + 2
  }

  /** A distance minus one, 0 to 2^32 - 1. */
  #distance(lengthState: number): number {
    const slot = this.#tree(SLOT + (lengthState << 6), 6)
    if (slot < 4) return slot
    const bits = (slot >> 1) - 1
    const base = (2 | (slot & 1)) << bits
    if (slot < 14) return base + this.#reverseTree(SPECIAL + base - slot, bits)
    const high = this.#direct(bits - 4) << 4
    return ((base >>> 0) + (high >>> 0) + this.#reverseTree(ALIGN, 4)) >>> 0
  }
}

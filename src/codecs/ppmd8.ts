import { ContentError } from '../bytes/index.ts'
import type { Decoder } from './decoder.ts'
import { PIECE_BYTES } from './output.ts'
import { Ppmd8Model, STATE_BYTES } from './ppmd8-model.ts'
import type { Restoration } from './ppmd8-model.ts'

const TOP = 1 << 24
const BOTTOM = 1 << 15
const END = -1
const BIN_BITS = 14
const PERIOD_BITS = 7
const PERIOD_ROUND = 1 << (PERIOD_BITS - 2)
const ESCAPES = [25, 14, 9, 7, 5, 5, 4, 4, 4, 3, 3, 3, 2, 2, 2, 2]

/** Carryless range coder (D. Subbotin, 1999). */
class RangeDecoder {
  at: number
  readonly #input: Uint8Array
  #low = 0
  #code = 0
  #range = 0xffffffff

  constructor(input: Uint8Array, start: number) {
    this.#input = input
    this.at = start
    for (let i = 0; i < 4; i++) this.#code = ((this.#code << 8) | this.#byte()) >>> 0
  }

  #byte(): number {
    if (this.at >= this.#input.length) throw new ContentError('malformed', 'PPMd data end too early', this.at)
    return this.#input[this.at++]
  }

  threshold(total: number): number {
    this.#range = Math.floor(this.#range / total)
    if (this.#range === 0) throw new ContentError('malformed', 'Broken PPMd data', this.at)
    return Math.floor(this.#code / this.#range)
  }

  take(start: number, size: number): void {
    const from = start * this.#range
    let low = (this.#low + from) >>> 0
    let code = (this.#code - from) >>> 0
    let range = (this.#range * size) >>> 0
    for (;;) {
      if ((low ^ (low + range)) >>> 0 >= TOP) {
        if (range >= BOTTOM) break
        range = -low & (BOTTOM - 1)
      }
      code = ((code << 8) | this.#byte()) >>> 0
      range = (range << 8) >>> 0
      low = (low << 8) >>> 0
    }
    this.#low = low
    this.#code = code
    this.#range = range
  }
}

class SymbolDecoder {
  readonly range: RangeDecoder
  readonly #model: Ppmd8Model
  /** Symbols that are ruled out hold the number of the current symbol. */
  readonly #masks = new Uint32Array(256)
  #mask = 0
  readonly #states = new Uint32Array(256)

  constructor(model: Ppmd8Model, range: RangeDecoder) {
    this.#model = model
    this.range = range
  }

  /** A byte, or END. */
  next(): number {
    const model = this.#model
    this.#mask = (this.#mask + 1) >>> 0
    const symbol = model.count(model.minContext) === 0 ? this.#inOnly() : this.#inStates()
    return symbol >= 0 ? symbol : this.#escaped()
  }

  /** Minus one: an escape. */
  #inOnly(): number {
    const model = this.#model
    const { binSums } = model
    const bytes = model.memory.bytes
    const index = model.binIndex
    const probability = binSums[index]
    const state = model.minContext + 2
    const mean = (probability + PERIOD_ROUND) >> PERIOD_BITS
    if (this.range.threshold(1 << BIN_BITS) < probability) {
      this.range.take(0, probability)
      binSums[index] = probability + (1 << PERIOD_BITS) - mean
      model.foundState = state
      const symbol = bytes[state]
      model.updateOnly()
      return symbol
    }
    this.range.take(probability, (1 << BIN_BITS) - probability)
    binSums[index] = probability - mean
    model.initEscape = ESCAPES[binSums[index] >> 10]
    model.previousSuccess = 0
    this.#masks[bytes[state]] = this.#mask
    return -1
  }

  #inStates(): number {
    const model = this.#model
    const bytes = model.memory.bytes
    const context = model.minContext
    const sum = model.sum(context)
    const count = this.range.threshold(sum)
    let state = model.stats(context)
    let high = bytes[state + 1]
    if (count < high) {
      this.range.take(0, high)
      model.foundState = state
      const symbol = bytes[state]
      model.updateFirst()
      return symbol
    }
    model.previousSuccess = 0
    const states = model.count(context)
    for (let left = states; left > 0; left--) {
      state += STATE_BYTES
      high += bytes[state + 1]
      if (high <= count) continue
      this.range.take(high - bytes[state + 1], bytes[state + 1])
      model.foundState = state
      const symbol = bytes[state]
      model.updateOther()
      return symbol
    }
    if (count >= sum) throw new ContentError('malformed', 'Broken PPMd data', this.range.at)
    this.range.take(high, sum - high)
    for (let left = states; left >= 0; left--, state -= STATE_BYTES) this.#masks[bytes[state]] = this.#mask
    return -1
  }

  #escaped(): number {
    const model = this.#model
    for (;;) {
      const masked = model.count(model.minContext)
      do {
        model.orderFall++
        model.minContext = model.suffix(model.minContext)
        if (model.minContext === 0) return END
      } while (model.count(model.minContext) === masked)
      const symbol = this.#amongOthers(masked)
      if (symbol >= 0) return symbol
    }
  }

  /** Decodes among the symbols of minContext that are not ruled out. Minus one: an escape. */
  #amongOthers(masked: number): number {
    const model = this.#model
    const bytes = model.memory.bytes
    const states = this.#states
    let state = model.stats(model.minContext)
    let others = 0
    let high = 0
    for (let left = model.count(model.minContext); left >= 0; left--, state += STATE_BYTES) {
      if (this.#masks[bytes[state]] === this.#mask) continue
      high += bytes[state + 1]
      states[others++] = state
    }
    const see = model.seeIndex(masked)
    const total = model.takeEscape(see) + high
    const count = this.range.threshold(total)
    if (count < high) {
      let i = 0
      let above = bytes[states[0] + 1]
      while (above <= count) above += bytes[states[++i] + 1]
      const found = states[i]
      this.range.take(above - bytes[found + 1], bytes[found + 1])
      model.escapeMissed(see)
      model.foundState = found
      const symbol = bytes[found]
      model.updateEscaped()
      return symbol
    }
    if (count >= total) throw new ContentError('malformed', 'Broken PPMd data', this.range.at)
    this.range.take(high, total - high)
    model.escapeTaken(see, total)
    for (let i = 0; i < others; i++) this.#masks[bytes[states[i]]] = this.#mask
    return -1
  }
}

/** Where data of a known size may be followed by a mark of their end: the offset behind it. */
function behindMark(symbols: SymbolDecoder): number {
  const { at } = symbols.range
  try {
    return symbols.next() === END ? symbols.range.at : at
  } catch (error) {
    if (error instanceof ContentError) return at
    throw error
  }
}

const MIN_ORDER = 2

/**
 * PPMd variant I revision 1 as in ZIP, method 98 (APPNOTE 6.3.10, section 5.10): two bytes of parameters, then data up
 * to `sizeBytes` or to a mark of the end. Memory: 1 to 256 MiB as the parameters say, touched only as far as it is used.
 * @throws ContentError malformed, after everything that was decoded up to there; unsupported for frozen models
 */
export function* ppmd8(input: Uint8Array, start: number, sizeBytes = Infinity): Decoder {
  if (start + 2 > input.length) throw new ContentError('malformed', 'Parameters of PPMd do not fit', start)
  const parameters = input[start] | (input[start + 1] << 8)
  const order = (parameters & 15) + 1
  const restoration: Restoration | undefined = (['restart', 'cut-off'] as const)[parameters >> 12]
  if (order < MIN_ORDER) throw new ContentError('malformed', 'A model of PPMd of order 1', start)
  if (restoration === undefined)
    throw new ContentError('unsupported', 'PPMd that freezes its model cannot be unpacked', start)
  const range = new RangeDecoder(input, start + 2)
  const symbols = new SymbolDecoder(new Ppmd8Model(order, (((parameters >> 4) & 255) + 1) << 20, restoration), range)
  const piece = new Uint8Array(PIECE_BYTES)
  let at = 0
  try {
    for (let produced = 0; produced < sizeBytes; produced++) {
      const symbol = symbols.next()
      if (symbol === END) {
        if (at > 0) yield piece.subarray(0, at)
        return range.at
      }
      piece[at++] = symbol
      if (at < PIECE_BYTES) continue
      yield piece
      at = 0
    }
  } catch (error) {
    if (at > 0) yield piece.subarray(0, at)
    throw error
  }
  if (at > 0) yield piece.subarray(0, at)
  return behindMark(symbols)
}

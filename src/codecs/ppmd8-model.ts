import { ContentError } from '../bytes/index.ts'
import { Ppmd8Memory, sizeIndex, UNIT_BYTES } from './ppmd8-memory.ts'

// The model of PPMd variant I, revision 1 (PPMII): contexts, their statistics, and how both change with each symbol.
// Source: PPMd var. I rev. 1 (D. Shkarin, 2002) and the LZMA SDK (I. Pavlov), both in the public domain.
//
//   context: number of states - 1, flags, sum of frequencies (2), states (4), suffix (4); twelve bytes
//   state:   symbol, frequency, successor (2 + 2); six bytes. The only state of a context lies at its offset 2.
//
// A successor below the units is text: the context behind it is not made yet.

export const STATE_BYTES = 6
const SUMMED = 2
const STATS = 4
const SUFFIX = 8
const MAX_FREQUENCY = 124
const MAX_ORDER = 16
/** Contexts up to this order stay when the model is cut. */
const KEPT_ORDER = 9
/** Rounds of cutting; each takes away at least one order. */
const MAX_CUTS = 64
const BIN_SCALE = 1 << 14
const PERIOD_BITS = 7
const INITIAL_ESCAPES = [0x3cdd, 0x1f3f, 0x59bf, 0x48f3, 0x64a1, 0x5abc, 0x6632, 0x6051]
const SEE_ROWS = 24
const SEE_COLUMNS = 32
/** The estimate of contexts that know all symbols. */
const DUMMY_SEE = SEE_ROWS * SEE_COLUMNS

/** Classes of numbers of states, and of frequencies. */
const CLASS = new Uint8Array(260)
for (let i = 0, value = 0, left = 1; i < CLASS.length; i++) {
  if (i < 5) value = i
  CLASS[i] = value
  if (i >= 5 - 1 && --left === 0) left = ++value - 4
}
const BIN_CLASS = Uint8Array.from({ length: 256 }, (_, i) => (i < 2 ? i << 1 : i < 11 ? 4 : 6))
const isHigh = (symbol: number): number => (symbol >= 0x40 ? 8 : 0)

export type Restoration = 'restart' | 'cut-off'

/** Bounded by the memory that it is given; each symbol costs at most a walk along suffixes, or one cut of the model. */
export class Ppmd8Model {
  readonly memory: Ppmd8Memory
  /** Of the context that the next symbol is coded in. */
  minContext = 0
  /** State of the last symbol. */
  foundState = 0
  orderFall = 0
  initEscape = 0
  previousSuccess = 0
  runLength = 0
  initialRunLength = 0
  readonly binSums = new Uint16Array(25 * 64)
  readonly #seeSums = new Uint16Array(DUMMY_SEE + 1)
  readonly #seeShifts = new Uint8Array(DUMMY_SEE + 1)
  readonly #seeCounts = new Uint8Array(DUMMY_SEE + 1)
  #maxContext = 0
  readonly #maxOrder: number
  readonly #restoration: Restoration
  readonly #branch = new Uint32Array(4 * MAX_ORDER)
  readonly #bytes: Uint8Array
  readonly #halves: Uint16Array
  readonly #words: Uint32Array

  constructor(order: number, memoryBytes: number, restoration: Restoration) {
    this.memory = new Ppmd8Memory(memoryBytes)
    this.#bytes = this.memory.bytes
    this.#halves = this.memory.halves
    this.#words = this.memory.words
    this.#maxOrder = order
    this.#restoration = restoration
    this.#restart()
  }

  /** States of a context, minus one. */
  count(context: number): number {
    return this.#bytes[context]
  }

  sum(context: number): number {
    return this.#halves[(context + SUMMED) >> 1]
  }

  stats(context: number): number {
    return this.#words[(context + STATS) >> 2]
  }

  suffix(context: number): number {
    return this.#words[(context + SUFFIX) >> 2]
  }

  #setSum(context: number, sum: number): void {
    this.#halves[(context + SUMMED) >> 1] = sum
  }

  #successor(state: number): number {
    return (this.#halves[(state + 2) >> 1] | (this.#halves[(state + 4) >> 1] << 16)) >>> 0
  }

  #setSuccessor(state: number, successor: number): void {
    this.#halves[(state + 2) >> 1] = successor
    this.#halves[(state + 4) >> 1] = successor >>> 16
  }

  #copyState(to: number, from: number): void {
    const halves = this.#halves
    halves[to >> 1] = halves[from >> 1]
    halves[(to >> 1) + 1] = halves[(from >> 1) + 1]
    halves[(to >> 1) + 2] = halves[(from >> 1) + 2]
  }

  #swapStates(a: number, b: number): void {
    const halves = this.#halves
    for (let i = 0; i < 3; i++) {
      const half = halves[(a >> 1) + i]
      halves[(a >> 1) + i] = halves[(b >> 1) + i]
      halves[(b >> 1) + i] = half
    }
  }

  /** Moves the state at `from` down to `to`, and those between them up by one. */
  #rotate(to: number, from: number): void {
    const halves = this.#halves
    const a = halves[from >> 1]
    const b = halves[(from >> 1) + 1]
    const c = halves[(from >> 1) + 2]
    halves.copyWithin((to + STATE_BYTES) >> 1, to >> 1, from >> 1)
    halves[to >> 1] = a
    halves[(to >> 1) + 1] = b
    halves[(to >> 1) + 2] = c
  }

  /** State of a symbol in a context of several; a sound model always has it. */
  #stateOf(context: number, symbol: number): number {
    const bytes = this.#bytes
    let state = this.stats(context)
    for (let left = bytes[context]; bytes[state] !== symbol; state += STATE_BYTES)
      if (left-- === 0) throw new ContentError('malformed', 'The model of PPMd has no such symbol')
    return state
  }

  #restart(): void {
    const { memory } = this
    memory.reset()
    this.orderFall = this.#maxOrder
    this.initialRunLength = -Math.min(this.#maxOrder, 12) - 1
    this.runLength = this.initialRunLength
    this.previousSuccess = 0
    const root = (memory.hiUnit -= UNIT_BYTES)
    const stats = memory.loUnit
    memory.loUnit += 128 * UNIT_BYTES
    this.minContext = root
    this.#maxContext = root
    this.foundState = stats
    this.#bytes[root] = 255
    this.#bytes[root + 1] = 0
    this.#setSum(root, 257)
    this.#words[(root + STATS) >> 2] = stats
    this.#words[(root + SUFFIX) >> 2] = 0
    for (let symbol = 0; symbol < 256; symbol++) {
      const state = stats + symbol * STATE_BYTES
      this.#bytes[state] = symbol
      this.#bytes[state + 1] = 1
      this.#setSuccessor(state, 0)
    }
    this.#restartEstimates()
  }

  #restartEstimates(): void {
    for (let row = 0, i = 0; row < 25; row++) {
      while (CLASS[i] === row) i++
      for (let column = 0; column < 64; column++)
        this.binSums[row * 64 + column] = BIN_SCALE - Math.floor(INITIAL_ESCAPES[column & 7] / (i + 1))
    }
    for (let row = 0, i = 0; row < SEE_ROWS; row++) {
      while (CLASS[i + 3] === row + 3) i++
      this.#seeSums.fill((2 * i + 5) << (PERIOD_BITS - 4), row * SEE_COLUMNS, (row + 1) * SEE_COLUMNS)
    }
    this.#seeShifts.fill(PERIOD_BITS - 4)
    this.#seeCounts.fill(7)
    this.#seeShifts[DUMMY_SEE] = PERIOD_BITS
  }

  /** Index in binSums of the probability of the only state of minContext. */
  get binIndex(): number {
    const context = this.minContext
    const column =
      BIN_CLASS[this.#bytes[this.suffix(context)]] +
      this.previousSuccess +
      this.#bytes[context + 1] +
      ((this.runLength >> 26) & 0x20)
    return CLASS[this.#bytes[context + SUMMED + 1] - 1] * 64 + column
  }

  /** Index of the estimate of escapes for minContext, of which `masked` + 1 symbols are ruled out. */
  seeIndex(masked: number): number {
    const context = this.minContext
    const count = this.#bytes[context]
    if (count === 255) return DUMMY_SEE
    return (
      (CLASS[count + 2] - 3) * SEE_COLUMNS +
      (this.sum(context) > 11 * (count + 1) ? 1 : 0) +
      (2 * count < this.#bytes[this.suffix(context)] + masked ? 2 : 0) +
      this.#bytes[context + 1]
    )
  }

  /** Frequency of the escape. */
  takeEscape(see: number): number {
    if (see === DUMMY_SEE) return 1
    const mean = this.#seeSums[see] >> this.#seeShifts[see]
    this.#seeSums[see] -= mean
    return mean === 0 ? 1 : mean
  }

  escapeMissed(see: number): void {
    if (this.#seeShifts[see] >= PERIOD_BITS || --this.#seeCounts[see] !== 0) return
    this.#seeSums[see] <<= 1
    this.#seeCounts[see] = 3 << this.#seeShifts[see]++
  }

  escapeTaken(see: number, total: number): void {
    this.#seeSums[see] += total
  }

  // ── what a symbol changes ──

  /** The first state of minContext was the one. */
  updateFirst(): void {
    const frequency = this.foundState + 1
    this.previousSuccess = 2 * this.#bytes[frequency] >= this.sum(this.minContext) ? 1 : 0
    this.runLength += this.previousSuccess
    this.#reward()
    this.#nextContext()
  }

  /** Another state of minContext. */
  updateOther(): void {
    const state = this.foundState
    this.#bytes[state + 1] += 4
    this.#setSum(this.minContext, this.sum(this.minContext) + 4)
    if (this.#bytes[state + 1] > this.#bytes[state + 1 - STATE_BYTES]) {
      this.#swapStates(state, state - STATE_BYTES)
      this.foundState = state - STATE_BYTES
      if (this.#bytes[this.foundState + 1] > MAX_FREQUENCY) this.#rescale()
    }
    this.#nextContext()
  }

  /** The only state. */
  updateOnly(): void {
    if (this.#bytes[this.foundState + 1] < 196) this.#bytes[this.foundState + 1]++
    this.previousSuccess = 1
    this.runLength++
    this.#nextContext()
  }

  /** A state that was reached by escapes. */
  updateEscaped(): void {
    this.#reward()
    this.runLength = this.initialRunLength
    this.#update()
    this.minContext = this.#maxContext
  }

  #reward(): void {
    this.#setSum(this.minContext, this.sum(this.minContext) + 4)
    if ((this.#bytes[this.foundState + 1] += 4) > MAX_FREQUENCY) this.#rescale()
  }

  #nextContext(): void {
    const next = this.#successor(this.foundState)
    if (this.orderFall === 0 && next >= this.memory.unitsStart) this.#maxContext = next
    else this.#update()
    this.minContext = this.#maxContext
  }

  /** Halves the frequencies of minContext, and drops states that come to nothing. */
  #rescale(): void {
    const bytes = this.#bytes
    const context = this.minContext
    const stats = this.stats(context)
    this.#rotate(stats, this.foundState)
    const adder = this.orderFall === 0 ? 0 : 1
    let escape = this.sum(context) - bytes[stats + 1]
    bytes[stats + 1] += 4
    bytes[stats + 1] = (bytes[stats + 1] + adder) >> 1
    let sum = bytes[stats + 1]
    const count = bytes[context]
    const last = stats + count * STATE_BYTES
    for (let state = stats + STATE_BYTES; state <= last; state += STATE_BYTES) {
      escape -= bytes[state + 1]
      const frequency = (bytes[state + 1] + adder) >> 1
      bytes[state + 1] = frequency
      sum += frequency
      if (frequency <= bytes[state + 1 - STATE_BYTES]) continue
      let to = state - STATE_BYTES
      while (to !== stats && frequency > bytes[to + 1 - STATE_BYTES]) to -= STATE_BYTES
      this.#rotate(to, state)
    }
    if (bytes[last + 1] === 0) {
      let gone = 0
      for (let state = last; bytes[state + 1] === 0 && state > stats; state -= STATE_BYTES) gone++
      escape += gone
      bytes[context] = count - gone
      if (this.#dropStates(context, stats, count, escape)) return
    }
    this.#setSum(context, sum + escape - (escape >> 1))
    bytes[context + 1] |= 4
    this.foundState = this.stats(context)
  }

  /** @returns true where only one state is left */
  #dropStates(context: number, stats: number, oldCount: number, escape: number): boolean {
    const bytes = this.#bytes
    const oldUnits = (oldCount + 2) >> 1
    const count = bytes[context]
    if (count === 0) {
      const frequency = Math.min(
        Math.floor((2 * bytes[stats + 1] + escape - 1) / escape),
        Math.floor(MAX_FREQUENCY / 3),
      )
      this.foundState = context + SUMMED
      this.#copyState(this.foundState, stats)
      bytes[this.foundState + 1] = frequency
      this.memory.free(stats, oldUnits)
      bytes[context + 1] = (bytes[context + 1] & 0x10) + isHigh(bytes[this.foundState])
      return true
    }
    const units = (count + 2) >> 1
    if (units !== oldUnits) this.#words[(context + STATS) >> 2] = this.memory.shrink(stats, oldUnits, units)
    let flags = bytes[context + 1] & ~8
    const first = this.stats(context)
    for (let i = 0; i <= count; i++) flags |= isHigh(bytes[first + i * STATE_BYTES])
    bytes[context + 1] = flags
    return false
  }

  /** Teaches the suffix of minContext the symbol; answers its state there, or 0. */
  #teachSuffix(symbol: number): number {
    const bytes = this.#bytes
    const context = this.suffix(this.minContext)
    if (bytes[context] === 0) {
      const only = context + SUMMED
      if (bytes[only + 1] < 32) bytes[only + 1]++
      return only
    }
    let state = this.#stateOf(context, symbol)
    if (state !== this.stats(context) && bytes[state + 1] >= bytes[state + 1 - STATE_BYTES]) {
      this.#swapStates(state, state - STATE_BYTES)
      state -= STATE_BYTES
    }
    this.#strengthen(context, state, 2)
    return state
  }

  #strengthen(context: number, state: number, by: number): void {
    if (this.#bytes[state + 1] >= MAX_FREQUENCY - 9) return
    this.#bytes[state + 1] += by
    this.#setSum(context, this.sum(context) + by)
  }

  #update(): void {
    const { memory } = this
    const bytes = this.#bytes
    const symbol = bytes[this.foundState]
    const frequency = bytes[this.foundState + 1]
    let next = this.#successor(this.foundState)
    let state = 0
    if (frequency < MAX_FREQUENCY >> 2 && this.suffix(this.minContext) !== 0) state = this.#teachSuffix(symbol)
    if (this.orderFall === 0 && next !== 0) {
      const made = this.#createSuccessors(true, state, this.minContext)
      this.#setSuccessor(this.foundState, made)
      if (made === 0) this.#restore(this.#maxContext)
      else this.#maxContext = made
      return
    }
    bytes[memory.text++] = symbol
    let successor = memory.text
    if (memory.text >= memory.unitsStart) return this.#restore(this.#maxContext)
    if (next === 0) next = this.#reduceOrder(state, this.minContext)
    else if (next < memory.unitsStart) next = this.#createSuccessors(false, state, this.minContext)
    if (next === 0) return this.#restore(this.#maxContext)
    if (--this.orderFall === 0) {
      successor = next
      if (this.#maxContext !== this.minContext) memory.text--
    }
    const count = bytes[this.minContext]
    const rest = this.sum(this.minContext) - count - frequency
    for (let context = this.#maxContext; context !== this.minContext; context = this.suffix(context))
      if (!this.#addState(context, symbol, frequency, count, rest, successor)) return this.#restore(context)
    this.#maxContext = next
    this.minContext = next
  }

  /** Gives a context a new state. @returns false where there is no room */
  #addState(context: number, symbol: number, frequency: number, count: number, rest: number, next: number): boolean {
    const bytes = this.#bytes
    const states = bytes[context]
    if (!(states === 0 ? this.#makeStats(context, count) : this.#growStats(context, states, count))) return false
    const sum = this.sum(context)
    const weight = 2 * frequency * (sum + 6)
    const total = rest + sum
    let initial
    if (weight < 6 * total) {
      initial = 1 + (weight > total ? 1 : 0) + (weight >= 4 * total ? 1 : 0)
      this.#setSum(context, sum + 4)
    } else {
      initial = 4 + (weight > 9 * total ? 1 : 0) + (weight > 12 * total ? 1 : 0) + (weight > 15 * total ? 1 : 0)
      this.#setSum(context, sum + initial)
    }
    const state = this.stats(context) + (states + 1) * STATE_BYTES
    bytes[state] = symbol
    bytes[state + 1] = initial
    this.#setSuccessor(state, next)
    bytes[context + 1] |= isHigh(symbol)
    bytes[context] = states + 1
    return true
  }

  #makeStats(context: number, count: number): boolean {
    const bytes = this.#bytes
    const stats = this.memory.allocate(0)
    if (stats === 0) return false
    this.#copyState(stats, context + SUMMED)
    this.#words[(context + STATS) >> 2] = stats
    const frequency = bytes[stats + 1]
    bytes[stats + 1] = frequency < MAX_FREQUENCY / 4 - 1 ? frequency << 1 : MAX_FREQUENCY - 4
    this.#setSum(context, bytes[stats + 1] + this.initEscape + (count > 2 ? 1 : 0))
    return true
  }

  #growStats(context: number, states: number, count: number): boolean {
    const units = (states + 1) >> 1
    const index = sizeIndex(units)
    if ((states & 1) !== 0 && index !== sizeIndex(units + 1)) {
      const grown = this.memory.allocate(index + 1)
      if (grown === 0) return false
      this.memory.copyUnits(grown, this.stats(context), units)
      this.memory.free(this.stats(context), units)
      this.#words[(context + STATS) >> 2] = grown
    }
    if (3 * states + 1 < count) this.#setSum(context, this.sum(context) + 1)
    return true
  }

  /** Makes the contexts behind text. @returns the longest, or 0 where there is no room */
  #createSuccessors(skip: boolean, known: number, start: number): number {
    const bytes = this.#bytes
    const branch = this.#branch
    const symbol = bytes[this.foundState]
    const text = this.#successor(this.foundState)
    let depth = 0
    let context = start
    let state = known
    if (!skip) branch[depth++] = this.foundState
    while (this.suffix(context) !== 0) {
      context = this.suffix(context)
      if (state === 0) state = this.#strengthenSuffix(context, symbol)
      const successor = this.#successor(state)
      if (successor !== text) {
        context = successor
        if (depth === 0) return context
        break
      }
      if (depth === branch.length) throw new ContentError('malformed', 'The model of PPMd is too deep')
      branch[depth++] = state
      state = 0
    }
    return this.#createChain(context, text, depth)
  }

  #strengthenSuffix(context: number, symbol: number): number {
    const bytes = this.#bytes
    if (bytes[context] !== 0) {
      const state = this.#stateOf(context, symbol)
      this.#strengthen(context, state, 1)
      return state
    }
    const only = context + SUMMED
    if (bytes[this.suffix(context)] === 0 && bytes[only + 1] < 24) bytes[only + 1]++
    return only
  }

  /** Makes a context for each state of the branch, each the suffix of the next. */
  #createChain(suffix: number, text: number, depth: number): number {
    const bytes = this.#bytes
    const symbol = bytes[text]
    const flags = (bytes[this.foundState] >= 0x40 ? 0x10 : 0) + isHigh(symbol)
    const frequency = this.#inherited(suffix, symbol)
    let context = suffix
    while (depth > 0) {
      const made = this.memory.allocateContext()
      if (made === 0) return 0
      bytes[made] = 0
      bytes[made + 1] = flags
      bytes[made + SUMMED] = symbol
      bytes[made + SUMMED + 1] = frequency
      this.#setSuccessor(made + SUMMED, text + 1)
      this.#words[(made + SUFFIX) >> 2] = context
      this.#setSuccessor(this.#branch[--depth], made)
      context = made
    }
    return context
  }

  /** Frequency that a new context of one state takes over from its suffix. */
  #inherited(context: number, symbol: number): number {
    const bytes = this.#bytes
    if (bytes[context] === 0) return bytes[context + SUMMED + 1]
    const own = bytes[this.#stateOf(context, symbol) + 1] - 1
    const others = this.sum(context) - bytes[context] - own
    if (2 * own <= others) return 1 + (5 * own > others ? 1 : 0)
    return 1 + Math.floor((own + 2 * others - 3) / others)
  }

  #reduceOrder(known: number, start: number): number {
    const bytes = this.#bytes
    const { memory } = this
    const symbol = bytes[this.foundState]
    const text = memory.text
    let context = start
    let state = known
    this.#setSuccessor(this.foundState, text)
    this.orderFall++
    for (;;) {
      if (state === 0 && this.suffix(context) === 0) return context
      context = this.suffix(context)
      if (state === 0) state = this.#weakSuffix(context, symbol)
      if (this.#successor(state) !== 0) break
      this.#setSuccessor(state, text)
      this.orderFall++
      state = 0
    }
    if (this.#successor(state) <= text) {
      const found = this.foundState
      this.foundState = state
      this.#setSuccessor(state, this.#createSuccessors(false, 0, context))
      this.foundState = found
    }
    if (this.orderFall === 1 && start === this.#maxContext) {
      this.#setSuccessor(this.foundState, this.#successor(state))
      memory.text--
    }
    return this.#successor(state)
  }

  #weakSuffix(context: number, symbol: number): number {
    const bytes = this.#bytes
    if (bytes[context] !== 0) {
      const state = this.#stateOf(context, symbol)
      this.#strengthen(context, state, 2)
      return state
    }
    const only = context + SUMMED
    if (bytes[only + 1] < 32) bytes[only + 1]++
    return only
  }

  // ── out of memory ──

  #refresh(context: number, oldUnits: number, scale: number): void {
    const bytes = this.#bytes
    const count = bytes[context]
    const stats = this.memory.shrink(this.stats(context), oldUnits, (count + 2) >> 1)
    this.#words[(context + STATS) >> 2] = stats
    let flags = bytes[context + 1] & (0x10 + 4 * scale)
    let escape = this.sum(context)
    let sum = 0
    for (let i = 0, state = stats; i <= count; i++, state += STATE_BYTES) {
      escape -= bytes[state + 1]
      bytes[state + 1] = (bytes[state + 1] + scale) >> scale
      sum += bytes[state + 1]
      flags |= isHigh(bytes[state])
    }
    this.#setSum(context, sum + ((escape + scale) >>> scale))
    bytes[context + 1] = flags
  }

  /** Makes a context of the first of its states, at the place of the context itself. */
  #makeOnly(context: number, state: number): void {
    const bytes = this.#bytes
    bytes[context + 1] = (bytes[context + 1] & 0x10) + isHigh(bytes[state])
    this.#copyState(context + SUMMED, state)
  }

  #lessenOnly(context: number): void {
    this.#bytes[context + SUMMED + 1] = (this.#bytes[context + SUMMED + 1] + 11) >> 3
  }

  /** No room: what the last symbol began from `unfinished` on is taken back, then the model starts again or is cut. */
  #restore(unfinished: number): void {
    const bytes = this.#bytes
    this.memory.resetText()
    let context = this.#maxContext
    for (; context !== unfinished; context = this.suffix(context)) {
      if (--bytes[context] !== 0) {
        this.#refresh(context, (bytes[context] + 3) >> 1, 0)
        continue
      }
      const stats = this.stats(context)
      this.#makeOnly(context, stats)
      this.memory.freeUnit(stats)
      this.#lessenOnly(context)
    }
    for (; context !== this.minContext; context = this.suffix(context)) {
      const only = context + SUMMED + 1
      if (bytes[context] === 0) {
        bytes[only] -= bytes[only] >> 1
        continue
      }
      this.#setSum(context, this.sum(context) + 4)
      if (this.sum(context) > 128 + 4 * bytes[context]) this.#refresh(context, (bytes[context] + 2) >> 1, 1)
    }
    const { usedBytes, sizeBytes } = this.memory
    if (this.#restoration === 'restart' || usedBytes < sizeBytes >>> 1) this.#restart()
    else this.#cut()
  }

  #cut(): void {
    const { memory } = this
    while (this.suffix(this.#maxContext) !== 0) this.#maxContext = this.suffix(this.#maxContext)
    let cuts = 0
    do {
      if (cuts++ === MAX_CUTS) throw new ContentError('malformed', 'The model of PPMd cannot be cut')
      this.#cutOff(this.#maxContext, 0)
      memory.expandText()
    } while (memory.usedBytes > 3 * (memory.sizeBytes >>> 2))
    memory.glueCount = 0
    this.orderFall = this.#maxOrder
  }

  /** Takes successors away that lie in the text or beyond the order. @returns the context, or 0 where nothing is left */
  #cutOff(context: number, order: number): number {
    return this.#bytes[context] === 0 ? this.#cutOnly(context, order) : this.#cutStates(context, order)
  }

  #cutOnly(context: number, order: number): number {
    const only = context + SUMMED
    const successor = this.#successor(only)
    if (successor >= this.memory.unitsStart) {
      const left = order < this.#maxOrder ? this.#cutOff(successor, order + 1) : 0
      this.#setSuccessor(only, left)
      if (left !== 0 || order <= KEPT_ORDER) return context
    }
    this.memory.freeUnit(context)
    return 0
  }

  #cutStates(context: number, order: number): number {
    const bytes = this.#bytes
    const { memory } = this
    const count = bytes[context]
    const units = (count + 2) >> 1
    const stats = memory.moveUp(this.stats(context), units)
    this.#words[(context + STATS) >> 2] = stats
    let left = count
    for (let state = stats + count * STATE_BYTES; state >= stats; state -= STATE_BYTES) {
      const successor = this.#successor(state)
      if (successor < memory.unitsStart) {
        this.#setSuccessor(state, 0)
        this.#swapStates(state, stats + left-- * STATE_BYTES)
      } else this.#setSuccessor(state, order < this.#maxOrder ? this.#cutOff(successor, order + 1) : 0)
    }
    if (left === count || order === 0) return context
    if (left < 0) {
      memory.free(stats, units)
      memory.freeUnit(context)
      return 0
    }
    const sum = this.sum(context)
    bytes[context] = left
    if (left > 0) this.#refresh(context, units, sum > 16 * left ? 1 : 0)
    else {
      this.#makeOnly(context, stats)
      memory.free(stats, units)
      this.#lessenOnly(context)
    }
    return context
  }
}

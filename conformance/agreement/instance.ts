import type { Item } from './pattern.ts'
import type { Random } from './random.ts'
import type { Offset, Subsignature } from './signature.ts'

// From a pattern to bytes that it matches, or that it barely does not.

/** Bytes for one place of a file. */
export interface Chunk {
  readonly bytes: Uint8Array
  /** Where the offset of the signature points to, within `bytes`. */
  readonly anchor: number
  readonly offset: Offset
}

/** How an instance is spoilt. */
export type Spoil = 'none' | 'byte' | 'gap'

/** What wildcards and gaps are filled with, and how letters of case-insensitive patterns are written. */
export type Filling = 'binary' | 'text'

interface Draft {
  /** Values; several drafts where an unbounded gap lets the rest lie anywhere behind. */
  readonly pieces: number[][]
  /** [piece, index] of every byte that the pattern fixes wholly. */
  readonly literals: [number, number][]
  hasSpoiltGap: boolean
}

const BEFORE_OR_AFTER: Readonly<Record<'B' | 'L' | 'W', number>> = { B: 0x20, L: 0x0a, W: 0x20 }
const LETTER = 0x78

/**
 * Chunks that hold one match of a subsignature, in order.
 * @returns undefined where this way of spoiling does not apply
 */
export function instantiate(sub: Subsignature, random: Random, filling: Filling, spoil: Spoil): Chunk[] | undefined {
  const isWide = sub.modifiers.includes('w') && (!sub.modifiers.includes('a') || random.below(2) === 0)
  const draft: Draft = { pieces: [[]], literals: [], hasSpoiltGap: spoil !== 'gap' }
  const writer = new Writer(draft, random, filling, isWide, sub.modifiers.includes('i'))
  const first = sub.items[0]
  let anchor = 0
  const items = [...sub.items]
  if (first?.kind === 'edge') {
    writer.edge(first)
    items.shift()
  }
  if (sub.modifiers.includes('f')) writer.raw(0x20)
  anchor = draft.pieces[0].length
  // With a bracket behind a single first byte the offset counts from the literal behind the bracket.
  if (items[0]?.kind === 'byte' && items[1]?.kind === 'gap' && items[1].max <= 32 && items[1].min !== items[1].max) {
    anchor = -1
  }
  items.forEach((item, index) => {
    writer.item(item)
    if (anchor === -1 && index === 1) anchor = draft.pieces[0].length
  })
  if (sub.modifiers.includes('f')) writer.raw(0x20)
  if (!draft.hasSpoiltGap) return undefined
  if (spoil === 'byte') {
    if (draft.literals.length === 0) return undefined
    const [piece, index] = random.pick(draft.literals)
    draft.pieces[piece][index] ^= 1
  }
  return draft.pieces.map((piece, index) => ({
    bytes: Uint8Array.from(piece),
    anchor: index === 0 ? Math.max(0, anchor) : 0,
    offset: index === 0 ? sub.offset : { base: 'any', section: 0, delta: 0, maxShift: 0 },
  }))
}

class Writer {
  readonly #draft: Draft
  readonly #random: Random
  readonly #filling: Filling
  readonly #isWide: boolean
  readonly #ignoresCase: boolean

  constructor(draft: Draft, random: Random, filling: Filling, isWide: boolean, ignoresCase: boolean) {
    this.#draft = draft
    this.#random = random
    this.#filling = filling
    this.#isWide = isWide
    this.#ignoresCase = ignoresCase
  }

  private get piece(): number[] {
    return this.#draft.pieces[this.#draft.pieces.length - 1]
  }

  /** One byte, with its zero where the pattern is wide. */
  raw(value: number): void {
    this.piece.push(value)
    if (this.#isWide) this.piece.push(0)
  }

  edge({ mark, isNegated }: Extract<Item, { kind: 'edge' }>): void {
    this.raw(isNegated ? LETTER : BEFORE_OR_AFTER[mark])
  }

  item(item: Item): void {
    if (item.kind === 'edge') this.edge(item)
    else if (item.kind === 'byte') this.byte(item)
    else if (item.kind === 'gap') this.gap(item)
    else if (item.isNegated) this.unlike(item.options)
    else for (const inner of this.#random.pick(item.options)) this.item(inner)
  }

  private byte({ value, mask }: Extract<Item, { kind: 'byte' }>): void {
    const open = this.filler() & ~mask & 0xff
    let byte = value | open
    if (this.#ignoresCase && mask === 0xff && /[A-Za-z]/.test(String.fromCharCode(byte))) {
      const isUpper = this.#filling === 'binary' && this.#random.below(2) === 0
      byte = isUpper ? byte & ~0x20 : byte | 0x20
    }
    if (mask === 0xff) this.#draft.literals.push([this.#draft.pieces.length - 1, this.piece.length])
    this.raw(byte)
  }

  private gap({ min, max }: Extract<Item, { kind: 'gap' }>): void {
    if (max === Infinity && min === 0) {
      this.#draft.pieces.push([])
      return
    }
    let length = min + (max === Infinity ? 0 : this.#random.below(Math.min(max - min, 3) + 1))
    if (!this.#draft.hasSpoiltGap) {
      length = max === Infinity ? min - 1 : max + 1
      this.#draft.hasSpoiltGap = true
    }
    for (let i = 0; i < length; i++) this.piece.push(this.filler())
  }

  /** A byte sequence as long as the first option and like none of them. */
  private unlike(options: readonly (readonly Item[])[]): void {
    const taken = new Set(options.map(option => (option[0]?.kind === 'byte' ? option[0].value : -1)))
    const free = (this.#filling === 'text' ? [0x71, 0x7a, 0x6a, 0x30] : [0xa7, 0x99, 0x8b]).find(
      value => !taken.has(value),
    )
    for (let i = 0; i < options[0].length; i++) this.raw(free ?? 0xb1)
  }

  private filler(): number {
    return this.#filling === 'text' ? 0x78 : 0x80 | this.#random.below(0x40)
  }
}

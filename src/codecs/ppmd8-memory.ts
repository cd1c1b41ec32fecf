// Memory of the model of PPMd variant I: one heap, in which text grows from the bottom and units of twelve bytes lie
// above it. Where a unit lies decides when the model is cut, so a decoder must place them exactly as the encoder did.
// Source: PPMd var. I rev. 1 (D. Shkarin, 2002) and the LZMA SDK (I. Pavlov), both in the public domain.
//
//   0 ── text ──▶ text … unitsStart ── units ──▶ loUnit … hiUnit ◀── contexts ── end
//
// A free unit is: mark, reference to the next of its list, number of units; each four bytes. Reference 0 is none.

export const UNIT_BYTES = 12
/** Sizes of blocks: 1, 2, 3, 4, then in steps of two, three and four up to 128 units. */
const SIZES = 38
const MAX_BLOCK_UNITS = 128
const FREE_MARK = 0xffffffff
/** Blocks are glued together after so many allocations that had to search. */
const GLUE_INTERVAL = 1 << 13
/** Units are moved up only where they lie within so many bytes behind the text. */
const MOVE_RANGE_BYTES = 16 << 10

const UNITS_OF = new Uint8Array(SIZES)
const SIZE_OF = new Uint8Array(MAX_BLOCK_UNITS + 1)
for (let index = 0, units = 0; index < SIZES; index++) {
  const step = index >= 12 ? 4 : (index >> 2) + 1
  for (let k = 0; k < step; k++) SIZE_OF[++units] = index
  UNITS_OF[index] = units
}

/** Index of the smallest size of block that holds so many units. */
export const sizeIndex = (units: number): number => SIZE_OF[units]

/** The heap. All references are offsets in `bytes`; units lie at multiples of four. */
export class Ppmd8Memory {
  readonly bytes: Uint8Array
  readonly halves: Uint16Array
  readonly words: Uint32Array
  readonly sizeBytes: number
  text = 0
  unitsStart = 0
  loUnit = 0
  hiUnit = 0
  glueCount = 0
  readonly #base: number
  readonly #free = new Uint32Array(SIZES)
  readonly #freeCounts = new Int32Array(SIZES)

  constructor(sizeBytes: number) {
    this.sizeBytes = sizeBytes
    this.#base = 4 - (sizeBytes & 3)
    const buffer = new ArrayBuffer(this.#base + sizeBytes)
    this.bytes = new Uint8Array(buffer)
    this.halves = new Uint16Array(buffer)
    this.words = new Uint32Array(buffer)
  }

  /** Forgets everything. */
  reset(): void {
    this.#free.fill(0)
    this.#freeCounts.fill(0)
    this.resetText()
    this.hiUnit = this.text + this.sizeBytes
    this.loUnit = this.hiUnit - Math.floor(this.sizeBytes / 8 / UNIT_BYTES) * 7 * UNIT_BYTES
    this.unitsStart = this.loUnit
    this.glueCount = 0
  }

  resetText(): void {
    this.text = this.#base
  }

  get usedBytes(): number {
    let units = 0
    for (let index = 0; index < SIZES; index++) units += this.#freeCounts[index] * UNITS_OF[index]
    return this.sizeBytes - (this.hiUnit - this.loUnit) - (this.unitsStart - this.text) - units * UNIT_BYTES
  }

  #insert(at: number, index: number): void {
    const { words } = this
    words[at >> 2] = FREE_MARK
    words[(at >> 2) + 1] = this.#free[index]
    words[(at >> 2) + 2] = UNITS_OF[index]
    this.#free[index] = at
    this.#freeCounts[index]++
  }

  #remove(index: number): number {
    const at = this.#free[index]
    this.#free[index] = this.words[(at >> 2) + 1]
    this.#freeCounts[index]--
    return at
  }

  /** Frees `units` units from `at` on as one block, or as two where no size fits. */
  #insertUnits(at: number, units: number): void {
    let index = SIZE_OF[units]
    if (UNITS_OF[index] !== units) {
      const first = UNITS_OF[--index]
      this.#insert(at + first * UNIT_BYTES, units - first - 1)
    }
    this.#insert(at, index)
  }

  #split(at: number, oldIndex: number, newIndex: number): void {
    this.#insertUnits(at + UNITS_OF[newIndex] * UNIT_BYTES, UNITS_OF[oldIndex] - UNITS_OF[newIndex])
  }

  /** Where the units that were handed out end, a mark must not look like a free unit. */
  #guard(): void {
    if (this.loUnit !== this.hiUnit) this.words[this.loUnit >> 2] = 0
  }

  /** Joins neighbours that are free; answers the first of the list of what came out. */
  #glued(): number {
    const { words } = this
    let head = 0
    let last = 0
    for (let index = 0; index < SIZES; index++) {
      let next = this.#free[index]
      this.#free[index] = 0
      while (next !== 0) {
        const node = next >> 2
        if (words[node + 2] !== 0) {
          if (last === 0) head = next
          else words[last + 1] = next
          last = node
          for (;;) {
            const other = node + words[node + 2] * 3
            if (words[other] !== FREE_MARK) break
            words[node + 2] += words[other + 2]
            words[other + 2] = 0
          }
        }
        next = words[node + 1]
      }
    }
    if (last !== 0) words[last + 1] = 0
    return head
  }

  #glue(): void {
    this.glueCount = GLUE_INTERVAL
    this.#freeCounts.fill(0)
    this.#guard()
    for (let head = this.#glued(); head !== 0;) {
      let at = head
      let units = this.words[(at >> 2) + 2]
      head = this.words[(at >> 2) + 1]
      if (units === 0) continue
      for (; units > MAX_BLOCK_UNITS; units -= MAX_BLOCK_UNITS, at += MAX_BLOCK_UNITS * UNIT_BYTES)
        this.#insert(at, SIZES - 1)
      this.#insertUnits(at, units)
    }
  }

  #searched(index: number): number {
    if (this.glueCount === 0) {
      this.#glue()
      if (this.#free[index] !== 0) return this.#remove(index)
    }
    for (let bigger = index + 1; bigger < SIZES; bigger++) {
      if (this.#free[bigger] === 0) continue
      const at = this.#remove(bigger)
      this.#split(at, bigger, index)
      return at
    }
    this.glueCount--
    const size = UNITS_OF[index] * UNIT_BYTES
    if (this.unitsStart - this.text <= size) return 0
    this.unitsStart -= size
    return this.unitsStart
  }

  /** A block of the size with this index; 0 where there is no room. */
  allocate(index: number): number {
    if (this.#free[index] !== 0) return this.#remove(index)
    const size = UNITS_OF[index] * UNIT_BYTES
    if (size > this.hiUnit - this.loUnit) return this.#searched(index)
    this.loUnit += size
    return this.loUnit - size
  }

  /** One unit for a context, from the top; 0 where there is no room. */
  allocateContext(): number {
    if (this.hiUnit !== this.loUnit) return (this.hiUnit -= UNIT_BYTES)
    return this.#free[0] !== 0 ? this.#remove(0) : this.#searched(0)
  }

  copyUnits(to: number, from: number, units: number): void {
    this.bytes.copyWithin(to, from, from + units * UNIT_BYTES)
  }

  /** @returns where the block lies now */
  shrink(at: number, oldUnits: number, newUnits: number): number {
    const oldIndex = SIZE_OF[oldUnits]
    const newIndex = SIZE_OF[newUnits]
    if (oldIndex === newIndex) return at
    if (this.#free[newIndex] === 0) {
      this.#split(at, oldIndex, newIndex)
      return at
    }
    const moved = this.#remove(newIndex)
    this.copyUnits(moved, at, newUnits)
    this.#insert(at, oldIndex)
    return moved
  }

  free(at: number, units: number): void {
    this.#insert(at, SIZE_OF[units])
  }

  /** Frees one unit; the lowest goes back to the text. */
  freeUnit(at: number): void {
    if (at === this.unitsStart) this.unitsStart += UNIT_BYTES
    else this.#insert(at, 0)
  }

  /** Moves a block that lies near the text to a free one above it, so that the text can grow. */
  moveUp(at: number, units: number): number {
    const index = SIZE_OF[units]
    if (at > this.unitsStart + MOVE_RANGE_BYTES || at > this.#free[index]) return at
    const moved = this.#remove(index)
    this.copyUnits(moved, at, units)
    if (at === this.unitsStart) this.unitsStart += UNITS_OF[index] * UNIT_BYTES
    else this.#insert(at, index)
    return moved
  }

  /** Gives free units directly above the text to it. */
  expandText(): void {
    const { words } = this
    const counts = new Uint32Array(SIZES)
    this.#guard()
    let node = this.unitsStart >> 2
    for (; words[node] === FREE_MARK; node += words[node + 2] * 3) {
      words[node] = 0
      counts[SIZE_OF[words[node + 2]]]++
    }
    this.unitsStart = node << 2
    for (let index = 0; index < SIZES; index++) if (counts[index] > 0) this.#forget(index, counts[index])
  }

  /** Takes `count` blocks with a mark of 0 out of a list. */
  #forget(index: number, count: number): void {
    const { words } = this
    let last = 0
    for (let at = this.#free[index]; at !== 0 && count > 0; at = words[(at >> 2) + 1]) {
      if (words[at >> 2] !== 0) {
        last = at >> 2
        continue
      }
      if (last === 0) this.#free[index] = words[(at >> 2) + 1]
      else words[last + 1] = words[(at >> 2) + 1]
      this.#freeCounts[index]--
      count--
    }
  }
}

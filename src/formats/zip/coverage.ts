/** A stretch of the archive: [start, end). */
export interface Stretch {
  readonly start: number
  readonly end: number
}

/** Which bytes of the archive belong to a record or to the data of a member. */
export class Coverage {
  readonly #stretches: Stretch[] = []

  /** Order does not matter; empty and reversed stretches are left out. */
  add(start: number, end: number): void {
    if (end > start) this.#stretches.push({ start, end })
  }

  /** What is not covered in [0, size), ascending. Cost: one sort of what was added. */
  gaps(size: number): Stretch[] {
    const gaps: Stretch[] = []
    let reached = 0
    for (const { start, end } of this.#stretches.sort((a, b) => a.start - b.start)) {
      if (start > reached) gaps.push({ start: reached, end: Math.min(start, size) })
      if (end > reached) reached = end
      if (reached >= size) break
    }
    if (reached < size) gaps.push({ start: reached, end: size })
    return gaps
  }
}

/** Answers in which of the stretches of sound members a place lies. Built once; a search is logarithmic. */
export class Interiors {
  readonly #starts: readonly number[]
  readonly #ends: readonly number[]

  constructor(stretches: readonly Stretch[]) {
    const sorted = [...stretches].sort((a, b) => a.start - b.start || b.end - a.end)
    this.#starts = sorted.map(stretch => stretch.start)
    this.#ends = sorted.map(stretch => stretch.end)
  }

  /** The last stretch that starts at or before `at`, where it holds all of [at, end). */
  holding(at: number, end: number): Stretch | undefined {
    let low = 0
    let high = this.#starts.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#starts[middle] <= at) low = middle + 1
      else high = middle
    }
    if (low === 0 || this.#ends[low - 1] < end) return undefined
    return { start: this.#starts[low - 1], end: this.#ends[low - 1] }
  }
}

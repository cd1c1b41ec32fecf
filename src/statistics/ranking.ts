// Sums by name, of which only the most frequent ones are shown.

/**
 * Different names that are kept apart; what comes after them is added up under no name. Names come from hostile content:
 * without a limit a collection of them would fill the memory.
 */
export const MAX_NAMES = 200_000

/** Sums for each name. */
export class Ranking<T extends object> {
  readonly #rows = new Map<string, T>()
  #lost = 0

  /** The row of this name, made where it is new; undefined behind the limit of names. */
  row(name: string, make: () => T): T | undefined {
    let row = this.#rows.get(name)
    if (row === undefined) {
      if (this.#rows.size >= MAX_NAMES) {
        this.#lost++
        return undefined
      }
      this.#rows.set(name, (row = make()))
    }
    return row
  }

  /** The first `top` rows by weight, equal ones by name, and how many others there are. */
  top(top: number, weight: (row: T) => number): { rows: T[]; others: number } {
    const sorted = [...this.#rows].sort(([a, left], [b, right]) => weight(right) - weight(left) || (a < b ? -1 : 1))
    return {
      rows: sorted.slice(0, top).map(([, row]) => ({ ...row })),
      others: Math.max(0, sorted.length - top) + this.#lost,
    }
  }
}

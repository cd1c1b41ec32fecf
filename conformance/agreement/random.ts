/** A small random sequence that is the same in every run for the same seed. */
export class Random {
  #state: number
  constructor(seed: string) {
    let hash = 0x811c9dc5
    for (let i = 0; i < seed.length; i++) hash = Math.imul(hash ^ seed.charCodeAt(i), 0x01000193)
    this.#state = hash >>> 0 || 1
  }

  /** An integer from 0 to `end` - 1. */
  below(end: number): number {
    this.#state ^= this.#state << 13
    this.#state ^= this.#state >>> 17
    this.#state ^= this.#state << 5
    return (this.#state >>> 0) % end
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)]
  }
}

/** A table that forgets its oldest entries: what others can make grow has an end. */
export class BoundedMap<K, V> {
  readonly #most: number
  readonly #entries = new Map<K, V>()

  constructor(most: number) {
    this.#most = most
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: K): V | undefined {
    return this.#entries.get(key)
  }

  /** The entry becomes the newest. */
  set(key: K, value: V): void {
    this.#entries.delete(key)
    this.#entries.set(key, value)
    if (this.#entries.size > this.#most) {
      const [oldest] = this.#entries.keys()
      this.#entries.delete(oldest)
    }
  }

  delete(key: K): void {
    this.#entries.delete(key)
  }

  deleteWhere(holds: (value: V, key: K) => boolean): void {
    for (const [key, value] of this.#entries) if (holds(value, key)) this.#entries.delete(key)
  }

  clear(): void {
    this.#entries.clear()
  }
}

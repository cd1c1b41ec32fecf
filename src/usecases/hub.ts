import type { ScanUpdate } from './nouns.ts'

// Who listens to which scan, within this server. What other servers do is seen by looking at the ledger again.

type Listener = (update: ScanUpdate) => void

export class Hub {
  readonly #listeners = new Map<string, Set<Listener>>()

  /** @returns what stops listening */
  listen(id: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(id) ?? new Set()
    this.#listeners.set(id, listeners)
    listeners.add(listener)
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0) this.#listeners.delete(id)
    }
  }

  tell(id: string, update: ScanUpdate): void {
    for (const listener of this.#listeners.get(id) ?? []) listener(update)
  }

  has(id: string): boolean {
    return this.#listeners.has(id)
  }
}

import type { CrashCounter } from './tree-host.ts'

/** Contents that are remembered; the oldest are forgotten first. */
const MAX_ENTRIES = 4_096

/** Counts crashes of components by content, in bounded memory. */
export class CrashTable implements CrashCounter {
  readonly #counts = new Map<string, number>()

  of(key: string): number {
    return this.#counts.get(key) ?? 0
  }

  get isEmpty(): boolean {
    return this.#counts.size === 0
  }

  forget(key: string): void {
    if (this.#counts.size > 0) this.#counts.delete(key)
  }

  count(key: string): number {
    const crashes = this.of(key) + 1
    this.#counts.delete(key)
    this.#counts.set(key, crashes)
    const oldest = this.#counts.size > MAX_ENTRIES ? this.#counts.keys().next().value : undefined
    if (oldest !== undefined) this.#counts.delete(oldest)
    return crashes
  }
}

import type { Report } from '../report/index.ts'
import type { Scanner } from '../scan/index.ts'
import { UseCaseError } from './errors.ts'
import type { Clock } from './ports/host.ts'
import type { Generation } from './ports/ledger.ts'

/** How long what the scanner said of itself is believed. */
const FRESH_MS = 1000

/** Engine and database of the moment, and whether anybody can scan. */
export class ScannerView {
  readonly #scanner: Scanner
  readonly #clock: Clock
  #known: { readonly generation: Generation; readonly threads: number; readonly atMs: number } | undefined

  constructor(scanner: Scanner, clock: Clock) {
    this.#scanner = scanner
    this.#clock = clock
  }

  /** @throws UseCaseError no-worker */
  async generation(): Promise<Generation> {
    const now = this.#clock.now()
    if (this.#known === undefined || now - this.#known.atMs > FRESH_MS) {
      const { version, database, threads } = await this.#scanner.status()
      this.#known = { generation: { engine: version, database }, threads: threads.max, atMs: now }
    }
    if (this.#known.threads === 0) throw new UseCaseError('no-worker', { detail: 'no engine has a thread' })
    return this.#known.generation
  }

  /** A report tells too. */
  learn({ scanner: { version, database } }: Report): void {
    const known = this.#known
    if (known === undefined || known.generation.database === database) return
    this.#known = { ...known, generation: { engine: version, database } }
  }

  forget(): void {
    this.#known = undefined
  }
}

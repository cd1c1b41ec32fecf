import { UseCaseError } from './errors.ts'
import type { ScannerView } from './generation.ts'
import { metricsOf } from './metrics.ts'
import { page } from './pages.ts'
import type { PageRequest } from './nouns.ts'
import type { Principal } from './policy.ts'
import type { Runtime } from './parts.ts'
import { applyRetention, retentionRules, setRetentionRules } from './retention.ts'
import type { Check, OperationUseCases, RetentionRules, SignatureUseCases } from './use-cases.ts'

// Running a server: engine, queue, dead letters, retention, health.

/** A queue that old means that nobody takes jobs. */
const STALE_QUEUE_MS = 600_000
const MIN_FREE_BYTES = 64 * 1024 * 1024

export class Operations implements OperationUseCases, SignatureUseCases {
  readonly #runtime: Runtime
  readonly #view: ScannerView
  readonly #startedAtMs: number
  readonly #onRetried: () => void

  constructor(runtime: Runtime, view: ScannerView, onRetried: () => void) {
    this.#runtime = runtime
    this.#view = view
    this.#startedAtMs = runtime.clock.now()
    this.#onRetried = onRetried
  }

  async getEngineInfo() {
    const status = await this.#runtime.scanner.status()
    const { threads, database } = status
    const local = {
      name: 'local',
      state: 'up',
      database,
      threads: threads.max,
      busy: threads.live - threads.idle,
    } as const
    return { ...status, engines: [local] }
  }

  async reloadDatabase() {
    const outcome = await this.#runtime.scanner.reload()
    this.#view.forget()
    return outcome
  }

  getHealth() {
    const { version, clock } = this.#runtime
    return Promise.resolve({ ok: true, version, uptimeMs: clock.now() - this.#startedAtMs } as const)
  }

  async getReadiness() {
    const checks = await Promise.all([this.#ledger(), this.#vault(), this.#scanner(), this.#queue()])
    return { ok: checks.every(({ ok }) => ok), checks }
  }

  async #ledger(): Promise<Check> {
    return { name: 'ledger', ...(await this.#runtime.ledger.check()) }
  }

  #vault(): Promise<Check> {
    return checked('vault', async () => {
      const { kind, freeBytes } = await this.#runtime.vault.status()
      const ok = freeBytes === undefined || freeBytes >= MIN_FREE_BYTES
      return { ok, detail: freeBytes === undefined ? kind : `${kind}, ${freeBytes} bytes free` }
    })
  }

  #scanner(): Promise<Check> {
    return checked('scanner', async () => {
      const { threads, signatures } = await this.#runtime.scanner.status()
      return { ok: threads.max > 0, detail: `${threads.live} of ${threads.max} threads, ${signatures} signatures` }
    })
  }

  #queue(): Promise<Check> {
    return checked('queue', async () => {
      const { ledger, clock, limits } = this.#runtime
      const { waiting, oldestWaitingMs } = await ledger.queue(clock.now())
      const ok = waiting < limits.maxQueued && oldestWaitingMs < STALE_QUEUE_MS
      return { ok, detail: `${waiting} waiting, the oldest for ${Math.round(oldestWaitingMs / 1000)} s` }
    })
  }

  async getMetrics() {
    const { ledger, vault, scanner, clock } = this.#runtime
    const [queue, counts, status, places] = await Promise.all([
      ledger.queue(clock.now()), ledger.counts(), scanner.status(), vault.status(),
    ]) // prettier-ignore
    return metricsOf({ queue, counts, status, places, uptimeMs: clock.now() - this.#startedAtMs })
  }

  getQueue() {
    return this.#runtime.ledger.queue(this.#runtime.clock.now())
  }

  listDeadLetters(_principal: Principal, request: PageRequest) {
    return page(
      request,
      (before, limit) => this.#runtime.ledger.deadLetters({ limit, ...(before && { before }) }),
      ({ id }) => id,
    )
  }

  async retryDeadLetter(_principal: Principal, { id }: { readonly id: string }): Promise<void> {
    const { ledger, clock } = this.#runtime
    if (!(await ledger.retryDeadLetter(id, clock.now()))) throw new UseCaseError('not-found', { detail: id })
    this.#onRetried()
  }

  async discardDeadLetter(_principal: Principal, { id }: { readonly id: string }): Promise<void> {
    const gone = await this.#runtime.ledger.discardDeadLetter(id)
    if (gone === undefined) throw new UseCaseError('not-found', { detail: id })
    if (gone.intake !== undefined) await this.#runtime.vault.discard(gone.intake)
  }

  getRetention() {
    return retentionRules(this.#runtime)
  }

  setRetention(_principal: Principal, rules: RetentionRules) {
    return setRetentionRules(this.#runtime, rules)
  }

  applyRetention() {
    return applyRetention(this.#runtime)
  }

  rotateVaultKey() {
    return this.#runtime.vault.rotate()
  }

  listDatabases() {
    return this.#catalogue().databases()
  }

  searchSignatures(_principal: Principal, { text, ...request }: PageRequest & { readonly text: string }) {
    return this.#catalogue().search(text, request)
  }

  async getSignature(_principal: Principal, { name }: { readonly name: string }) {
    const found = await this.#catalogue().named(name)
    if (found.length === 0) throw new UseCaseError('not-found', { detail: name })
    return found
  }

  #catalogue() {
    const { catalogue } = this.#runtime
    if (catalogue === undefined) throw new UseCaseError('not-configured', { detail: 'signatures' })
    return catalogue
  }
}

async function checked(name: Check['name'], look: () => Promise<Omit<Check, 'name'>>): Promise<Check> {
  try {
    return { name, ...(await look()) }
  } catch (error) {
    return { name, ok: false, detail: error instanceof Error ? error.message : String(error) }
  }
}

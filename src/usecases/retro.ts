import { UseCaseError } from './errors.ts'
import type { ScannerView } from './generation.ts'
import { ID_PATTERN } from './ids.ts'
import { page } from './pages.ts'
import { PROFILES, type ScanRecord } from './nouns.ts'
import type { Principal } from './policy.ts'
import type { Runtime } from './parts.ts'
import { parseQuery } from './search/parse.ts'
import type { SearchNode } from './search/syntax.ts'
import type { Submitting } from './submitting.ts'
import type { RescanUseCases, RetroScan } from './use-cases.ts'
import type { Waiting } from './waiting.ts'

// Scanning kept content again: one, or everything when the database has changed. A retro-scan is planned in steps by any
// server; a step that is done twice, after a crash or by two servers, submits nothing twice, because each of its scans
// has an idempotency key.

const STEP = 100
/** Scans of retro-scans that wait at once; the rest is planned as they are done. */
const MAX_WAITING = 1000

export class Retro implements RescanUseCases {
  readonly #runtime: Runtime
  readonly #view: ScannerView
  readonly #submitting: Submitting
  readonly #waiting: Waiting

  constructor(runtime: Runtime, view: ScannerView, submitting: Submitting, waiting: Waiting) {
    this.#runtime = runtime
    this.#view = view
    this.#submitting = submitting
    this.#waiting = waiting
  }

  async rescan(principal: Principal, { digest, options = {}, notify }: Parameters<RescanUseCases['rescan']>[1]) {
    const { ledger, vault } = this.#runtime
    const [sample] = await ledger.samples([digest.toLowerCase()])
    if (sample === undefined) throw new UseCaseError('sample-not-found', { detail: digest })
    if (!sample.kept || !(await vault.has(sample.sha256)))
      throw new UseCaseError('content-not-kept', { detail: digest })
    await this.#view.generation()
    const [newest] = await ledger.scansOf(sample.sha256, 1)
    const request = await this.#submitting.request(principal, {
      name: newest?.name ?? sample.sha256,
      options: { keep: 'everything', ...options, reuse: false },
      ...(notify === undefined ? {} : { notify }),
    })
    return this.#submitting.job(request, sample, { room: 'store' })
  }

  async startRetroScan(principal: Principal, { query = '' }: { readonly query?: string }): Promise<RetroScan> {
    const { ledger, clock, ids } = this.#runtime
    parseQuery(query, clock.now())
    const { database } = await this.#view.generation()
    const now = clock.now()
    const retro: RetroScan = {
      id: ids.next(now), query, startedBy: principal.account, startedAtMs: now, state: 'running', database,
      total: 0, done: 0, failed: 0, changed: 0,
    } // prettier-ignore
    await ledger.startRetro(retro)
    return retro
  }

  async getRetroScan(_principal: Principal, { id }: { readonly id: string }): Promise<RetroScan> {
    const retro = ID_PATTERN.test(id) ? await this.#runtime.ledger.retro(id) : undefined
    if (retro === undefined) throw new UseCaseError('not-found', { detail: id })
    return retro
  }

  listRetroScans(_principal: Principal, request: Parameters<RescanUseCases['listRetroScans']>[1]) {
    return page(
      request,
      (before, limit) => this.#runtime.ledger.retros({ limit, ...(before && { before }) }),
      ({ id }) => id,
    )
  }

  async listChangedVerdicts(principal: Principal, request: Parameters<RescanUseCases['listChangedVerdicts']>[1]) {
    await this.getRetroScan(principal, request)
    const { ledger } = this.#runtime
    return page(
      request,
      (after, limit) => ledger.changedVerdicts(request.id, { limit, ...(after && { after }) }),
      change => change.after.scan,
    )
  }

  async cancelRetroScan(principal: Principal, { id }: { readonly id: string }): Promise<RetroScan> {
    await this.getRetroScan(principal, { id })
    const { ledger, clock } = this.#runtime
    for (const scan of await ledger.endRetro(id, 'cancelled', clock.now())) {
      // One that has just ended needs no cancelling.
      await this.#waiting.cancel(scan).catch(() => {})
    }
    return this.getRetroScan(principal, { id })
  }

  /** One step of every retro-scan that runs. @returns whether there is more to do at once */
  async step(): Promise<boolean> {
    let more = false
    for (const { retro, cursor, planned } of await this.#runtime.ledger.retroPlans()) {
      if (planned) {
        if (retro.done >= retro.total)
          await this.#runtime.ledger.endRetro(retro.id, 'finished', this.#runtime.clock.now())
      } else if (retro.total - retro.done < MAX_WAITING) {
        more = (await this.#plan(retro, cursor)) || more
      }
    }
    return more
  }

  async #plan(retro: RetroScan, cursor: string | undefined): Promise<boolean> {
    const { ledger } = this.#runtime
    const candidates = await ledger.retroCandidates({
      database: retro.database,
      limit: STEP,
      ...(cursor === undefined ? {} : { after: cursor }),
    })
    for (const { scan } of candidates)
      if (scan !== undefined && (await this.#matches(retro.query, scan))) await this.#submit(retro, scan)
    const last = candidates.at(-1)
    await ledger.planRetro(retro.id, { planned: candidates.length < STEP, ...(last && { cursor: last.sha256 }) })
    return candidates.length === STEP
  }

  async #matches(query: string, scan: ScanRecord): Promise<boolean> {
    if (query === '') return true
    const { ledger, clock } = this.#runtime
    const span = { from: 0, to: 0 }
    const value = { kind: 'digest', hex: scan.sha256, prefix: false } as const
    const node: SearchNode = {
      kind: 'and',
      nodes: [{ kind: 'test', field: 'sha256', value, span }, parseQuery(query, clock.now())],
    }
    return (await ledger.search({ node, sort: 'time', descending: true, limit: 1 })).length > 0
  }

  async #submit(retro: RetroScan, scan: ScanRecord): Promise<void> {
    const { allMatches, maxTimeMs } = scan.options
    const principal = {
      account: retro.startedBy,
      name: retro.startedBy,
      role: 'analyst',
      address: '',
      door: 'schedule',
    } as const
    const request = await this.#submitting.request(principal, {
      name: scan.name,
      parent: retro.id,
      idempotencyKey: `retro ${retro.id} ${scan.sha256}`,
      options: {
        profile: scan.options.profile in PROFILES ? scan.options.profile : 'standard',
        allMatches,
        keep: 'everything',
        priority: 'bulk',
        reuse: false,
        ...(maxTimeMs === undefined ? {} : { maxTimeMs }),
      },
    })
    await this.#submitting.job(request, scan, { room: 'store' }, retro.id)
  }
}

import type { AuditEntry } from '../accounts.ts'
import type { Page, PageRequest } from '../nouns.ts'
import { limitOf, makeCursor, openCursor, pageOf } from '../pages.ts'
import type { AccountStore, AuditFilter, SealedEntry } from '../ports/accounts.ts'
import type { Hashes } from '../ports/host.ts'
import { UseCaseError } from '../errors.ts'

const PAGE = 500

/** Reading the audit log. */
export class AuditReading {
  readonly #store: AccountStore
  readonly #hashes: Hashes

  constructor(store: AccountStore, hashes: Hashes) {
    this.#store = store
    this.#hashes = hashes
  }

  async search({ cursor, limit, ...filter }: PageRequest & AuditFilter): Promise<Page<AuditEntry>> {
    const count = limitOf(limit === undefined ? {} : { limit })
    // The cursor belongs to its question.
    const question = JSON.stringify([filter.account, filter.action, filter.target, filter.fromMs, filter.toMs])
    const scope = `audit ${this.#hashes.sha256(question).slice(0, 16)}`
    const before = cursor === undefined ? undefined : Number(openCursor(cursor, scope)[0])
    if (before !== undefined && !Number.isSafeInteger(before)) throw new UseCaseError('invalid-cursor')
    const found = await this.#store.searchAudit(filter, before, count + 1)
    const { items, next } = pageOf(found, count, ({ seq }) => makeCursor(scope, [String(seq)]))
    return { items: items.map(withSeal), ...(next === undefined ? {} : { next }) }
  }

  /** Oldest first. */
  async *export({
    fromMs = 0,
    toMs = Infinity,
  }: {
    readonly fromMs?: number
    readonly toMs?: number
  }): AsyncGenerator<AuditEntry> {
    // prettier-ignore
    for (let after = 0; ; ) {
      const page = await this.#store.readAudit(after, PAGE)
      for (const item of page) if (item.entry.atMs >= fromMs && item.entry.atMs < toMs) yield withSeal(item)
      const last = page.at(-1)
      if (last === undefined) return
      after = last.seq
    }
  }
}

const withSeal = ({ entry, seal }: SealedEntry): AuditEntry => ({ ...entry, seal })

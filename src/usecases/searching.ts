import { UseCaseError } from './errors.ts'
import { limitOf, makeCursor, openCursor, pageOf } from './pages.ts'
import type { Principal } from './policy.ts'
import type { Runtime } from './parts.ts'
import { completeQueryAt } from './search/complete.ts'
import { SEARCH_SORTS } from './search/fields.ts'
import { parseQuery } from './search/parse.ts'
import { MAX_QUERY_CHARS } from './search/syntax.ts'
import { DIMENSIONS, STATISTICS_UNITS, type StatisticsQuestion } from './statistics.ts'
import { FACETS, MAX_COUNTED, MAX_LOOKUPS, type SearchInput, type SearchUseCases } from './use-cases.ts'
import type { LookUpAnswer, ScanUseCases } from './use-cases.ts'

// Asking the ledger: queries, digests, statistics.

const WITHIN_SHOWN = 16
const DIGEST = /^(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})$/i
const DEFAULT_TOP = 20
const MAX_TOP = 1000
const TWO_DAYS_MS = 2 * 86_400_000
const MAX_HOURS = 24 * 366

export class SearchingUseCases implements SearchUseCases {
  readonly #runtime: Pick<Runtime, 'ledger' | 'clock' | 'hashes'>

  constructor(runtime: Pick<Runtime, 'ledger' | 'clock' | 'hashes'>) {
    this.#runtime = runtime
  }

  async search(_principal: Principal, input: SearchInput) {
    const { ledger, clock } = this.#runtime
    const { query, sort = 'time', descending = true, facets = [] } = input
    if (!SEARCH_SORTS.includes(sort)) throw invalid('/sort', SEARCH_SORTS)
    if (facets.some(facet => !FACETS.includes(facet))) throw invalid('/facets', FACETS)
    const limit = limitOf(input)
    const scope = `${sort} ${descending} ${query}`.slice(0, 200)
    const [key, id, at] = input.cursor === undefined ? [] : openCursor(input.cursor, this.#scope(scope))
    // Times such as `2h` are counted from when the first page was asked for.
    const nowMs = at === undefined ? clock.now() : Number(at)
    const node = parseQuery(query, nowMs)
    const after = key === undefined || id === undefined ? undefined : { key: Number(key), id }
    const items = await ledger.search({ node, sort, descending, limit: limit + 1, ...(after && { after }) })
    const page = pageOf(items, limit, last =>
      makeCursor(this.#scope(scope), [String(last.sizeBytes), last.id, String(nowMs)]),
    )
    const counted = input.count === true ? await ledger.count(node, MAX_COUNTED) : undefined
    return {
      ...page,
      ...(counted === undefined ? {} : { total: { count: counted, exact: counted < MAX_COUNTED } }),
      ...(facets.length === 0 ? {} : { facets: await ledger.facets(node, facets, MAX_COUNTED) }),
    }
  }

  #scope(text: string): string {
    return this.#runtime.hashes.sha256(text).slice(0, 16)
  }

  completeQuery(
    _principal: Principal,
    { query, position = query.length }: { readonly query: string; readonly position?: number },
  ) {
    if (query.length > MAX_QUERY_CHARS) return Promise.resolve([])
    const at = Math.max(0, Math.min(position, query.length))
    return completeQueryAt(query, at, (field, prefix, limit) => this.#runtime.ledger.suggest(field, prefix, limit))
  }

  getStatistics(_principal: Principal, question: StatisticsQuestion) {
    const { toMs = this.#runtime.clock.now(), fromMs, dimensions = DIMENSIONS, top = DEFAULT_TOP } = question
    if (!Number.isFinite(toMs) || (fromMs !== undefined && !(fromMs <= toMs)))
      throw invalid('/fromMs', ['a time before toMs'])
    if (dimensions.some(dimension => !DIMENSIONS.includes(dimension))) throw invalid('/dimensions', DIMENSIONS)
    if (!Number.isInteger(top) || top < 1 || top > MAX_TOP) throw invalid('/top', [`from 1 to ${MAX_TOP}`])
    const isShort = fromMs !== undefined && toMs - fromMs <= TWO_DAYS_MS
    const { unit = isShort ? 'hour' : 'day' } = question
    if (!STATISTICS_UNITS.includes(unit)) throw invalid('/unit', STATISTICS_UNITS)
    if (unit === 'hour' && toMs - (fromMs ?? 0) > MAX_HOURS * 3_600_000)
      throw invalid('/unit', ['day or week for more than a year'])
    return this.#runtime.ledger.statistics({ ...question, toMs, dimensions, top, unit })
  }

  async lookUp(
    _principal: Principal,
    { digests }: Parameters<ScanUseCases['lookUp']>[1],
  ): Promise<readonly LookUpAnswer[]> {
    const { ledger } = this.#runtime
    if (digests.length > MAX_LOOKUPS) throw invalid('/digests', [`at most ${MAX_LOOKUPS}`])
    const bad = digests.find(digest => !DIGEST.test(digest))
    if (bad !== undefined) throw invalid('/digests', ['MD5, SHA-1 or SHA-256 in hexadecimal'])
    const lower = digests.map(digest => digest.toLowerCase())
    const samples = await ledger.samples(lower)
    return Promise.all(
      lower.map(async (digest, index) => {
        const sample = samples[index]
        const [scans, within] = await Promise.all([
          sample === undefined ? [] : ledger.scansOf(sample.sha256, WITHIN_SHOWN),
          digest.length === 64 ? ledger.scansWithin(digest, WITHIN_SHOWN) : [],
        ])
        const scan = scans.find(({ state }) => state === 'finished')
        return { digest, within, ...(sample && { sample }), ...(scan && { scan }) }
      }),
    )
  }
}

const invalid = (where: string, expected: readonly string[]): UseCaseError =>
  new UseCaseError('invalid-input', { detail: `${where} must be ${expected.join(', ')}`, where })

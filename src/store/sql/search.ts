import { sql } from 'kysely'
import type { Facet, FacetCount, ScanRecord, SearchField, SearchNode, SearchOrder } from '../../usecases/index.ts'
import { recordsBySeq, type Context } from './context.ts'
import { planOf, type Plan } from './search-plan.ts'
import { completedFrom } from './search-terms.ts'
import { seqOf } from './ids.ts'
import { sourceOf } from './rows.ts'
import { VERDICTS } from '../../report/index.ts'
import { SCAN_STATES } from '../../usecases/index.ts'
import { padded } from './many.ts'
import { WORD_KINDS, type WordKind } from './tables.ts'

// Searching: pages by keyset, counts and facets up to a bound.

/** A page in order, newest first by default. */
export async function search(context: Context, order: SearchOrder): Promise<readonly ScanRecord[]> {
  const { read } = context.database
  const plan = await planOf(context, order.node)
  const direction = sql.raw(order.descending ? 'desc' : 'asc')
  const { rows } = await sql<{ seq: number }>`select s.seq from scans s ${hint(context, plan, order)}
    where ${plan.where} and ${after(order)}
    order by ${order.sort === 'size' ? sql`s.size ${direction}, ` : sql``}s.seq ${direction}
    limit ${order.limit}`.execute(read)
  return recordsBySeq(
    context,
    read,
    rows.map(({ seq }) => seq),
  )
}

/** SQLite is told what the plan has found out; PostgreSQL knows by its own statistics. */
function hint({ database }: Context, { isSmall }: Plan, { sort }: Pick<SearchOrder, 'sort'>) {
  if (database.kind === 'postgres') return sql``
  return sort === 'size' && !isSmall ? sql`indexed by scans_size` : sql`not indexed`
}

function after({ after: last, sort, descending }: SearchOrder) {
  if (last === undefined) return sql`1 = 1`
  const beyond = sql.raw(descending ? '<' : '>')
  return sort === 'size'
    ? sql`(s.size, s.seq) ${beyond} (${last.key}, ${seqOf(last.id)})`
    : sql`s.seq ${beyond} ${seqOf(last.id)}`
}

export async function count(context: Context, node: SearchNode, most: number): Promise<number> {
  const { read } = context.database
  const plan = await planOf(context, node)
  const from = plan.whole ?? sql`select s.seq from scans s ${hint(context, plan, { sort: 'time' })} where ${plan.where}`
  const { rows } = await sql<{
    count: number
  }>`select count(*) as count from (${from} limit ${most}) as counted`.execute(read)
  return rows[0].count
}

/** Columns of scans that are counted in one pass; the rest are joined. */
const DIRECT = { verdict: 'verdict', type: 'type', source: 'source', label: 'source', state: 'state' } as const
const MAX_FACET_VALUES = 50

export async function facets(
  context: Context,
  node: SearchNode,
  wanted: readonly Facet[],
  most: number,
): Promise<Readonly<Partial<Record<Facet, readonly FacetCount[]>>>> {
  const { read } = context.database
  const plan = await planOf(context, node)
  const base = sql`select s.seq, s.sample, s.verdict, s.type, s.source, s.state, s.detections
    from scans s ${hint(context, plan, { sort: 'time' })} where ${plan.where} order by s.seq desc limit ${most}`
  const result: Partial<Record<Facet, readonly FacetCount[]>> = {}
  const { rows } = await sql<Combination>`select verdict, type, source, state, count(*) as count
    from (${base}) as matched group by verdict, type, source, state`.execute(read)
  const texts = await context.words.texts(
    read,
    rows.flatMap(({ type, source }) => [type, source]),
  )
  for (const facet of wanted) {
    if (facet in DIRECT)
      result[facet] = ranked(rows.map(row => [labelOf(facet as keyof typeof DIRECT, row, texts), row.count]))
  }
  if (wanted.includes('detection')) {
    const marks = sql`select m.word, count(*) as count from (${base}) as matched
      join marks m on m.seq = matched.seq where matched.detections > 0 group by m.word`
    result.detection = await counted(context, marks, 'detection')
  }
  if (wanted.includes('tag')) {
    const tags = sql`select t.word, count(*) as count from (${base}) as matched
      join tags t on t.sample = matched.sample group by t.word`
    result.tag = await counted(context, tags, 'tag')
  }
  return result
}

interface Combination {
  readonly verdict: number | null
  readonly type: number | null
  readonly source: number
  readonly state: number
  readonly count: number
}

function labelOf(facet: keyof typeof DIRECT, row: Combination, texts: ReadonlyMap<number, string>): string | undefined {
  if (facet === 'verdict') return row.verdict === null ? undefined : VERDICTS[row.verdict]
  if (facet === 'state') return SCAN_STATES[row.state]
  if (facet === 'type') return row.type === null ? undefined : texts.get(row.type)
  const source = sourceOf(texts.get(row.source) ?? ' ')
  return facet === 'source' ? source.door : source.label === '' ? undefined : source.label
}

function ranked(entries: readonly (readonly [string | undefined, number])[]): FacetCount[] {
  const sums = new Map<string, number>()
  for (const [value, number] of entries) if (value !== undefined) sums.set(value, (sums.get(value) ?? 0) + number)
  return [...sums]
    .map(([value, total]) => ({ value, count: total }))
    .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
    .slice(0, MAX_FACET_VALUES)
}

/** Words that are counted at most, before those of another kind are left out. */
const MAX_WORDS_COUNTED = 5000

/**
 * The most frequent words of a query. Their kind is looked up afterwards: a join with the words would be one more for
 * PostgreSQL to plan wrongly while a table is new and it knows nothing of it.
 */
async function counted(context: Context, query: ReturnType<typeof sql>, kind: WordKind): Promise<FacetCount[]> {
  const { read } = context.database
  const { rows } = await sql<{
    word: number
    count: number
  }>`${query} order by 2 desc limit ${MAX_WORDS_COUNTED}`.execute(read)
  const found: [string, number][] = []
  for (let at = 0; at < rows.length && found.length < MAX_FACET_VALUES; at += 512) {
    const part = rows.slice(at, at + 512)
    const words = await read
      .selectFrom('words')
      .select(['id', 'text'])
      .where('id', 'in', padded(part.map(({ word }) => word)))
      .where('kind', '=', WORD_KINDS[kind])
      .execute()
    const texts = new Map(words.map(({ id, text }) => [id, text]))
    for (const { word, count: number } of part) {
      const text = texts.get(word)
      if (text !== undefined) found.push([text, number])
    }
  }
  return ranked(found)
}

/** Stored values that begin so, in their order. */
export async function suggest(
  context: Context,
  field: SearchField,
  prefix: string,
  limit: number,
): Promise<readonly string[]> {
  const kind = completedFrom(field)
  if (kind === undefined) return []
  const pattern = `${prefix.toLowerCase().replaceAll(/[%_\\]/g, '\\$&')}%`
  const query = context.database.read
    .selectFrom('words')
    .select('text')
    .where('kind', '=', WORD_KINDS[kind])
    .orderBy('text')
  if (kind !== 'source') {
    const rows = await query
      .where(sql<boolean>`lower(text) like ${pattern} escape '\\'`)
      .limit(limit)
      .execute()
    return rows.map(({ text }) => text)
  }
  const rows = await query.limit(1000).execute()
  const labels = new Set(
    rows
      .map(({ text }) => sourceOf(text).label)
      .filter(label => label !== '' && label.toLowerCase().startsWith(prefix.toLowerCase())),
  )
  return [...labels].slice(0, limit)
}

import { sql } from 'kysely'
import { VERDICTS, type Verdict } from '../../report/index.ts'
import type { Counts, Dimension, Searching, StatisticsAnswer } from '../../usecases/index.ts'
import type { Context } from './context.ts'
import { sourceOf } from './rows.ts'
import { DAY_MS, HOUR_MS, OUTCOMES, SUMS, UNITS } from './statistics-rows.ts'
import { WORD_KINDS } from './tables.ts'
import type { Sql } from './search-terms.ts'

// Statistics from the sums: whole days from the rows of days, what is left at both ends from those of hours.

type Question = Parameters<Searching['statistics']>[0]

const KINDS: Readonly<Record<Dimension, number>> = {
  verdict: SUMS.outcome, type: WORD_KINDS.type, detection: WORD_KINDS.detection, reason: WORD_KINDS.reason,
  packer: WORD_KINDS.packer, size: SUMS.size, time: SUMS.time,
} // prettier-ignore

interface Sums {
  readonly scans: number
  readonly bytes: number
  readonly elapsedUs: number
}

export async function statistics(context: Context, question: Question): Promise<StatisticsAnswer> {
  const { read } = context.database
  const toMs = Math.ceil(question.toMs / HOUR_MS) * HOUR_MS
  const fromMs = Math.floor((question.fromMs ?? (await firstHour(context))) / HOUR_MS) * HOUR_MS
  const where = sql.join(
    [rangeOf(fromMs, toMs, question.unit === 'hour'), await sourcesOf(context, question)],
    sql` and `,
  )
  const { rows } = await sql<Sums & { unit: number; at: number; source: number; item: number }>`
    select unit, at, source, item, scans, bytes, "elapsedUs" from "statistics"
    where kind = ${SUMS.outcome} and ${where}`.execute(read)
  const reused = await sql<{ scans: number }>`select coalesce(sum(scans), 0) as scans from "statistics"
    where kind = ${SUMS.reused} and ${where}`.execute(read)
  const texts = await context.words.texts(read, new Set(rows.map(({ source }) => source)))
  const total = zero()
  const series = new Map<number, SeriesEntry>()
  const sources = new Map<
    string,
    { -readonly [K in keyof StatisticsAnswer['sources'][number]]: StatisticsAnswer['sources'][number][K] }
  >()
  let failed = 0
  for (const row of rows) {
    const atMs = bucketOf(row.unit === UNITS.day ? row.at * DAY_MS : row.at * HOUR_MS, question.unit, fromMs)
    const entry = series.get(atMs) ?? { ...zero(), atMs, verdicts: noVerdicts(), failed: 0 }
    series.set(atMs, entry)
    if (row.item === OUTCOMES.cancelled) continue
    if (row.item === OUTCOMES.failed) {
      entry.failed += row.scans
      failed += row.scans
      continue
    }
    entry.verdicts[VERDICTS[row.item]] += row.scans
    const { door, label } = sourceOf(texts.get(row.source) ?? ' ')
    const source = sources.get(`${door} ${label}`) ?? { ...zero(), door: door, label }
    sources.set(`${door} ${label}`, source)
    for (const counts of [total, entry, source]) add(counts, row)
  }
  const seconds = Math.max(1, (toMs - fromMs) / 1000)
  return {
    fromMs,
    toMs,
    unit: question.unit,
    total: { ...total, failed, reused: reused.rows[0].scans, scansPerSecond: total.scans / seconds },
    series: [...series.values()].sort((a, b) => a.atMs - b.atMs),
    sources: [...sources.values()].sort((a, b) => b.scans - a.scans),
    rankings: await rankings(context, question, where),
  }
}

interface SeriesEntry extends Mutable<Counts> {
  readonly atMs: number
  readonly verdicts: Record<Verdict, number>
  failed: number
}
type Mutable<T> = { -readonly [K in keyof T]: T[K] }

const zero = (): Mutable<Counts> => ({ scans: 0, bytes: 0, elapsedMs: 0 })
const noVerdicts = (): Record<Verdict, number> =>
  Object.fromEntries(VERDICTS.map(verdict => [verdict, 0])) as Record<Verdict, number>

function add(counts: Mutable<Counts>, { scans, bytes, elapsedUs }: Sums): void {
  counts.scans += scans
  counts.bytes += bytes
  counts.elapsedMs += elapsedUs / 1000
}

async function firstHour({ database: { read } }: Context): Promise<number> {
  const { rows } = await sql<{ at: number | null }>`select min(at) as at from "statistics"
    where unit = ${UNITS.hour} and kind = ${SUMS.outcome}`.execute(read)
  return (rows[0].at ?? 0) * HOUR_MS
}

/** The rows that cover the range, none twice. */
function rangeOf(fromMs: number, toMs: number, hoursOnly: boolean): Sql {
  const [fromHour, toHour] = [fromMs / HOUR_MS, toMs / HOUR_MS]
  const [fromDay, toDay] = [Math.ceil(fromMs / DAY_MS), Math.floor(toMs / DAY_MS)]
  const hours = (from: number, to: number): Sql => sql`(unit = ${UNITS.hour} and at >= ${from} and at < ${to})`
  if (hoursOnly || fromDay >= toDay) return hours(fromHour, toHour)
  const days = sql`(unit = ${UNITS.day} and at >= ${fromDay} and at < ${toDay})`
  return sql`(${days} or ${hours(fromHour, fromDay * 24)} or ${hours(toDay * 24, toHour)})`
}

async function sourcesOf({ database: { read } }: Context, { door, label }: Question): Promise<Sql> {
  if (door === undefined && label === undefined) return sql`1 = 1`
  const words = await read.selectFrom('words').select(['id', 'text']).where('kind', '=', WORD_KINDS.source).execute()
  const ids = words
    .filter(({ text }) => {
      const source = sourceOf(text)
      return (door === undefined || source.door === door) && (label === undefined || source.label === label)
    })
    .map(({ id }) => id)
  return ids.length === 0 ? sql`1 = 0` : sql`source in (${sql.join(ids)})`
}

const WEEK_MS = 7 * DAY_MS
/** 1970-01-01 was a Thursday; weeks begin on Monday. */
const FIRST_MONDAY_MS = 4 * DAY_MS

function bucketOf(ms: number, unit: Question['unit'], fromMs: number): number {
  if (unit === 'hour') return ms
  if (unit === 'day') return Math.floor(ms / DAY_MS) * DAY_MS
  if (unit === 'week') return Math.floor((ms - FIRST_MONDAY_MS) / WEEK_MS) * WEEK_MS + FIRST_MONDAY_MS
  return fromMs
}

async function rankings(
  context: Context,
  { dimensions, top }: Question,
  where: Sql,
): Promise<StatisticsAnswer['rankings']> {
  const result: { -readonly [K in Dimension]?: StatisticsAnswer['rankings'][K] } = {}
  for (const dimension of dimensions) {
    const { rows } = await sql<Sums & { item: number }>`
      select item, sum(scans) as scans, sum(bytes) as bytes, sum("elapsedUs") as "elapsedUs" from "statistics"
      where kind = ${KINDS[dimension]} and ${where} group by item order by 2 desc, item limit ${top}`.execute(
      context.database.read,
    )
    const texts = isWord(dimension)
      ? await context.words.texts(
          context.database.read,
          rows.map(({ item }) => item),
        )
      : undefined
    result[dimension] = rows.map(row => {
      const counts = zero()
      add(counts, row)
      return { value: texts?.get(row.item) ?? valueOf(dimension, row.item), ...counts }
    })
  }
  return result
}

const isWord = (dimension: Dimension): boolean => KINDS[dimension] < SUMS.outcome

/** Classes are named by their lower bound: bytes, or milliseconds. */
function valueOf(dimension: Dimension, item: number): string {
  const lower = item === 0 ? 0 : 2 ** (item - 1)
  if (dimension === 'size') return String(lower)
  if (dimension === 'time') return String(lower / 1000)
  if (item === OUTCOMES.failed) return 'failed'
  return item === OUTCOMES.cancelled ? 'cancelled' : VERDICTS[item]
}

import { CompiledQuery, SqliteAdapter, type Kysely } from 'kysely'
import type { Tables } from './tables.ts'

// Many rows in one statement. Rows go in groups of a few fixed sizes, so that there are few texts and each is prepared
// once.

const GROUPS = [64, 16, 4, 1] as const
const texts = new Map<string, string>()

type Columns<T extends keyof Tables> = readonly (keyof Tables[T] & string)[]

/**
 * Inserts rows in their order.
 * @param suffix - what follows the values, such as `on conflict do nothing`
 * @param expressions - what a column is made of instead of its value, which stands there as `?`; for SQLite
 */
export function insertQueries<T extends keyof Tables>(
  db: Kysely<Tables>,
  table: T,
  columns: Columns<T>,
  rows: readonly Readonly<Tables[T]>[],
  suffix = '',
  expressions: Readonly<Record<string, string>> = {},
): CompiledQuery[] {
  const numbered = !(db.getExecutor().adapter instanceof SqliteAdapter)
  const queries: CompiledQuery[] = []
  for (let at = 0; at < rows.length;) {
    const size = GROUPS.find(group => group <= rows.length - at) ?? 1
    const parameters: unknown[] = []
    for (let index = at; index < at + size; index++) {
      const row = rows[index]
      for (const column of columns) parameters.push(row[column])
    }
    queries.push(CompiledQuery.raw(textOf(table, columns, size, suffix, numbered, expressions), parameters))
    at += size
  }
  return queries
}

/** The same, carried out. @returns what the suffix returns, of all groups */
export async function insertMany<T extends keyof Tables>(
  db: Kysely<Tables>,
  table: T,
  columns: Columns<T>,
  rows: readonly Readonly<Tables[T]>[],
  suffix = '',
): Promise<Record<string, unknown>[]> {
  const returned: Record<string, unknown>[] = []
  for (const query of insertQueries(db, table, columns, rows, suffix))
    returned.push(...((await db.executeQuery(query)).rows as Record<string, unknown>[]))
  return returned
}

function textOf(
  table: string,
  columns: readonly string[],
  rows: number,
  suffix: string,
  numbered: boolean,
  expressions: Readonly<Record<string, string>>,
): string {
  const key = `${numbered} ${table} ${rows} ${suffix} ${Object.values(expressions).join(' ')}`
  const known = texts.get(key)
  if (known !== undefined) return known
  let parameter = 0
  const place = (column: string): string => (numbered ? `$${++parameter}` : (expressions[column] ?? '?'))
  const values = Array.from({ length: rows }, () => `(${columns.map(place).join(', ')})`)
  const names = columns.map(column => `"${column}"`).join(', ')
  const text = `insert into "${table}" (${names}) values ${values.join(', ')} ${suffix}`
  texts.set(key, text)
  return text
}

/** A list for `in (…)`, filled up to a power of two with its last item, so that there are few texts. Not empty. */
export function padded<T>(list: readonly T[]): T[] {
  const size = 2 ** Math.ceil(Math.log2(list.length))
  const last = list[list.length - 1]
  return Array.from({ length: size }, (_, index) => (index < list.length ? list[index] : last))
}

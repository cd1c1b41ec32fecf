import { sql } from 'kysely'
import { bytesToHex } from './ids.ts'
import type { Database, DatabaseKind } from './database.ts'
import { insertMany } from './many.ts'
import { migrate } from './migrate.ts'
import { MIGRATIONS } from './migrations/index.ts'
import { openRows } from './rows-reader.ts'

// A ledger as lines of JSON, the same for both databases: a backup of one can be restored into the other. Header, then
// for each table a line with its columns and a line for each row, then a line that says how many rows there were.

const FORMAT = 1
/** Rows are gone through by the caller; these belong to a database, not to the ledger. */
const LEFT_OUT = new Set(['schema_version', 'servers'])
const ROWS_AT_ONCE = 256

/** Why a backup cannot be restored. */
export class BackupError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'BackupError'
  }
}

interface Header {
  readonly lazaret: 'ledger'
  readonly format: number
  readonly schema: number
  readonly at: string
}

/** Lines without their ends, of one moment, while the server goes on. @param store - as openDatabase takes it */
export async function* backupLines(store: string): AsyncGenerator<string> {
  const reader = await openRows(store)
  try {
    const header: Header = {
      lazaret: 'ledger',
      format: FORMAT,
      schema: await reader.schema(),
      at: new Date().toISOString(),
    }
    yield JSON.stringify(header)
    let rows = 0
    for (const table of await reader.tables()) {
      if (LEFT_OUT.has(table)) continue
      let columns: string[] | undefined
      for await (const row of reader.rows(table)) {
        if (columns === undefined) yield JSON.stringify({ table, columns: (columns = Object.keys(row)) })
        yield JSON.stringify(columns.map(name => encoded(row[name])))
        rows++
      }
      if (columns === undefined) yield JSON.stringify({ table, columns: [] })
    }
    yield JSON.stringify({ rows })
  } finally {
    await reader.close()
  }
}

const encoded = (value: unknown): unknown => (value instanceof Uint8Array ? { hex: bytesToHex(value) } : value)
const decoded = (value: unknown): unknown =>
  typeof value === 'object' && value !== null ? Buffer.from((value as { hex: string }).hex, 'hex') : value

/**
 * Fills an empty database; one transaction, so that it is whole or empty. The schema is that of the backup first, and is
 * then brought up to date.
 * @returns the number of rows
 * @throws BackupError, SchemaError
 */
export async function restoreLines(database: Database, lines: AsyncIterable<string>): Promise<number> {
  const iterator = lines[Symbol.asyncIterator]()
  const header = parsed((await iterator.next()).value) as Partial<Header>
  if (header.lazaret !== 'ledger' || header.format !== FORMAT || header.schema === undefined)
    throw new BackupError('this is no backup of a ledger, or one of a newer program')
  const { schema } = header
  const known = MIGRATIONS.at(-1)?.version ?? 0
  if (schema > known) throw new BackupError(`the backup has schema ${schema}, and this program knows ${known} at most`)
  await refuseFull(database)
  await migrate(
    database,
    MIGRATIONS.filter(({ version }) => version <= schema),
  )
  const rows = await database.write.transaction().execute(async db => {
    const count = await load({ ...database, write: db }, iterator)
    await sql.raw(AFTER[database.kind]).execute(db)
    return count
  })
  await migrate(database)
  return rows
}

async function refuseFull(database: Database): Promise<void> {
  const tables = await database.write.introspection.getTables()
  if (!tables.some(({ name }) => name === 'scans')) return
  for (const table of ['scans', 'words'] as const) {
    const row = await database.write.selectFrom(table).selectAll().limit(1).executeTakeFirst()
    if (row !== undefined) throw new BackupError('the ledger is not empty')
  }
}

/** What is made from rows rather than stored in them. */
const AFTER: Readonly<Record<DatabaseKind, string>> = {
  sqlite: 'insert into names (rowid, name) select seq, coalesce(folded, name) from scans',
  postgres: `select setval(pg_get_serial_sequence('words', 'id'), coalesce((select max(id) from words), 1))`,
}

async function load({ write }: Database, lines: AsyncIterator<string>): Promise<number> {
  let target: { readonly table: string; readonly columns: readonly string[] } | undefined
  let rows: Record<string, unknown>[] = []
  let count = 0
  const flush = async (): Promise<void> => {
    if (target !== undefined && rows.length > 0)
      await insertMany(write, target.table as never, target.columns as never, rows as never)
    rows = []
  }
  for (;;) {
    const { value, done } = await lines.next()
    if (done === true) throw new BackupError('the backup ends too early')
    const line = parsed(value)
    if (Array.isArray(line)) {
      if (target === undefined) throw new BackupError('a row comes before its table')
      rows.push(Object.fromEntries(target.columns.map((name, index) => [name, decoded(line[index])])))
      count++
      if (rows.length >= ROWS_AT_ONCE) await flush()
      continue
    }
    await flush()
    const head = line as { readonly table?: string; readonly columns?: readonly string[]; readonly rows?: number }
    if (head.rows !== undefined) {
      if (head.rows !== count) throw new BackupError(`the backup should have ${head.rows} rows and has ${count}`)
      return count
    }
    if (head.table === undefined || head.columns === undefined || !isName(head.table) || !head.columns.every(isName))
      throw new BackupError('a line cannot be read')
    target = { table: head.table, columns: head.columns }
    // What a migration has put there is in the backup too, or was deleted since.
    await sql`delete from ${sql.table(head.table)}`.execute(write)
  }
}

const isName = (name: string): boolean => /^\w+$/.test(name)

function parsed(line: unknown): unknown {
  try {
    return JSON.parse(String(line))
  } catch {
    throw new BackupError('a line cannot be read')
  }
}

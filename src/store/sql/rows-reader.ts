import { DatabaseSync } from 'node:sqlite'
import { postgresTypes, sqlitePath } from './database.ts'

// All rows of all tables, of one moment, on a connection of their own, never many in memory.

export interface RowsReader {
  schema(): Promise<number>
  tables(): Promise<string[]>
  rows(table: string): AsyncIterable<Readonly<Record<string, unknown>>>
  close(): Promise<void>
}

const ROWS_AT_ONCE = 1000

export function openRows(store: string): Promise<RowsReader> {
  const path = sqlitePath(store)
  return path === undefined ? postgresRows(store) : Promise.resolve(sqliteRows(path))
}

function sqliteRows(path: string): RowsReader {
  const database = new DatabaseSync(path, { readOnly: true })
  database.exec('pragma busy_timeout = 10000')
  database.exec('begin')
  const all = (text: string) => database.prepare(text).all() as unknown as { value: string | number }[]
  return {
    schema: () =>
      Promise.resolve(Number(all('select coalesce(max(version), 0) as value from schema_version')[0].value)),
    tables() {
      // The index over names is made from the scans again.
      const rows = all(`select name as value from sqlite_master where type = 'table'
        and name not like 'sqlite_%' and name not like 'names%' order by name`)
      return Promise.resolve(rows.map(({ value }) => String(value)))
    },
    async *rows(table) {
      yield* database.prepare(`select * from "${table}"`).iterate() as Iterable<Record<string, unknown>>
    },
    close() {
      database.close()
      return Promise.resolve()
    },
  }
}

async function postgresRows(url: string): Promise<RowsReader> {
  const { default: pg } = await import('pg')
  const client = new pg.Client({ connectionString: url, types: postgresTypes(pg) })
  await client.connect()
  await client.query('begin isolation level repeatable read read only')
  return {
    async schema() {
      const { rows } = await client.query<{ value: number }>(
        'select coalesce(max(version), 0) as value from schema_version',
      )
      return rows[0].value
    },
    async tables() {
      const { rows } = await client.query<{ name: string }>(
        'select tablename as name from pg_tables where schemaname = current_schema() order by tablename',
      )
      return rows.map(({ name }) => name)
    },
    async *rows(table) {
      await client.query(`declare backup_rows no scroll cursor for select * from "${table}"`)
      for (;;) {
        const { rows } = await client.query<Record<string, unknown>>(`fetch ${ROWS_AT_ONCE} from backup_rows`)
        yield* rows
        if (rows.length < ROWS_AT_ONCE) break
      }
      await client.query('close backup_rows')
    },
    close: () => client.end(),
  }
}

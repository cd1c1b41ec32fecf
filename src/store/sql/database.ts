import { Kysely, PostgresDialect } from 'kysely'
import type { CompiledQuery, QueryResult } from 'kysely'
import { sqliteDialect, ThreadDriver } from './sqlite-dialect.ts'
import type { Tables } from './tables.ts'

// The two databases behind one type. What differs between them is asked of `kind` in few places: column types,
// the index over names, locks of rows, hints.

export type DatabaseKind = 'sqlite' | 'postgres'

export interface Database {
  readonly kind: DatabaseKind
  /** Whoever writes; on SQLite the only one that does. */
  readonly write: Kysely<Tables>
  /** Reads that need not see what is being written; on SQLite another connection, so that searches stop no scan. */
  readonly read: Kysely<Tables>
  /** SQLite: a statement of the transaction that is open on `write`, ordered before this returns. */
  readonly direct?: (query: CompiledQuery) => Promise<QueryResult<unknown>>
  close(): Promise<void>
}

/**
 * WAL, and `synchronous` FULL: each commit is on the disk when it is acknowledged. Commits are grouped, so that one
 * fsync pays for many scans.
 */
const WRITER_PRAGMAS = [
  'journal_mode = wal',
  'synchronous = full',
  'foreign_keys = off',
  'busy_timeout = 10000',
  'cache_size = -65536',
  'temp_store = memory',
  'journal_size_limit = 67108864',
  'wal_autocheckpoint = 16000',
]
const READER_PRAGMAS = [
  'query_only = on',
  'busy_timeout = 10000',
  'cache_size = -65536',
  'mmap_size = 4294967296',
  'temp_store = memory',
]

/** Opens or makes a database file. Errors appear with the first query. */
export function openSqlite(path: string): Database {
  const writer = new ThreadDriver({ path, readOnly: false, pragmas: WRITER_PRAGMAS })
  const reader = new ThreadDriver({ path, readOnly: false, pragmas: READER_PRAGMAS })
  const write = new Kysely<Tables>({ dialect: sqliteDialect(writer) })
  const read = new Kysely<Tables>({ dialect: sqliteDialect(reader) })
  return {
    kind: 'sqlite',
    write,
    read,
    direct: query => writer.direct(query),
    async close() {
      await read.destroy()
      await write.destroy()
    },
  }
}

/** Connections of one server to PostgreSQL. */
const MAX_CONNECTIONS = 10
const INT8 = 20
const NUMERIC = 1700

/** Where a SQLite ledger lies; undefined for another store. */
export const sqlitePath = (store: string): string | undefined =>
  store.startsWith('sqlite:') ? store.slice('sqlite:'.length) : undefined

/** `sqlite:PATH` or `postgres://user:password@host/database`. Rejects where it cannot be connected to. */
export async function openDatabase(store: string): Promise<Database> {
  const path = sqlitePath(store)
  return path === undefined ? openPostgres(store) : openSqlite(path)
}

/** Whole numbers and sums as numbers: none is above 2^53. */
export const postgresTypes = (pg: Pick<typeof import('pg'), 'types'>) => ({
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === INT8 || oid === NUMERIC ? Number : pg.types.getTypeParser(oid, format),
})

/** Loads the driver only here. */
export async function openPostgres(url: string): Promise<Database> {
  const { default: pg } = await import('pg')
  const pool = new pg.Pool({ connectionString: url, max: MAX_CONNECTIONS, types: postgresTypes(pg) })
  // A connection that is lost while idle is replaced; one in use rejects its query.
  pool.on('error', () => {})
  return overPostgres(new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) }))
}

/** A database that speaks as PostgreSQL does, whatever its driver. */
export const overPostgres = (db: Kysely<Tables>): Database => ({
  kind: 'postgres',
  write: db,
  read: db,
  close: () => db.destroy(),
})

import { existsSync } from 'node:fs'
import { sql } from 'kysely'
import { openDatabase, sqlitePath } from './database.ts'
import { MIGRATIONS } from './migrations/index.ts'

/** What `lazaret doctor` says of a ledger. */
export interface LedgerInspection {
  /** `absent`: the server will make it. `newer`: this program cannot use it. */
  readonly state: 'absent' | 'ok' | 'older' | 'newer' | 'damaged' | 'unreachable'
  readonly detail: string
}

/** Looks without changing anything. Checks the structure of a SQLite file, which takes seconds for one of gigabytes. */
export async function inspectLedger(store: string): Promise<LedgerInspection> {
  const path = sqlitePath(store)
  if (path !== undefined && !existsSync(path)) return { state: 'absent', detail: 'is made when the server starts' }
  try {
    const database = await openDatabase(store)
    try {
      const tables = await database.read.introspection.getTables()
      if (!tables.some(({ name }) => name === 'schema_version')) return { state: 'absent', detail: 'an empty database' }
      if (database.kind === 'sqlite') {
        const { rows } = await sql<{ quick_check: string }>`pragma quick_check(1)`.execute(database.read)
        if (rows[0]?.quick_check !== 'ok') return { state: 'damaged', detail: rows[0]?.quick_check ?? 'unreadable' }
      }
      const { rows } = await sql<{
        version: number
      }>`select coalesce(max(version), 0) as version from schema_version`.execute(database.read)
      const known = MIGRATIONS.at(-1)?.version ?? 0
      const [{ version }] = rows
      const detail = `schema ${version}`
      if (version !== known)
        return { state: version > known ? 'newer' : 'older', detail: `${detail}, this program has ${known}` }
      return { state: 'ok', detail }
    } finally {
      await database.close()
    }
  } catch (error) {
    return { state: 'unreachable', detail: error instanceof Error ? error.message : String(error) }
  }
}

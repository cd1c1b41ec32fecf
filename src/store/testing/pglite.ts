import { PGlite } from '@electric-sql/pglite'
import { pg_trgm } from '@electric-sql/pglite/contrib/pg_trgm'
import { Kysely, PGliteDialect } from 'kysely'
import { overPostgres, type Database } from '../sql/database.ts'
import type { Tables } from '../sql/tables.ts'

/** PostgreSQL in this process, in memory. */
export async function openPglite(): Promise<Database> {
  const INT8 = 20
  const NUMERIC = 1700
  const pglite = await PGlite.create({ extensions: { pg_trgm }, parsers: { [INT8]: Number, [NUMERIC]: Number } })
  return overPostgres(new Kysely<Tables>({ dialect: new PGliteDialect({ pglite: pglite }) }))
}

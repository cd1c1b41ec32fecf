import { sql, type Kysely } from 'kysely'
import type { Database } from './database.ts'
import { COLUMN_TYPES, type Migration } from './migrations/migration.ts'
import { MIGRATIONS } from './migrations/index.ts'
import type { Tables } from './tables.ts'

/** A ledger that this program cannot use as it is. */
export class SchemaError extends Error {
  readonly found: number
  readonly known: number
  constructor(found: number, known: number) {
    super(`The ledger has schema ${found}, and this program knows ${known} at most: it was made by a newer one`)
    this.name = 'SchemaError'
    this.found = found
    this.known = known
  }
}

/** An arbitrary number that servers starting together lock in PostgreSQL. */
const MIGRATION_LOCK = 7_294_101

/**
 * Brings the schema to the version of this program; one transaction, so that it is the old one or the new one.
 * @returns the version before
 * @throws SchemaError where the schema is newer
 */
export function migrate({ write, kind }: Database, migrations: readonly Migration[] = MIGRATIONS): Promise<number> {
  const known = migrations.at(-1)?.version ?? 0
  return write.transaction().execute(async db => {
    if (kind === 'postgres') await sql`select pg_advisory_xact_lock(${MIGRATION_LOCK})`.execute(db)
    const found = await versionOf(db, kind)
    if (found > known) throw new SchemaError(found, known)
    for (const migration of migrations) {
      const { version, name } = migration
      if (version <= found) continue
      await migration.up(db as unknown as Kysely<unknown>, COLUMN_TYPES[kind], kind)
      await db.insertInto('schema_version').values({ version, name, applied_at: Date.now() }).execute()
    }
    return found
  })
}

/** 0: a database without a ledger. */
async function versionOf(db: Kysely<Tables>, kind: Database['kind']): Promise<number> {
  const { big, small, text } = COLUMN_TYPES[kind]
  await sql
    .raw(
      `create table if not exists schema_version (version ${small} primary key, name ${text} not null, applied_at ${big} not null)`,
    )
    .execute(db)
  const row = await db
    .selectFrom('schema_version')
    .select(({ fn }) => fn.max('version').as('version'))
    .executeTakeFirst()
  return row?.version ?? 0
}

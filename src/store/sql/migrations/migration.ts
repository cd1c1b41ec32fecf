import type { Kysely } from 'kysely'
import type { DatabaseKind } from '../database.ts'

/** One step forward; there is none back. Runs in a transaction with the note of its number. */
export interface Migration {
  readonly version: number
  readonly name: string
  up(db: Kysely<unknown>, column: ColumnTypes, kind: DatabaseKind): Promise<void>
}

/** Types of columns that both databases have, by what is stored. */
export interface ColumnTypes {
  /** Times, sizes, seq: whole numbers below 2^53. */
  readonly big: string
  readonly small: string
  readonly text: string
  readonly bytes: string
  /** What follows the definition of a table whose primary key is how it is read. */
  readonly clustered: string
}

export const COLUMN_TYPES: Readonly<Record<DatabaseKind, ColumnTypes>> = {
  sqlite: { big: 'integer', small: 'integer', text: 'text', bytes: 'blob', clustered: ' without rowid' },
  // Bytes of text are compared, as SQLite does, whatever the locale of the database.
  postgres: { big: 'bigint', small: 'integer', text: 'text collate "C"', bytes: 'bytea', clustered: '' },
}

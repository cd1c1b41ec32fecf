import { ledgerTables } from './001-ledger.ts'
import { accountTables } from './002-accounts.ts'
import type { Migration } from './migration.ts'

/** Every migration in the order of its number; one that was released is never changed, only followed. */
export const MIGRATIONS: readonly Migration[] = [ledgerTables, accountTables]

// The ledger of the settings.

import { existsSync } from 'node:fs'
import { chmod, open } from 'node:fs/promises'
import { join } from 'node:path'
import { openDatabase, openLedger, type Database } from '../store/index.ts'
import type { Ledger } from '../usecases/index.ts'
import { CliError, detailOf } from './errors.ts'
import type { Settings } from './options.ts'

const SQLITE = 'sqlite:'

/** Where the ledger is: `sqlite:PATH` or a URL of PostgreSQL. @throws CliError `store-unknown` */
export function storeOf({ store, data }: Settings): string {
  if (store === undefined) return `${SQLITE}${join(data, 'ledger.db')}`
  if (store.startsWith(SQLITE) && store.length > SQLITE.length) return store
  if (/^postgres(?:ql)?:\/\//.test(store)) return store
  throw new CliError('store-unknown', { what: JSON.stringify(withoutPassword(store)) })
}

/** A store as it may be shown. */
export const withoutPassword = (store: string): string => store.replace(/^(\w+:\/\/[^:/@]*):[^@]*@/, '$1:…@')

/**
 * Opens the ledger and brings it up to date; closing it closes its database. A SQLite file is made for its owner only; what SQLite puts beside it gets the
 * same mode.
 * @throws CliError `store-unusable`
 */
export async function openLedgerOf(
  settings: Settings,
): Promise<{ readonly ledger: Ledger; readonly database: Database }> {
  const store = storeOf(settings)
  try {
    if (store.startsWith(SQLITE)) await (await open(store.slice(SQLITE.length), 'a', 0o600)).close()
    const database = await openDatabase(store)
    return { database, ledger: await openLedger(database) }
  } catch (error) {
    throw unusable(store, error)
  }
}

/** The database of a ledger that is there already. @throws CliError `store-absent`, `store-unusable` */
export async function existingDatabase(settings: Settings): Promise<Database> {
  const store = storeOf(settings)
  if (store.startsWith(SQLITE) && !existsSync(store.slice(SQLITE.length)))
    throw new CliError('store-absent', { what: withoutPassword(store) })
  try {
    return await openDatabase(store)
  } catch (error) {
    throw unusable(store, error)
  }
}

/** The database into which a backup goes. @throws CliError `store-unusable` */
export async function newDatabase(settings: Settings): Promise<Database> {
  const store = storeOf(settings)
  try {
    if (store.startsWith(SQLITE)) {
      const file = await open(store.slice(SQLITE.length), 'a', 0o600)
      await file.close()
      await chmod(store.slice(SQLITE.length), 0o600)
    }
    return await openDatabase(store)
  } catch (error) {
    throw unusable(store, error)
  }
}

export const unusable = (store: string, error: unknown): CliError =>
  new CliError('store-unusable', { what: withoutPassword(store), detail: detailOf(error) }, { cause: error })

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { openSqlite } from './database.ts'
import { ledgerSuite } from '../testing/ledger-suite.ts'
import { searchSuite } from '../testing/search-suite.ts'

const folder = mkdtempSync(join(tmpdir(), 'lazaret-ledger-'))
afterAll(() => rmSync(folder, { recursive: true }))

ledgerSuite('SQLite', () => Promise.resolve(openSqlite(join(folder, 'ledger.db'))))
searchSuite('search on SQLite', () => Promise.resolve(openSqlite(join(folder, 'search.db'))))

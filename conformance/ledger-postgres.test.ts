import { afterAll, beforeAll, describe } from 'vitest'
import { openPostgres, type Database } from '../src/store/index.ts'
import { accountSuite } from '../src/store/testing/account-suite.ts'
import { ledgerSuite } from '../src/store/testing/ledger-suite.ts'
import { searchSuite } from '../src/store/testing/search-suite.ts'
import { startPostgres, type Postgres } from './ledger/postgres.ts'
import { missing } from './needs.ts'

// The suites of the ledger on a real PostgreSQL.

describe.skipIf(missing('postgres').length > 0)('PostgreSQL', () => {
  let postgres: Postgres
  let databases = 0
  beforeAll(async () => {
    postgres = await startPostgres()
  })
  afterAll(() => postgres.stop())
  const open = (): Promise<Database> => openPostgres(postgres.createDatabase(`suite_${databases++}`))

  ledgerSuite('ledger', open)
  searchSuite('search', open)
  accountSuite('PostgreSQL', open)
})

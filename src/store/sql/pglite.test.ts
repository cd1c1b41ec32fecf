import { ledgerSuite } from '../testing/ledger-suite.ts'
import { openPglite } from '../testing/pglite.ts'
import { searchSuite } from '../testing/search-suite.ts'

ledgerSuite('PGlite', openPglite)
searchSuite('search on PGlite', openPglite)

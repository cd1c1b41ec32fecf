import { accountSuite } from '../testing/account-suite.ts'
import { openPglite } from '../testing/pglite.ts'

accountSuite('PGlite', openPglite)

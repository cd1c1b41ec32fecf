// Administration from the command line, without a running server: whoever may read the data directory is its administrator.

import { userInfo } from 'node:os'
import { createConsole, UseCaseError } from '../usecases/index.ts'
import type { AccountUseCases, Principal, UseCases, Vault } from '../usecases/index.ts'
import { consolePrincipal } from '../usecases/index.ts'
import { migrate, type Database } from '../store/index.ts'
import { openAccounts, type OpenedAccounts } from './accounts.ts'
import type { Context } from './commands.ts'
import { prepareDataDirectory } from './data.ts'
import { CliError } from './errors.ts'
import { existingDatabase, newDatabase } from './ledger.ts'

export interface Console {
  readonly useCases: AccountUseCases & Pick<UseCases, 'rotateVaultKey'>
  readonly accounts: OpenedAccounts
  readonly who: Principal
}

/**
 * Opens what administration needs, calls, and closes it.
 * @param make - true: a ledger that is not there yet is made
 * @throws CliError; refusals of use cases are among them
 */
export async function atConsole<T>(
  { settings, stderr }: Context,
  { make, vault }: { readonly make: boolean; readonly vault?: Pick<Vault, 'rotate'> },
  call: (console: Console) => Promise<T>,
): Promise<T> {
  await prepareDataDirectory(settings.data)
  const database: Database = make ? await newDatabase(settings) : await existingDatabase(settings)
  const log = (line: string): void => void stderr.write(`${line}\n`)
  try {
    await migrate(database)
    const accounts = await openAccounts(settings, database, { listeners: [], log })
    try {
      const useCases = createConsole(accounts, { log, ...(vault === undefined ? {} : { vault }) })
      return await call({ useCases, accounts, who: consolePrincipal(nameOfUser()) })
    } finally {
      await accounts.close()
    }
  } catch (error) {
    if (!(error instanceof UseCaseError)) throw error
    throw new CliError('administration-refused', { detail: error.message }, { cause: error })
  } finally {
    await database.close()
  }
}

function nameOfUser(): string {
  try {
    return userInfo().username
  } catch {
    return 'local'
  }
}

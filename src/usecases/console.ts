import type { AccountServer } from './accounts/server.ts'
import type { AccountUseCases } from './accounts.ts'
import { guarded } from './guard.ts'
import type { Log } from './ports/host.ts'
import type { Vault } from './ports/vault.ts'
import type { UseCases } from './use-cases.ts'

/** What can be administered without a running server, as `createUseCases` would do it: checked, and audited. */
export function createConsole(
  { useCases, audit }: Pick<AccountServer, 'useCases' | 'audit'>,
  { vault, log }: { readonly vault?: Pick<Vault, 'rotate'>; readonly log: Log },
): AccountUseCases & Pick<UseCases, 'rotateVaultKey'> {
  const plain = { ...useCases, ...(vault === undefined ? {} : { rotateVaultKey: () => vault.rotate() }) }
  return guarded(plain as unknown as UseCases, { audit, log })
}

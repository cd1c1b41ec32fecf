// Accounts of the settings: their store, the key of the audit log, an identity provider, and whether a server may start.

import { join } from 'node:path'
import { createPasswordHasher, openAccountStore, readOrMakeSecret } from '../store/index.ts'
import { systemClock, systemHashes, systemRandom, type Database } from '../store/index.ts'
import { createOidcProvider } from '../services/oidc/index.ts'
import { createAccounts, decideAccess, ROLES } from '../usecases/index.ts'
import type { AccountServer, AccountStore, OidcSetup, PlannedListener, Role, RoleMapping } from '../usecases/index.ts'
import { readSecret } from './backends.ts'
import { CliError, detailOf } from './errors.ts'
import { flagOf } from './options.ts'
import type { Settings } from './options.ts'

export interface OpenedAccounts extends AccountServer {
  readonly store: AccountStore
  readonly auditKey: string
  /** The token of the one-time link, where the server starts with it. */
  readonly claim: string | undefined
}

/**
 * @param listeners - of the doors that ask for an account
 * @throws CliError `accounts-needed` where these listeners need accounts and there are none; `accounts-unusable`
 */
export async function openAccounts(
  settings: Settings,
  database: Database,
  { listeners, log }: { readonly listeners: readonly PlannedListener[]; readonly log: (line: string) => void },
): Promise<OpenedAccounts> {
  try {
    const store = await openAccountStore(database)
    const auditKey = await readOrMakeSecret(settings.auditKeyFile ?? join(settings.data, 'audit.key'))
    const access = decideAccess(listeners, await store.countAccounts(), { mayClaim: settings.claim })
    if (access.kind === 'refused')
      throw new CliError('accounts-needed', { detail: access.message, help: access.remedy })
    if (access.kind !== 'open' && access.warning !== undefined) log(`accounts: ${access.warning}`)
    const oidc = await oidcOf(settings)
    const server = createAccounts({
      store,
      auditKey,
      clock: systemClock,
      random: systemRandom,
      hashes: systemHashes,
      passwords: createPasswordHasher(),
      log,
      openLocal: access.kind === 'open',
      ...(oidc === undefined ? {} : { oidc }),
    })
    const claim = access.kind === 'claim' ? await server.issueClaim() : undefined
    return { ...server, store, auditKey, claim }
  } catch (error) {
    if (error instanceof CliError) throw error
    throw new CliError('accounts-unusable', { detail: detailOf(error) }, { cause: error })
  }
}

async function oidcOf(settings: Settings): Promise<OidcSetup | undefined> {
  const { oidcIssuer, oidcClient, oidcSecretFile, oidcRedirect, oidcScope, oidcClaim, oidcRole } = settings
  if (oidcIssuer === undefined) return undefined
  if (!URL.canParse(oidcIssuer)) throw missing('oidcIssuer', 'a URL')
  if (oidcClient === undefined) throw missing('oidcClient')
  if (oidcSecretFile === undefined) throw missing('oidcSecretFile')
  if (oidcRedirect.length === 0) throw missing('oidcRedirect')
  return {
    provider: createOidcProvider({
      issuer: oidcIssuer,
      clientId: oidcClient,
      clientSecret: await readSecret('oidcSecretFile', oidcSecretFile),
      ...(oidcScope.length === 0 ? {} : { scopes: oidcScope }),
    }),
    mapping: mappingOf(oidcClaim, oidcRole),
    redirectUrls: oidcRedirect,
  }
}

const missing = (name: string, what = 'a value, with --oidc-issuer'): CliError =>
  new CliError('accounts-unusable', { detail: `${flagOf(name)} needs ${what}` })

/** `analyst=malware-team`, `viewer=*`. */
function mappingOf(claim: string, pairs: readonly string[]): RoleMapping {
  const roles: Partial<Record<Role, string[]>> = {}
  let otherwise: Role | undefined
  for (const pair of pairs) {
    const at = pair.indexOf('=')
    const role = ROLES.find(name => name === pair.slice(0, Math.max(0, at)))
    if (role === undefined || at === pair.length - 1)
      throw missing('oidcRole', `ROLE=VALUE, not ${JSON.stringify(pair)}`)
    if (pair.slice(at + 1) === '*') otherwise = role
    else (roles[role] ??= []).push(pair.slice(at + 1))
  }
  return { claim, roles, ...(otherwise === undefined ? {} : { otherwise }) }
}

// The use cases behind `serve`: ledger, vault and scanner put together.

import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { VERSION } from '../client/index.ts'
import { ScanFailure, type ScanFailureCode, type Scanner } from '../scan/index.ts'
import { createFetcher, createSender } from '../services/outbound/index.ts'
import { createPackager, openVault, systemClock, systemHashes, systemRandom, vaultKeyFile } from '../store/index.ts'
import type { EncryptedVault, OpenVaultOptions } from '../store/index.ts'
import { createUseCases, USE_CASE_LIMITS } from '../usecases/index.ts'
import type { Authenticator, Ledger, PlannedListener, UseCaseServer } from '../usecases/index.ts'
import { openAccounts } from './accounts.ts'
import { readSecret } from './backends.ts'
import { catalogueOf } from './catalogue.ts'
import { CliError, detailOf } from './errors.ts'
import { openLedgerOf, storeOf } from './ledger.ts'
import type { Settings } from './options.ts'

/** With what doors need that ask for an account. */
export interface StartedUseCases extends UseCaseServer {
  readonly authenticator: Authenticator
  /** The token of the one-time link, where the server has no account yet and needs one. */
  readonly claim: string | undefined
}

/**
 * Opens ledger, accounts and vault and starts what goes on behind the use cases. The scanner stays the caller's.
 * @param listeners - of doors that ask for an account
 * @throws CliError `store-unusable`, `vault-unusable`
 */
export async function startUseCases(
  settings: Settings,
  scanner: Scanner & { image(): string },
  log: (line: string) => void,
  listeners: readonly PlannedListener[] = [],
): Promise<StartedUseCases> {
  const { ledger, database } = await openLedgerOf(settings)
  try {
    const { maxUpload, maxQueued, keep } = settings
    const vault = await openVaultOf(settings, { owner: true, log })
    const accounts = await openAccounts(settings, database, { listeners, log })
    const server = await createUseCases({
      ledger,
      vault,
      scanner,
      accounts: accounts.useCases,
      quota: accounts.quota,
      audit: accounts.audit,
      clock: systemClock,
      random: systemRandom,
      hashes: systemHashes,
      log,
      limits: { ...USE_CASE_LIMITS, maxUploadBytes: maxUpload, maxQueued, keep },
      version: VERSION,
      exclusive: storeOf(settings).startsWith('sqlite:'),
      notifyKey: await notifyKey(ledger),
      packager: createPackager(),
      sender: createSender({ maxBytes: maxUpload, allowPrivate: settings.webhookPrivate }),
      ...(settings.fetchUrls ? { fetcher: createFetcher({ maxBytes: maxUpload }) } : {}),
      catalogue: catalogueOf(() => scanner.image()),
      openPath,
    })
    return {
      ...server,
      authenticator: accounts.authenticator,
      claim: accounts.claim,
      async close() {
        await server.close()
        await accounts.close()
        await vault.close()
        await ledger.close()
      },
    }
  } catch (error) {
    await ledger.close()
    throw error
  }
}

/** @throws CliError `vault-unusable` */
export async function openVaultOf(
  settings: Settings,
  options: Pick<OpenVaultOptions, 'owner' | 'log'>,
): Promise<EncryptedVault> {
  const place = await vaultPlace(settings)
  try {
    return await openVault({ place, keyFile: settings.vaultKeyFile ?? vaultKeyFile(settings.data), ...options })
  } catch (error) {
    const what = settings.vault ?? join(settings.data, 'vault')
    throw new CliError('vault-unusable', { what, detail: detailOf(error) }, { cause: error })
  }
}

const S3 = 's3://'

/** `DATA/vault`, another folder, or `s3://BUCKET/PREFIX`. */
export async function vaultPlace({
  vault,
  data,
  s3Endpoint,
  s3Region,
  s3KeyFile,
}: Settings): Promise<OpenVaultOptions['place']> {
  if (vault === undefined) return join(data, 'vault')
  if (!vault.startsWith(S3)) return vault
  const [bucket, ...folders] = vault
    .slice(S3.length)
    .split('/')
    .filter(part => part !== '')
  const key = s3KeyFile === undefined ? (process.env.LAZARET_S3_KEY ?? '') : await readSecret('s3KeyFile', s3KeyFile)
  const at = key.indexOf(':')
  return {
    endpoint: s3Endpoint ?? `https://s3.${s3Region}.amazonaws.com`,
    bucket,
    prefix: folders.length === 0 ? '' : `${folders.join('/')}/`,
    region: s3Region,
    accessKeyId: key.slice(0, Math.max(0, at)),
    secretAccessKey: key.slice(at + 1),
  }
}

const KEY_SETTING = 'notify-key'
const KEY_BYTES = 32

/** The key of webhooks that bring none of their own, made once for a ledger. */
async function notifyKey(ledger: Ledger): Promise<string> {
  const known = await ledger.setting(KEY_SETTING)
  if (known !== undefined) return known
  await ledger.setSetting(KEY_SETTING, Buffer.from(systemRandom.bytes(KEY_BYTES)).toString('base64url'))
  return (await ledger.setting(KEY_SETTING)) ?? ''
}

const CODES: Readonly<Record<string, ScanFailureCode>> = {
  ENOENT: 'not-found',
  ENOTDIR: 'not-found',
  EACCES: 'access-denied',
  EPERM: 'access-denied',
  ELOOP: 'not-a-file',
  EISDIR: 'not-a-file',
}

/** A regular file of this machine. Opening neither waits for a pipe nor, unless asked to, follows a link. */
export async function* openPath(path: string, followLinks: boolean): AsyncGenerator<Uint8Array> {
  const flags = constants.O_RDONLY | constants.O_NONBLOCK | (followLinks ? 0 : constants.O_NOFOLLOW)
  const file = await open(path, flags).catch((error: NodeJS.ErrnoException) => {
    throw new ScanFailure(CODES[error.code ?? ''] ?? 'internal', path)
  })
  try {
    if (!(await file.stat()).isFile()) throw new ScanFailure('not-a-file', path)
    yield* file.createReadStream({ autoClose: false }) as AsyncIterable<Uint8Array>
  } finally {
    await file.close()
  }
}

// The HTTP listener of `serve`: where it listens, and what may reach it.

import { VERSION } from '../client/index.ts'
import type { RestListener } from '../services/rest/index.ts'
import type { PlannedListener } from '../usecases/index.ts'
import { readText } from './backends.ts'
import { CliError } from './errors.ts'
import { HTTP_DEFAULT, type Settings } from './options.ts'
import type { StartedUseCases } from './use-cases.ts'

interface HttpAddress {
  readonly host: string
  readonly port: number
  readonly tls: boolean
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '::1'])

/** `HOST:PORT`, `https://HOST:PORT`; undefined for `none`. @throws CliError `bad-value` */
export function httpAddress({ http, cert, key }: Settings): HttpAddress | undefined {
  if (http === 'none') return undefined
  const tls = http.startsWith('https://')
  const match = /^(?:https?:\/\/)?(?:\[([0-9A-Fa-f:.]+)\]|([\w.-]+)):(\d{1,5})\/?$/.exec(http)
  const [, six, name] = match ?? []
  const host = six ?? name
  if (host === undefined || Number(match?.[3]) > 65_535 || (tls && (cert === undefined || key === undefined))) {
    const detail = tls && host !== undefined ? 'https needs --cert and --key' : `${http} is not HOST:PORT`
    throw new CliError('cannot-listen', { what: http, detail })
  }
  return { host, port: Number(match?.[3]), tls }
}

/** The same for the decision whether accounts are needed. */
export function plannedHttp(settings: Settings): PlannedListener[] {
  const address = httpAddress(settings)
  if (address === undefined) return []
  return [{ address: settings.http, loopback: LOOPBACK.has(address.host), tls: address.tls }]
}

/** @throws CliError `cannot-listen`, unless nobody asked for the address: then the server goes on without. */
export async function startHttp(
  settings: Settings,
  { useCases, authenticator }: StartedUseCases,
  log: (line: string) => void,
): Promise<RestListener | undefined> {
  const address = httpAddress(settings)
  if (address === undefined) return undefined
  const { startRest } = await import('../services/rest/index.ts')
  const { cert = '', key = '', clientCa } = settings
  const ca = clientCa === undefined ? {} : { clientCa: await readText('clientCa', clientCa) }
  const tls = address.tls
    ? { tls: { cert: await readText('cert', cert), key: await readText('key', key), ...ca } }
    : {}
  const { httpHost } = settings
  const hosts = httpHost.length === 0 ? {} : { hosts: httpHost.map(name => name.toLowerCase()) }
  const limits = { maxUploadBytes: settings.maxUpload }
  try {
    const { host, port } = address
    return await startRest({ host, port, useCases, authenticator, version: VERSION, limits, log, ...hosts, ...tls })
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error)
    if (settings.http !== HTTP_DEFAULT) throw new CliError('cannot-listen', { what: settings.http, detail }, { cause: error })
    log(`http: not listening on ${HTTP_DEFAULT}: ${detail}; choose another address with --http`)
    return undefined
  }
} // prettier-ignore

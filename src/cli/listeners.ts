// The listeners of a server, by their addresses.

import { VERSION } from '../client/index.ts'
import type { Scanner } from '../scan/index.ts'
import { startClamdListener } from '../services/clamd/index.ts'
import { ListenError, startNativeListener } from '../services/native/index.ts'
import type { ListenTls, TokenGrant } from '../services/native/index.ts'
import { readSecret, readText, readToken } from './backends.ts'
import { nativeSocket } from './data.ts'
import { CliError } from './errors.ts'
import { limitsFor } from './options.ts'
import type { Settings } from './options.ts'

/** Listeners that have started. */
export interface Listening {
  /** Where they listen, with the ports that were chosen. */
  readonly addresses: readonly string[]
  /** Takes no more connections and lets open scans finish. */
  close(): Promise<void>
}

/** The scanner of each kind of listener. */
export interface Scanners {
  readonly native: Scanner
  readonly clamd: Scanner
}

/** What a listener needs of the server around it. */
export interface ListenHost {
  readonly log: (line: string) => void
  /** A client may stop the server, and did. */
  readonly stop: (reason: string) => void
}

interface Started {
  readonly address: string
  close(): Promise<void>
}

/**
 * Starts every listener of the settings, or none.
 * @throws CliError `cannot-listen`, `file-unreadable`
 */
export async function startListeners(settings: Settings, scanners: Scanners, host: ListenHost): Promise<Listening> {
  const starts = [
    ...(await nativeStarts(settings, scanners.native, host)),
    ...clamdStarts(settings, scanners.clamd, host),
  ]
  const started: Started[] = []
  const close = async (): Promise<void> => void (await Promise.all(started.map(listener => listener.close())))
  for (const { address, start } of starts) {
    try {
      started.push(await start())
    } catch (error) {
      await close()
      if (!(error instanceof ListenError)) throw error
      throw new CliError('cannot-listen', { what: address, detail: error.message }, { cause: error })
    }
  }
  return { addresses: started.map(({ address }) => address), close }
}

interface Start {
  readonly address: string
  readonly start: () => Promise<Started>
}

async function nativeStarts(settings: Settings, scanner: Scanner, { log }: ListenHost): Promise<Start[]> {
  const addresses = settings.native.length > 0 ? settings.native : [`unix:${nativeSocket(settings.data)}`]
  const tokens = await tokensOf(settings)
  const tls = await tlsOf(settings)
  const limits = limitsFor('native', settings)
  const { socketMode } = settings
  const software = `lazaret/${VERSION}`
  const common = { scanner, software, socketMode, limits, log, ...(tls === undefined ? {} : { tls }) }
  return addresses.map(address => {
    // Who may open the socket of the data directory is its owner: a token would add nothing.
    const grants = address.startsWith('unix:') ? {} : { tokens }
    return { address, start: () => startNativeListener({ address, ...common, ...grants }) }
  })
}

function clamdStarts(settings: Settings, scanner: Scanner, { log, stop }: ListenHost): Start[] {
  const common = {
    scanner,
    version: settings.clamdVersion,
    lax: settings.clamdLax,
    followLinks: settings.clamdFollowLinks,
    allowRemote: settings.clamdAllowRemote,
    socketMode: settings.socketMode,
    shutdown: settings.clamdShutdown ? () => stop('SHUTDOWN by a client') : undefined,
    limits: limitsFor('clamd', settings),
    log,
  }
  return settings.clamd.map(address => ({ address, start: () => startClamdListener({ address, ...common }) }))
}

async function tokensOf(settings: Settings): Promise<TokenGrant[]> {
  const grants: TokenGrant[] = []
  const token = await readToken(settings)
  if (token !== undefined) grants.push({ token, role: 'user' })
  const { adminTokenFile } = settings
  if (adminTokenFile !== undefined) {
    grants.push({ token: await readSecret('adminTokenFile', adminTokenFile), role: 'admin' })
  }
  return grants
}

async function tlsOf({ cert, key, clientCa }: Settings): Promise<ListenTls | undefined> {
  if (cert === undefined || key === undefined) return undefined
  return {
    cert: await readText('cert', cert),
    key: await readText('key', key),
    ...(clientCa === undefined ? {} : { clientCa: await readText('clientCa', clientCa) }),
  }
}

import { chmod } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { formatAddress, isLocalAddress, parseAddress } from '../../protocol/index.ts'
import type { Address } from '../../protocol/index.ts'
import type { Scanner } from '../../scan/index.ts'
import { ListenError } from '../listen-error.ts'
import { clearSocketPath } from '../socket-file.ts'
import { ClamdConnection } from './connection.ts'
import type { ClamdHost } from './host.ts'
import { clamdLimits } from './limits.ts'
import type { ClamdLimits } from './limits.ts'

export interface ClamdListenerOptions {
  /** `unix:PATH` or `tcp:HOST:PORT`; port 0 lets the system choose. */
  readonly address: string
  readonly scanner: Scanner
  /** Text that VERSION answers; default: `Lazaret VERSION/SIGNATURES/DATE`. */
  readonly version?: string | undefined
  /** Answer OK for what could not be scanned, as clamd does; default: false, it is FOUND as a limit or encryption. */
  readonly lax?: boolean
  /** Follow a symbolic link that a client names; links inside of folders are never followed. Default: false. */
  readonly followLinks?: boolean
  /** Carries out SHUTDOWN; absent: SHUTDOWN is refused. */
  readonly shutdown?: (() => void) | undefined
  /** Accept addresses that other machines can reach, although the dialect has no authentication. Default: false. */
  readonly allowRemote?: boolean
  /** Mode of a unix socket; default 0600: only the owner may scan. */
  readonly socketMode?: number
  readonly limits?: Partial<ClamdLimits>
  /** Takes lines for the server's log. */
  readonly log?: (line: string) => void
}

export interface ClamdListener {
  /** Where it listens, with the port that was chosen. */
  readonly address: string
  readonly connections: number
  /** Takes no more connections, lets running scans finish for drainTimeoutMs, then cuts. */
  close(): Promise<void>
}

const DEFAULT_SOCKET_MODE = 0o600
const BACKLOG = 1024
/** A sweep that comes so many times too late says that the process stood still. */
const STANDSTILL = 4

/**
 * Starts to serve the clamd dialect on one address.
 * @throws ListenError with a message that says what to do; AddressError; RangeError for a limit out of range
 */
export const startClamdListener = async (options: ClamdListenerOptions): Promise<ClamdListener> => {
  const address = parseAddress(options.address)
  requireSafe(address, options.allowRemote ?? false)
  const host: ClamdHost = {
    scanner: options.scanner,
    limits: clamdLimits(options.limits),
    version: options.version,
    lax: options.lax ?? false,
    followLinks: options.followLinks ?? false,
    shutdown: options.shutdown,
    log: options.log ?? (() => {}),
    inlineBytes: 0,
    sessions: 0,
  }
  if (address.kind === 'unix') await clearSocketPath(address.path)
  const server = createServer({ allowHalfOpen: true, noDelay: true })
  server.maxConnections = host.limits.maxConnections
  const listener = serve(server, address, host)
  await listen(server, address)
  if (address.kind === 'unix') await chmod(address.path, options.socketMode ?? DEFAULT_SOCKET_MODE)
  return listener
}

const requireSafe = (address: Address, allowRemote: boolean): void => {
  if (address.kind === 'tls') {
    throw new ListenError('insecure-address', 'the clamd dialect has no TLS; listen on tcp: or unix:')
  }
  if (isLocalAddress(address) || allowRemote) return
  throw new ListenError(
    'insecure-address',
    `${formatAddress(address)} can be reached from other machines, and the clamd dialect has no authentication: ` +
      'listen on 127.0.0.1 or on a unix socket',
  )
}

const listen = (server: Server, address: Address): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', error => {
      const code = (error as NodeJS.ErrnoException).code === 'EADDRINUSE' ? 'address-in-use' : 'listen-failed'
      reject(new ListenError(code, `${formatAddress(address)}: ${error.message}`, error))
    })
    const where = address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port }
    server.listen({ ...where, backlog: BACKLOG }, resolve)
  })

const serve = (server: Server, address: Address, host: ClamdHost): ClamdListener => {
  const connections = new Set<ClamdConnection>()
  const isUnix = address.kind === 'unix'
  let closing: Promise<void> | undefined
  server.on('connection', (socket: Socket) => {
    const connection = new ClamdConnection(socket, host, isUnix)
    connections.add(connection)
    socket.once('close', () => connections.delete(connection))
  })
  server.on('error', error => host.log(`clamd: ${error.message}`))
  let sweptAtMs = performance.now()
  let excusedBefore = false
  const sweeper = setInterval(() => {
    const nowMs = performance.now()
    // When this process itself stood still, what clients sent meanwhile has yet to be read.
    const stoodStill = nowMs - sweptAtMs > host.limits.sweepMs * STANDSTILL
    const excused = stoodStill && !excusedBefore
    sweptAtMs = nowMs
    excusedBefore = excused
    if (excused) return
    for (const connection of connections) connection.sweep(nowMs)
  }, host.limits.sweepMs)
  sweeper.unref()
  const close = async (): Promise<void> => {
    const closed = new Promise(resolve => void server.close(resolve))
    const untilMs = performance.now() + host.limits.drainTimeoutMs
    while (connections.size > 0 && performance.now() < untilMs) {
      for (const connection of connections) if (connection.isIdle) connection.destroy()
      await new Promise(resolve => setTimeout(resolve, host.limits.sweepMs))
    }
    for (const connection of connections) connection.destroy()
    await closed
    clearInterval(sweeper)
  }
  return {
    get address() {
      if (address.kind === 'unix') return formatAddress(address)
      return formatAddress({ ...address, port: (server.address() as AddressInfo | null)?.port ?? address.port })
    },
    get connections() {
      return connections.size
    },
    close: () => (closing ??= close()),
  }
}

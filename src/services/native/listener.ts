import { chmod } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { formatAddress, NativeError, parseAddress } from '../../protocol/index.ts'
import type { Address } from '../../protocol/index.ts'
import type { Scanner } from '../../scan/index.ts'
import { requireSafe, tokenChecker } from './access.ts'
import type { Role, TokenGrant } from './access.ts'
import { ListenError } from '../listen-error.ts'
import { nativeLimits } from './limits.ts'
import type { NativeLimits } from './limits.ts'
import { Session } from './session.ts'
import type { SessionHost } from './session.ts'
import { clearSocketPath } from '../socket-file.ts'

/** Certificates as PEM text. */
export interface ListenTls {
  readonly cert: string
  readonly key: string
  /** Authorities of client certificates; given, a client must show one. */
  readonly clientCa?: string
}

export interface NativeListenerOptions {
  /** `unix:PATH`, `tcp:HOST:PORT` or `tls:HOST:PORT`; port 0 lets the system choose. */
  readonly address: string
  readonly scanner: Scanner
  /** Name and version of the server for HELLO, for example `lazaret/0.1.0`. */
  readonly software: string
  /** Tokens that open the listener; given, every connection must show one. */
  readonly tokens?: readonly TokenGrant[]
  /** Needed for tls: addresses. */
  readonly tls?: ListenTls
  /** Mode of a unix socket; default 0600. */
  readonly socketMode?: number
  readonly limits?: Partial<NativeLimits>
  /** Takes lines for the server's log. */
  readonly log?: (line: string) => void
}

export interface NativeListener {
  /** Where it listens, with the port that was chosen. */
  readonly address: string
  readonly connections: number
  /** Scans asked for and not yet settled. */
  readonly running: number
  /** Content in bytes held for all connections. */
  readonly heldBytes: number
  /** Takes no more connections, lets open scans finish for drainTimeoutMs, then cuts. */
  close(): Promise<void>
}

const DEFAULT_SOCKET_MODE = 0o600
/** Sockets above maxConnections that may be told why they are refused; the system drops what comes beyond. */
const REFUSABLE_CONNECTIONS = 64

/**
 * Starts to serve the native protocol on one address.
 * @throws ListenError with a message that says what to do; AddressError; RangeError for a limit out of range
 */
export const startNativeListener = async (options: NativeListenerOptions): Promise<NativeListener> => {
  const address = parseAddress(options.address)
  const tokens = options.tokens ?? []
  requireSafe(address, tokens.length > 0, address.kind === 'tls' && options.tls?.clientCa !== undefined)
  const limits = nativeLimits(options.limits)
  const host: SessionHost = {
    scanner: options.scanner,
    software: options.software,
    limits,
    log: options.log ?? (() => {}),
    checkToken: tokenChecker(tokens),
    heldBytes: 0,
    running: 0,
  }
  if (address.kind === 'unix') await clearSocketPath(address.path)
  const server = await createTransportServer(address, options.tls, limits)
  const bound = await listen(server, address)
  if (address.kind === 'unix') await chmod(address.path, options.socketMode ?? DEFAULT_SOCKET_MODE)
  return serve(server, bound, host, tokens.length > 0 ? undefined : roleWithoutToken(address))
}

/** A unix socket is as good as its file mode; on loopback everybody of this machine is a user. */
const roleWithoutToken = (address: Address): Role => (address.kind === 'unix' ? 'admin' : 'user')

const createTransportServer = async (
  address: Address,
  tls: ListenTls | undefined,
  limits: NativeLimits,
): Promise<Server> => {
  if (address.kind !== 'tls') return createServer()
  if (tls === undefined) {
    throw new ListenError('tls-options-missing', `${formatAddress(address)} needs a certificate and its key`)
  }
  // Loaded here: TLS takes longer to start than all the rest, and most servers listen on a unix socket only.
  const { createServer: createTlsServer } = await import('node:tls')
  const { cert, key, clientCa } = tls
  const demand = clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: true }
  try {
    return createTlsServer({ cert, key, ...demand, minVersion: 'TLSv1.2', handshakeTimeout: limits.handshakeTimeoutMs })
  } catch (error) {
    throw new ListenError('tls-options-missing', `The certificate or its key cannot be used: ${String(error)}`, error)
  }
}

const listen = async (server: Server, address: Address): Promise<string> =>
  new Promise((resolve, reject) => {
    server.once('error', error => reject(explain(error, address)))
    const done = (): void => {
      server.removeAllListeners('error')
      const at = server.address() as AddressInfo | string
      resolve(formatAddress(address.kind === 'unix' ? address : { ...address, port: (at as AddressInfo).port }))
    }
    if (address.kind === 'unix') server.listen(address.path, done)
    else if (address.host === '') server.listen(address.port, done)
    else server.listen(address.port, address.host, done)
  })

const explain = (error: NodeJS.ErrnoException, address: Address): ListenError => {
  const where = formatAddress(address)
  if (error.code === 'EADDRINUSE') {
    return new ListenError('address-in-use', `${where} is taken by another program; stop it or choose another`, error)
  }
  return new ListenError('listen-failed', `Cannot listen on ${where}: ${error.message}`, error)
}

const serve = (server: Server, address: string, host: SessionHost, role: Role | undefined): NativeListener => {
  const { limits } = host
  const sessions = new Set<Session>()
  const accept = (socket: Socket): void => {
    const session = new Session(socket, host, role, performance.now())
    if (sessions.size >= limits.maxConnections) {
      session.refuse(new NativeError('too-many-connections', undefined, { retryAfterMs: limits.busyRetryMs }))
    }
    sessions.add(session)
    socket.on('close', () => sessions.delete(session))
  }
  server.maxConnections = limits.maxConnections + REFUSABLE_CONNECTIONS
  server.on(address.startsWith('tls:') ? 'secureConnection' : 'connection', accept)
  server.on('tlsClientError', (error: Error) => host.log(`native: a TLS handshake failed: ${error.message}`))
  server.on('error', error => host.log(`native: ${address}: ${error.message}`))
  const timer = setInterval(() => {
    const nowMs = performance.now()
    for (const session of sessions) session.sweep(nowMs)
  }, limits.sweepMs)
  timer.unref()
  return {
    address,
    get connections() {
      return sessions.size
    },
    get running() {
      return host.running
    },
    get heldBytes() {
      return host.heldBytes
    },
    close: async () => closeServer(server, sessions, limits.drainTimeoutMs).finally(() => clearInterval(timer)),
  }
}

const closeServer = async (server: Server, sessions: ReadonlySet<Session>, drainTimeoutMs: number): Promise<void> => {
  const closed = new Promise<void>(resolve => {
    server.close(() => resolve())
  })
  for (const session of sessions) session.drain()
  const timer = setTimeout(() => {
    for (const session of sessions) session.refuse(new NativeError('shutting-down'))
  }, drainTimeoutMs)
  await closed
  clearTimeout(timer)
}

import type { Report } from '../report/index.ts'
import { formatAddress, parseAddress } from '../protocol/index.ts'
import type { Hello, JsonObject } from '../protocol/index.ts'
import { Connection } from './connection.ts'
import type { ScanRequest } from './connection.ts'
import { ClientError } from './errors.ts'
import { openWire } from './wire.ts'
import type { ClientTls, Wire } from './wire.ts'

export interface ConnectOptions {
  readonly token?: string
  readonly tls?: ClientTls
  /** Name and version of this program. Default: lazaret-client. */
  readonly software?: string
  /** Time to connect and be greeted. Default: 10 s. */
  readonly connectTimeoutMs?: number
  /** Default: 60 s. */
  readonly silenceTimeoutMs?: number
  /** How long one scan waits for a busy server. Default: 60 s. */
  readonly busyTimeoutMs?: number
  /** How often one scan is repeated after its connection was lost. Default: 1. */
  readonly retries?: number
}

/** A connection to a server that is made anew when it was lost. */
export interface LazaretClient {
  /** Address of the server. */
  readonly server: string
  /** The server's HELLO, once it arrived. */
  readonly hello: Hello | undefined
  /**
   * Scans one content. Any number may be asked for at once; as many as the server allows are under way.
   * Repeated when the server is busy or the connection is lost.
   * @throws ClientError; or the error of the content or the signal
   */
  scan(request: ScanRequest): Promise<Report>
  /** Asks for `version`, `stats`, `reload` or `ping`. @throws ClientError */
  request(verb: string, args?: JsonObject): Promise<JsonObject>
  close(): void
}

const FIRST_RETRY_MS = 100
const MAX_RETRY_MS = 5000
const BUSY_CODES: ReadonlySet<string> = new Set(['busy', 'too-many-streams', 'too-many-connections'])
/** A server may end an idle connection while a scan is on its way to it. */
const LOST_CODES: ReadonlySet<string> = new Set(['connection-lost', 'shutting-down', 'idle-timeout'])

/**
 * Connects to a server.
 * @param server - `unix:PATH`, `tcp:HOST:PORT` or `tls:HOST:PORT`
 * @throws AddressError; ClientError when there is no server
 */
export const connect = async (server: string, options: ConnectOptions = {}): Promise<LazaretClient> => {
  const client = new Client(server, options)
  await client.connected()
  return client
}

class Client implements LazaretClient {
  readonly server: string
  readonly #options: ConnectOptions
  #connection: Promise<Connection> | undefined
  #current: Connection | undefined
  #closed = false

  constructor(server: string, options: ConnectOptions) {
    this.server = formatAddress(parseAddress(server))
    this.#options = options
  }

  get hello(): Hello | undefined {
    return this.#current?.hello
  }

  async scan(request: ScanRequest): Promise<Report> {
    const retry = this.#retry(request.signal)
    for (;;) {
      try {
        const connection = await this.connected()
        return await connection.scan(request)
      } catch (error) {
        await retry(error)
      }
    }
  }

  async request(verb: string, args: JsonObject = {}): Promise<JsonObject> {
    const connection = await this.connected()
    return connection.request(verb, args)
  }

  close(): void {
    this.#closed = true
    this.#current?.close()
  }

  /** The connection in use, or a new one; made once however many ask. */
  async connected(): Promise<Connection> {
    if (this.#closed) throw new ClientError('cancelled', 'The client is closed')
    if (this.#current?.usable === true) return this.#current
    this.#connection ??= this.#connect().finally(() => {
      this.#connection = undefined
    })
    return this.#connection
  }

  async #connect(): Promise<Connection> {
    const { tls = {}, token, connectTimeoutMs = 10_000, silenceTimeoutMs = 60_000 } = this.#options
    const options = {
      server: this.server,
      token,
      software: this.#options.software ?? 'lazaret-client',
      greetTimeoutMs: connectTimeoutMs,
      silenceTimeoutMs,
    }
    const attach = (wire: Wire): Connection => new Connection(wire, options)
    this.#current = await openWire(parseAddress(this.server), tls, connectTimeoutMs, attach)
    return this.#current
  }

  /** Waits where another try makes sense, else throws the error again. */
  #retry(signal: AbortSignal | undefined): (error: unknown) => Promise<void> {
    const { busyTimeoutMs = 60_000, retries = 1 } = this.#options
    const startedAtMs = performance.now()
    let lost = 0
    let pauseMs = FIRST_RETRY_MS
    return async error => {
      if (!(error instanceof ClientError) || this.#closed) throw error
      if (LOST_CODES.has(error.code) && lost++ < retries) return
      if (!BUSY_CODES.has(error.code) || performance.now() - startedAtMs > busyTimeoutMs) throw error
      // Spread out: clients that were refused together do not come back together.
      await pause(Math.max(error.retryAfterMs ?? 0, pauseMs) * (0.5 + Math.random()), signal)
      pauseMs = Math.min(pauseMs * 2, MAX_RETRY_MS)
    }
  }
}

const pause = async (timeMs: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(done, timeMs)
    function done(): void {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      if (signal?.aborted === true) reject(signal.reason as Error)
      else resolve()
    }
    signal?.addEventListener('abort', done, { once: true })
  })

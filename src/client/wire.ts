import { formatAddress } from '../protocol/index.ts'
import type { Address } from '../protocol/index.ts'
import { ClientError, fromSocket } from './errors.ts'
import { bunSockets, dialBun } from './wire-bun.ts'
import { dialNode } from './wire-node.ts'

/** Certificates as PEM text. */
export interface ClientTls {
  /** Authorities to trust instead of the system's. */
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
}

/** A connected transport. */
export interface Wire {
  /** Sends bytes after those before; keeps them, unchanged by their owner, until the system has taken them. */
  write(bytes: Uint8Array): void
  /** Ends it after what was written. */
  end(): void
  /** Ends it at once. */
  destroy(): void
}

/** Who hears of a transport. */
export interface WireHandler {
  readonly opened: (wire: Wire) => void
  readonly data: (chunk: Uint8Array) => void
  /** It is over, or was never made; called at least once. */
  readonly closed: (error?: NodeJS.ErrnoException) => void
}

/** Begins to connect; rejects with what the system says where not even that is possible. */
export type Dial = (address: Address, tls: ClientTls, handler: WireHandler) => Promise<{ abandon: () => void }>

/** Who hears of an open transport. */
export type WireUser = Pick<WireHandler, 'data' | 'closed'>

const closedEarly = (): NodeJS.ErrnoException => Object.assign(new Error('closed'), { code: 'ECONNRESET' })

/**
 * Connects, for tls: with the handshake.
 * @param attach - called with the transport once it is open; gives who hears of it from then on
 * @throws ClientError `connect-failed`, `tls-failed`
 */
export const openWire = async <T extends WireUser>(
  address: Address,
  tls: ClientTls,
  timeoutMs: number,
  attach: (wire: Wire) => T,
): Promise<T> => {
  const server = formatAddress(address)
  // In a single-file executable, loading the sockets of Node takes longer than a whole scan.
  const dial = address.kind !== 'tls' && bunSockets() !== undefined ? dialBun : dialNode
  return new Promise((resolve, reject) => {
    let user: T | undefined
    let dialled: { abandon: () => void } | undefined
    const timer = setTimeout(() => {
      reject(new ClientError('connect-failed', `Cannot connect to ${server}: no answer within ${timeoutMs} ms`))
      dialled?.abandon()
    }, timeoutMs)
    const handler: WireHandler = {
      opened: wire => {
        clearTimeout(timer)
        user = attach(wire)
        resolve(user)
      },
      data: chunk => user?.data(chunk),
      closed: error => {
        clearTimeout(timer)
        if (user === undefined) reject(fromSocket(error ?? closedEarly(), server, false))
        else user.closed(error)
      },
    }
    const begun = (started: { abandon: () => void }): void => {
      dialled = started
    }
    dial(address, tls, handler).then(begun, handler.closed)
  })
}

import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { formatAddress } from '../protocol/index.ts'
import type { Address } from '../protocol/index.ts'
import { ClientError, fromSocket } from './errors.ts'

/** Certificates as PEM text. */
export interface ClientTls {
  /** Authorities to trust instead of the system's. */
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
}

/**
 * Connects, and for tls: completes the handshake.
 * @throws ClientError `connect-failed`, `tls-failed`
 */
export const openSocket = async (address: Address, tls: ClientTls | undefined, timeoutMs: number): Promise<Socket> => {
  const server = formatAddress(address)
  const socket = address.kind === 'tls' ? await startTls(address, tls) : startPlain(address)
  const ready = address.kind === 'tls' ? 'secureConnect' : 'connect'
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      socket.destroy()
      reject(new ClientError('connect-failed', `Cannot connect to ${server}: no answer within ${timeoutMs} ms`))
    }, timeoutMs)
    const failed = (error: NodeJS.ErrnoException): void => {
      clearTimeout(timer)
      socket.destroy()
      reject(fromSocket(error, server, false))
    }
    const ended = (): void => failed(Object.assign(new Error('closed'), { code: 'ECONNRESET' }))
    socket.once('error', failed)
    socket.once('end', ended)
    socket.once(ready, () => {
      clearTimeout(timer)
      socket.off('error', failed)
      socket.off('end', ended)
      socket.setNoDelay(true)
      resolve(socket)
    })
  })
}

const startPlain = (address: Address): Socket =>
  address.kind === 'unix' ? connect(address.path) : connect(address.port, address.host)

/** TLS is loaded only by those who use it: it costs more than everything else at start-up. */
const startTls = async (address: Exclude<Address, { kind: 'unix' }>, tls: ClientTls = {}): Promise<Socket> => {
  const { connect: connectTls } = await import('node:tls')
  const servername = /^[\d.]+$|:/.test(address.host) ? {} : { servername: address.host }
  try {
    return connectTls({ host: address.host, port: address.port, ...tls, ...servername, minVersion: 'TLSv1.2' })
  } catch (error) {
    throw new ClientError('tls-failed', `The certificates cannot be used: ${String(error)}`, { cause: error })
  }
}

import { NativeError } from '../protocol/index.ts'
import type { NativeErrorCode } from '../protocol/index.ts'

/** Codes that only a client knows; the others are those of the protocol. */
export type ClientErrorCode =
  | NativeErrorCode
  | 'connect-failed'
  | 'connection-lost'
  | 'tls-failed'
  | 'unreadable'
  | 'bad-usage'

/** Why a scan or a request has no answer: what, where, and what to do. */
export class ClientError extends Error {
  readonly code: ClientErrorCode
  readonly retryAfterMs: number | undefined
  constructor(code: ClientErrorCode, message: string, extra: { retryAfterMs?: number; cause?: unknown } = {}) {
    super(message, extra.cause === undefined ? {} : { cause: extra.cause })
    this.name = 'ClientError'
    this.code = code
    this.retryAfterMs = extra.retryAfterMs
  }
}

/** A protocol error as the user of a client sees it. */
export const fromNative = (error: NativeError, server: string): ClientError => {
  const extra = error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }
  return new ClientError(error.code, `${error.message} (server ${server})`, { ...extra, cause: error })
}

/** What to do about a connection that was not made, by the system's error code. */
const CONNECT_ADVICE: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such socket; start a server with "lazaret serve", or name one with --server',
  ECONNREFUSED: 'nobody listens there; start a server with "lazaret serve", or name one with --server',
  EACCES: 'the socket may not be used by this user; ask its owner for a token and a tcp: or tls: address',
  EPERM: 'the socket may not be used by this user; ask its owner for a token and a tcp: or tls: address',
  ENOTFOUND: 'the host name is not known; check --server',
  EAI_AGAIN: 'the host name could not be looked up; check --server and the network',
  ETIMEDOUT: 'no answer; check --server, the network and firewalls',
  EHOSTUNREACH: 'the host cannot be reached; check --server and the network',
  ENETUNREACH: 'the network cannot be reached; check --server and the network',
  ENOTSOCK: 'this is not a socket; check --server',
  ECONNRESET: 'the server closed the connection; it may speak another protocol, or demand tls:',
}

const CERTIFICATE_ADVICE = 'the server demands a client certificate; give --cert and --key'
/** Run-times with another TLS library have other codes for it. */
const DEMANDS_CERTIFICATE = /certificate.required/i

const TLS_ADVICE: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate is signed by itself; name it with --ca FILE if you trust it',
  SELF_SIGNED_CERT_IN_CHAIN: 'its authority is not known; name it with --ca FILE if you trust it',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its authority is not known; name it with --ca FILE if you trust it',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its authority is not known; name it with --ca FILE if you trust it',
  CERT_HAS_EXPIRED: 'the certificate has expired; renew it on the server',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate is for another host name; connect by that name',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: CERTIFICATE_ADVICE,
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: CERTIFICATE_ADVICE,
  ERR_SSL_WRONG_VERSION_NUMBER: 'the server does not speak TLS there; try tcp:',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'the server does not speak TLS there; try tcp:',
}

/** An error of the socket, before or after the connection was made. */
export const fromSocket = (error: NodeJS.ErrnoException, server: string, connected: boolean): ClientError => {
  const code = error.code ?? ''
  const tls = TLS_ADVICE[code] ?? (DEMANDS_CERTIFICATE.test(error.message) ? CERTIFICATE_ADVICE : undefined)
  if (tls !== undefined) return new ClientError('tls-failed', `TLS to ${server} failed: ${tls}`, { cause: error })
  if (connected) {
    const message = `The connection to ${server} was lost: ${error.message}; see the log of the server`
    return new ClientError('connection-lost', message, { cause: error })
  }
  const advice = CONNECT_ADVICE[code] ?? error.message
  return new ClientError('connect-failed', `Cannot connect to ${server}: ${advice}`, { cause: error })
}

import { NativeError } from '../../protocol/index.ts'
import { ScanFailure } from '../../scan/index.ts'

/** Why a listener did not start. */
export type ListenErrorCode =
  | 'insecure-address'
  | 'address-in-use'
  | 'not-a-socket'
  | 'socket-path-too-long'
  | 'tls-options-missing'
  | 'listen-failed'

/** A listener that did not start; the message says what to do. */
export class ListenError extends Error {
  readonly code: ListenErrorCode
  constructor(code: ListenErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause })
    this.name = 'ListenError'
    this.code = code
  }
}

/** What the client is told of a scan that ended without a report; what it may not know goes to `log`. */
export const toNativeError = (error: unknown, log: (line: string) => void): NativeError => {
  if (error instanceof NativeError) return error
  if (error instanceof ScanFailure) {
    const extra = error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }
    const told = new NativeError(error.code, undefined, extra)
    told.message = error.message
    return told
  }
  log(`native: a scan failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
  return new NativeError('internal')
}

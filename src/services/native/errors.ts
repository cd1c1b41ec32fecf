import { NativeError } from '../../protocol/index.ts'
import { ScanFailure } from '../../scan/index.ts'

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

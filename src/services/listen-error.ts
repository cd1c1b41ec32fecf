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

// Every error that can travel in an ERROR frame, with its stable code. docs/protocol.md lists the same table; a test
// ties the two together.

/** Errors that end the connection (stream id 0). */
export const CONNECTION_ERRORS = {
  'not-lazaret': 'The peer does not speak the lazaret protocol; check the address and the port',
  'hello-expected': 'The first frame must be HELLO',
  'unsupported-version': 'No common protocol version; update the older side',
  'bad-type': 'A frame of this type is unknown or not allowed from this side',
  'bad-frame': 'A frame header contradicts the protocol',
  'frame-too-large': 'A frame is longer than its type allows',
  'bad-payload': 'The payload of a control frame is not what its type demands',
  'unknown-stream': 'A frame names a stream that was never opened',
  'duplicate-stream': 'Stream ids must grow and may not be used twice',
  'stream-ended': 'Content after the end of the content',
  'credit-overrun': 'More content was sent than there was credit for',
  truncated: 'The connection ended inside a frame',
  'auth-required': 'The server demands a token; give one with --token-file',
  'auth-failed': 'The token is not accepted',
  'handshake-timeout': 'No HELLO, or no authentication, arrived in time',
  'idle-timeout': 'Nothing happened on the connection for too long',
  stalled: 'The peer does not read what it is sent',
  'too-many-connections': 'The server has as many connections as it accepts; try again later',
} as const

/** Errors that end one stream; the connection goes on. */
export const STREAM_ERRORS = {
  busy: 'The queue is full; try again later',
  cancelled: 'The scan was cancelled',
  'not-found': 'There is no such file',
  'access-denied': 'The file may not be read',
  'not-a-file': 'Only regular files can be scanned',
  'stream-too-large': 'The stream is longer than the server accepts',
  'shutting-down': 'The server is shutting down',
  internal: 'The scanner failed; the log of the server says why',
  'too-many-streams': 'More streams at once than the server announced',
  'too-slow': 'The content arrives more slowly than the server accepts',
  'not-permitted': 'This connection may not do that',
  'unknown-verb': 'The server knows no such request',
  'result-too-large': 'The report is longer than a frame can be',
  'reload-failed': 'The database was not reloaded; the old one stays in use',
} as const

export const NATIVE_ERRORS = { ...CONNECTION_ERRORS, ...STREAM_ERRORS } as const
export type NativeErrorCode = keyof typeof NATIVE_ERRORS

/** True for the codes of this version; a peer of another version may send others. */
export const isNativeErrorCode = (code: string): code is NativeErrorCode => Object.hasOwn(NATIVE_ERRORS, code)

/** What went wrong on a connection or a stream, on this side or as the peer told it. */
export class NativeError extends Error {
  readonly code: NativeErrorCode
  /** Milliseconds after which another try makes sense, where the peer said so. */
  readonly retryAfterMs: number | undefined
  /** Offset in bytes from the start of the connection of the frame or byte at fault, where the decoder knows it. */
  readonly offset: number | undefined

  constructor(code: NativeErrorCode, detail?: string, extra: { retryAfterMs?: number; offset?: number } = {}) {
    super(detail === undefined ? NATIVE_ERRORS[code] : `${NATIVE_ERRORS[code]}: ${detail}`)
    this.name = 'NativeError'
    this.code = code
    this.retryAfterMs = extra.retryAfterMs
    this.offset = extra.offset
  }
}

import type { Detection, Report } from '../../report/index.ts'
import {
  MAX_NAME_LENGTH,
  MAX_PASSWORD_LENGTH,
  MAX_PASSWORDS,
  MAX_STREAMS,
  MAX_TOKEN_LENGTH,
  MAX_WINDOW_BYTES,
  MIN_STREAMS,
  MIN_WINDOW_BYTES,
  PROTOCOL_NAME,
} from './constants.ts'
import { isNativeErrorCode, NativeError } from './errors.ts'
import { integerOf, optional, parseObject, recordOf, textOf } from './json.ts'
import type { JsonObject } from './json.ts'

// The payloads of the control frames: types, and readers that check every member they hand out. Members that a reader
// does not know are ignored, so that a later minor version may add some.

/** Ways to authenticate that a HELLO can demand. */
export const AUTH_METHODS = ['token'] as const
export type AuthMethod = (typeof AUTH_METHODS)[number]

/** First frame of both sides. */
export interface Hello {
  /** Highest and lowest protocol version this side speaks; both sides use the highest they share. */
  readonly version: number
  readonly minVersion: number
  /** Name and version of the program, for people and logs. */
  readonly software: string
  /** What the client must send before anything else; empty: nothing. A client announces none. */
  readonly auth: readonly AuthMethod[]
  readonly limits: {
    /** Credit in bytes that every new stream starts with. */
    readonly windowBytes: number
    /** Streams that may be open at once. */
    readonly maxStreams: number
  }
}

export interface Auth {
  readonly method: AuthMethod
  readonly token: string
}

/** Options of one scan; the same members as ScanOptions of the scan layer. */
export interface OpenOptions {
  readonly allMatches: boolean
  readonly maxTimeMs?: number
  readonly passwords?: readonly string[]
  /** False: the report need not have the SHA-256 of the content. */
  readonly identity?: boolean
}

/** Begins a scan. */
export interface Open {
  /** Name as the submitter gave it: data, never a path to open. */
  readonly name: string
  readonly sizeHint?: number
  readonly options: OpenOptions
  /** A path the receiver opens itself; only where the receiver allows it, and then no content follows. */
  readonly path?: string
  /** With a path: false refuses a symbolic link as no file. */
  readonly followLinks?: boolean
}

/** Before the result. */
export type StreamEvent =
  | { readonly event: 'progress'; readonly bytesScanned: number; readonly bytesTotal: number }
  | { readonly event: 'detection'; readonly detection: Detection }

/** A peer's error as it travels; `code` may be one that this version does not know. */
export interface ErrorPayload {
  readonly code: string
  readonly message: string
  readonly retryAfterMs?: number
}

/** An administrative request. */
export interface Request {
  readonly verb: string
  readonly args: JsonObject
}

export interface GoAway {
  readonly reason: string
  /** The highest stream that will still be answered; later ones were not begun and may be sent elsewhere. */
  readonly lastStreamId: number
}

const LONGEST_TIME_MS = 2 ** 31 - 1

/** @throws NativeError `not-lazaret`, `bad-payload` */
export const readHello = (payload: Uint8Array): Hello => {
  const object = parseObject(payload)
  if (object['protocol'] !== PROTOCOL_NAME) throw new NativeError('not-lazaret', 'the HELLO names another protocol')
  const auth = object['auth']
  if (!Array.isArray(auth)) throw new NativeError('bad-payload', 'auth is not a list')
  const limits = recordOf(object, 'limits')
  return {
    version: integerOf(object, 'version', 1, 0xffff),
    minVersion: integerOf(object, 'minVersion', 1, 0xffff),
    software: textOf(object, 'software', 256),
    auth: auth.map(readAuthMethod),
    limits: {
      windowBytes: integerOf(limits, 'windowBytes', MIN_WINDOW_BYTES, MAX_WINDOW_BYTES),
      maxStreams: integerOf(limits, 'maxStreams', MIN_STREAMS, MAX_STREAMS),
    },
  }
}

/** The JSON of a HELLO. */
export const helloPayload = (hello: Hello): object => ({ protocol: PROTOCOL_NAME, ...hello })

const readAuthMethod = (value: unknown): AuthMethod => {
  const method = AUTH_METHODS.find(known => known === value)
  if (method === undefined) throw new NativeError('bad-payload', 'unknown authentication method')
  return method
}

/** @throws NativeError `bad-payload` */
export const readAuth = (payload: Uint8Array): Auth => {
  const object = parseObject(payload)
  return { method: readAuthMethod(object['method']), token: textOf(object, 'token', MAX_TOKEN_LENGTH) }
}

/** @throws NativeError `bad-payload` */
export const readOpen = (payload: Uint8Array): Open => {
  const object = parseObject(payload)
  return {
    name: textOf(object, 'name', MAX_NAME_LENGTH),
    options: readOptions(recordOf(object, 'options')),
    ...optional('sizeHint', object, () => integerOf(object, 'sizeHint', 0, Number.MAX_SAFE_INTEGER)),
    ...optional('path', object, () => textOf(object, 'path', MAX_NAME_LENGTH)),
    ...(object['followLinks'] === false ? { followLinks: false } : {}),
  }
}

const readOptions = (object: JsonObject): OpenOptions => ({
  allMatches: object['allMatches'] === true,
  ...optional('maxTimeMs', object, () => integerOf(object, 'maxTimeMs', 1, LONGEST_TIME_MS)),
  ...optional('passwords', object, () => readPasswords(object['passwords'])),
  ...(object['identity'] === false ? { identity: false } : {}),
})

const readPasswords = (value: unknown): string[] => {
  if (!Array.isArray(value) || value.length > MAX_PASSWORDS) {
    throw new NativeError('bad-payload', `passwords is not a list of at most ${MAX_PASSWORDS}`)
  }
  for (const password of value) {
    if (typeof password !== 'string' || password.length > MAX_PASSWORD_LENGTH) {
      throw new NativeError('bad-payload', `a password is not a text of at most ${MAX_PASSWORD_LENGTH}`)
    }
  }
  return value as string[]
}

/**
 * Reads an EVENT; undefined for one that this version does not know.
 * @throws NativeError `bad-payload`
 */
export const readEvent = (payload: Uint8Array): StreamEvent | undefined => {
  const object = parseObject(payload)
  if (object['event'] === 'progress') {
    return {
      event: 'progress',
      bytesScanned: integerOf(object, 'bytesScanned', 0, Number.MAX_SAFE_INTEGER),
      bytesTotal: integerOf(object, 'bytesTotal', 0, Number.MAX_SAFE_INTEGER),
    }
  }
  if (object['event'] !== 'detection') return undefined
  const detection = recordOf(object, 'detection')
  textOf(detection, 'name', MAX_NAME_LENGTH)
  return { event: 'detection', detection: detection as unknown as Detection }
}

/**
 * Reads a RESULT. Checked is only what tells a report from something else: a client believes its server.
 * @throws NativeError `bad-payload`
 */
export const readResult = (payload: Uint8Array): Report => {
  const object = parseObject(payload)
  textOf(object, 'verdict', 64)
  if (!Array.isArray(object['artifacts'])) throw new NativeError('bad-payload', 'a report without artifacts')
  return object as unknown as Report
}

/** @throws NativeError `bad-payload` */
export const readError = (payload: Uint8Array): ErrorPayload => {
  const object = parseObject(payload)
  return {
    code: textOf(object, 'code', 64),
    message: textOf(object, 'message', 4096),
    ...optional('retryAfterMs', object, () => integerOf(object, 'retryAfterMs', 0, LONGEST_TIME_MS)),
  }
}

/** What the peer told, as an error of this side; codes this version does not know become `internal`. */
export const errorFromPeer = (payload: ErrorPayload): NativeError => {
  const extra = payload.retryAfterMs === undefined ? {} : { retryAfterMs: payload.retryAfterMs }
  const known = isNativeErrorCode(payload.code)
  const error = new NativeError(known ? payload.code : 'internal', undefined, extra)
  error.message = known ? payload.message : `${payload.code}: ${payload.message}`
  return error
}

/** The JSON of an ERROR. */
export const errorPayload = (error: NativeError): ErrorPayload => ({
  code: error.code,
  message: error.message.slice(0, 4096),
  ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
})

/** @throws NativeError `bad-payload` */
export const readRequest = (payload: Uint8Array): Request => {
  const object = parseObject(payload)
  return { verb: textOf(object, 'verb', 64), args: object['args'] === undefined ? {} : recordOf(object, 'args') }
}

/** @throws NativeError `bad-payload` */
export const readGoAway = (payload: Uint8Array): GoAway => {
  const object = parseObject(payload)
  return {
    reason: textOf(object, 'reason', 256),
    lastStreamId: integerOf(object, 'lastStreamId', 0, Number.MAX_SAFE_INTEGER),
  }
}

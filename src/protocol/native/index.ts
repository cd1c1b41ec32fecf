export { AddressError, formatAddress, isLocalAddress, parseAddress } from './address.ts'
export type { Address } from './address.ts'
export {
  MAX_NAME_LENGTH,
  MIN_STREAMS,
  MIN_WINDOW_BYTES,
  PING_BYTES,
  PROTOCOL_MIN_VERSION,
  PROTOCOL_VERSION,
} from './constants.ts'
export { CONNECTION_ERRORS, isNativeErrorCode, NATIVE_ERRORS, NativeError, STREAM_ERRORS } from './errors.ts'
export type { NativeErrorCode } from './errors.ts'
export type { Auth, AuthMethod, GoAway, Hello, Open, OpenOptions, Request, StreamEvent } from './payloads.ts'
export type { JsonObject } from './json.ts'
export type { EndpointHandler, EndpointOptions } from './endpoint.ts'
export { ServerEndpoint } from './server.ts'
export type { ServerHandler, ServerOptions } from './server.ts'
export { ClientEndpoint } from './client.ts'
export type { ClientHandler } from './client.ts'

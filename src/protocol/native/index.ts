export { AddressError, formatAddress, isLocalAddress, parseAddress } from './address.ts'
export type { Address } from './address.ts'
export {
  FLAG_END,
  FRAME,
  FRAME_RULES,
  HEADER_BYTES,
  MAX_DATA_BYTES,
  MAX_NAME_LENGTH,
  MAX_RESULT_BYTES,
  MIN_STREAMS,
  MIN_WINDOW_BYTES,
  PING_BYTES,
  PROTOCOL_MIN_VERSION,
  PROTOCOL_VERSION,
} from './constants.ts'
export { FrameDecoder } from './decoder.ts'
export type { FrameHandler, Sender } from './decoder.ts'
export { encodeControl, encodeCredit, encodeFrame, encodeHeader, joinFrames } from './encoder.ts'
export { CONNECTION_ERRORS, isNativeErrorCode, NATIVE_ERRORS, NativeError, STREAM_ERRORS } from './errors.ts'
export type { NativeErrorCode } from './errors.ts'
export type { Auth, AuthMethod, GoAway, Hello, Open, OpenOptions, Request, StreamEvent } from './payloads.ts'
export type { JsonObject } from './json.ts'
export type { EndpointHandler, EndpointOptions } from './endpoint.ts'
export { ServerEndpoint } from './server.ts'
export type { ServerHandler, ServerOptions } from './server.ts'
export { ClientEndpoint } from './client.ts'
export type { ClientHandler } from './client.ts'

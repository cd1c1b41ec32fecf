// The frame layout and every size limit of the native protocol (docs/protocol.md). Everything is big-endian.
//
//   0        4      5       6          8           12
//   +--------+------+-------+----------+-----------+----------------
//   | length | type | flags | reserved | stream id | payload (length)
//   +--------+------+-------+----------+-----------+----------------

/** Name of the protocol, the first member of every HELLO. */
export const PROTOCOL_NAME = 'lazaret'
/** Highest protocol version this code speaks. */
export const PROTOCOL_VERSION = 1
/** Lowest protocol version this code speaks. */
export const PROTOCOL_MIN_VERSION = 1

/** Bytes of a frame header. */
export const HEADER_BYTES = 12
export const OFFSET_LENGTH = 0
export const OFFSET_TYPE = 4
export const OFFSET_FLAGS = 5
export const OFFSET_RESERVED = 6
export const OFFSET_STREAM = 8

/** On OPEN and DATA: no content follows on this stream. */
export const FLAG_END = 1

/** Frame types by name. */
export const FRAME = {
  HELLO: 1,
  AUTH: 2,
  OPEN: 3,
  DATA: 4,
  CREDIT: 5,
  CANCEL: 6,
  EVENT: 7,
  RESULT: 8,
  ERROR: 9,
  REQUEST: 10,
  REPLY: 11,
  GOAWAY: 12,
  PING: 13,
  PONG: 14,
} as const
export type FrameName = keyof typeof FRAME

const KIB = 1024
const MIB = 1024 * KIB

/** Longest payload of one DATA frame in bytes; longer content is several frames. */
export const MAX_DATA_BYTES = 256 * KIB
/** Longest payload of a REQUEST or a REPLY in bytes. */
export const MAX_CONTROL_BYTES = MIB
/** Longest report on the wire in bytes. */
export const MAX_RESULT_BYTES = 16 * MIB
/** Payload of PING and PONG in bytes. */
export const PING_BYTES = 8
/** Credit in bytes that a client may count on before it has read the server's HELLO; no server announces less. */
export const MIN_WINDOW_BYTES = 64 * KIB
/** Most credit in bytes that one stream may hold. */
export const MAX_WINDOW_BYTES = 0x7fff_ffff
/** Streams that a client may count on before it has read the server's HELLO; no server announces fewer. */
export const MIN_STREAMS = 8
/** Most streams that one connection may have open at once. */
export const MAX_STREAMS = 65_536
/** Highest stream id; a client that has used it up opens another connection. */
export const MAX_STREAM_ID = 0x7fff_ffff
/** Longest name of a submission, in UTF-16 units. */
export const MAX_NAME_LENGTH = 4096
/** Longest token, in UTF-16 units. */
export const MAX_TOKEN_LENGTH = 1024
/** Most passwords that one submission may bring. */
export const MAX_PASSWORDS = 64
/** Longest password, in UTF-16 units. */
export const MAX_PASSWORD_LENGTH = 1024

/** Who may send a frame of a type. */
export type Direction = 'client' | 'server' | 'both'

/** What the header of a frame of one type must look like. */
export interface FrameRule {
  readonly name: FrameName
  readonly from: Direction
  /** `0`: stream id must be 0; `1`: must not be 0; `any`: both are meant (0 is the connection). */
  readonly stream: 0 | 1 | 'any'
  /** Flags that may be set. */
  readonly flags: number
  readonly minBytes: number
  readonly maxBytes: number
}

const rule = (
  name: FrameName,
  from: Direction,
  stream: FrameRule['stream'],
  flags: number,
  minBytes: number,
  maxBytes: number,
): FrameRule => ({ name, from, stream, flags, minBytes, maxBytes })

/** The header rules, indexed by frame type; index 0 is no type. */
export const FRAME_RULES: readonly (FrameRule | undefined)[] = [
  undefined,
  rule('HELLO', 'both', 0, 0, 2, 16 * KIB),
  rule('AUTH', 'client', 0, 0, 2, 4 * KIB),
  rule('OPEN', 'client', 1, FLAG_END, 2, 256 * KIB),
  rule('DATA', 'client', 1, FLAG_END, 0, MAX_DATA_BYTES),
  rule('CREDIT', 'server', 1, 0, 4, 4),
  rule('CANCEL', 'client', 1, 0, 0, 0),
  rule('EVENT', 'server', 1, 0, 2, 64 * KIB),
  rule('RESULT', 'server', 1, 0, 2, MAX_RESULT_BYTES),
  rule('ERROR', 'both', 'any', 0, 2, 64 * KIB),
  rule('REQUEST', 'client', 1, 0, 2, MAX_CONTROL_BYTES),
  rule('REPLY', 'server', 1, 0, 2, MAX_CONTROL_BYTES),
  rule('GOAWAY', 'server', 0, 0, 2, 4 * KIB),
  rule('PING', 'both', 0, 0, PING_BYTES, PING_BYTES),
  rule('PONG', 'both', 0, 0, PING_BYTES, PING_BYTES),
]

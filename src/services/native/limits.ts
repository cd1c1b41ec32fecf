import { limit, resolveLimits } from '../limits.ts'
import type { LimitDeclaration } from '../limits.ts'

const KIB = 1024
const MIB = 1024 * KIB
const DAY_MS = 86_400_000

/** Every limit of the native listener. */
export const NATIVE_LIMITS = {
  maxConnections: limit(512, 'count', 1, 65_536, 'Connections at once; more are told so and closed'),
  maxStreams: limit(64, 'count', 8, 65_536, 'Scans and requests at once on one connection'),
  windowBytes: limit(256 * KIB, 'bytes', 64 * KIB, 64 * MIB, 'Content a client may send ahead on a new stream'),
  streamWindowBytes: limit(MIB, 'bytes', 64 * KIB, 64 * MIB, 'The same once the content is being scanned'),
  inlineBytes: limit(256 * KIB, 'bytes', 0, 64 * MIB, 'Content up to this is collected before its scan begins'),
  maxBufferedBytes: limit(
    256 * MIB,
    'bytes',
    MIB,
    2 ** 40,
    'Content held for all connections; above it, busy for those that hold much',
  ),
  handshakeTimeoutMs: limit(10_000, 'ms', 10, DAY_MS, 'From the connection to HELLO and, where demanded, a token'),
  idleTimeoutMs: limit(600_000, 'ms', 10, DAY_MS, 'A connection without open streams is closed after this'),
  minBytesPerSecond: limit(1024, 'bytes/s', 0, 2 ** 40, 'Slower content, while there is credit, ends its stream'),
  rateWindowMs: limit(30_000, 'ms', 10, DAY_MS, 'Time over which that rate is measured'),
  stallTimeoutMs: limit(30_000, 'ms', 10, DAY_MS, 'A client that reads nothing of its answers for so long is cut'),
  maxSendBufferBytes: limit(64 * MIB, 'bytes', 64 * KIB, 2 ** 40, 'Unread answers of one connection; above it, cut'),
  lingerMs: limit(2000, 'ms', 0, DAY_MS, 'Time a refused client gets to read why'),
  drainTimeoutMs: limit(30_000, 'ms', 0, DAY_MS, 'Time open scans get when the listener closes'),
  busyRetryMs: limit(1000, 'ms', 0, DAY_MS, 'When a client that was told busy may try again'),
  sweepMs: limit(1000, 'ms', 5, 60_000, 'How often the time limits are looked at'),
} as const satisfies Record<string, LimitDeclaration>

export type NativeLimits = Readonly<Record<keyof typeof NATIVE_LIMITS, number>>

/**
 * The limits with defaults filled in.
 * @throws RangeError that names the limit, its range and its unit
 */
export const nativeLimits = (given: Partial<NativeLimits> = {}): NativeLimits =>
  resolveLimits('native', NATIVE_LIMITS, given)

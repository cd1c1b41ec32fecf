import { limit } from '../limits.ts'
import type { LimitDeclaration } from '../limits.ts'

const KIB = 1024
const MIB = 1024 * KIB
const DAY_MS = 86_400_000

/** Every limit of the HTTP listener. */
export const REST_LIMITS = {
  maxConnections: limit(1024, 'count', 1, 65_536, 'Connections at once; more are closed'),
  maxHeaderBytes: limit(16 * KIB, 'bytes', KIB, MIB, 'Request line and headers of one request'),
  maxHeaders: limit(100, 'count', 10, 2000, 'Headers of one request'),
  maxBodyBytes: limit(MIB, 'bytes', KIB, 64 * MIB, 'Body of a request that is not content'),
  maxUploadBytes: limit(4 * 1024 * MIB, 'bytes', KIB, 2 ** 50, 'Content of one submission'),
  maxFiles: limit(100, 'count', 1, 10_000, 'Files of one batch'),
  headersTimeoutMs: limit(
    10_000,
    'ms',
    50,
    DAY_MS,
    'From the connection, or the last answer, to the end of the headers',
  ),
  keepAliveMs: limit(30_000, 'ms', 50, DAY_MS, 'A connection without a request is closed after this'),
  minBytesPerSecond: limit(1024, 'bytes/s', 0, 2 ** 40, 'Slower bodies end their request'),
  rateWindowMs: limit(10_000, 'ms', 50, DAY_MS, 'Time over which that rate is measured'),
  stallTimeoutMs: limit(60_000, 'ms', 50, DAY_MS, 'A client that reads nothing of its answer for so long is cut'),
  heartbeatMs: limit(15_000, 'ms', 20, DAY_MS, 'A stream of events is never silent for longer'),
  maxStreams: limit(256, 'count', 1, 65_536, 'Streams of events at once'),
  anonymousPerMinute: limit(120, 'count', 1, 1_000_000, 'Requests of one address for which nobody is logged in'),
  requestsPerMinute: limit(0, 'count', 0, 100_000_000, 'Requests of one account or key; 0: as many as it likes'),
  drainTimeoutMs: limit(10_000, 'ms', 0, DAY_MS, 'Time open requests get when the listener closes'),
} as const satisfies Record<string, LimitDeclaration>

export type RestLimits = Readonly<Record<keyof typeof REST_LIMITS, number>>

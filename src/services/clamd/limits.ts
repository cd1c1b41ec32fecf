import { limit, resolveLimits } from '../limits.ts'
import type { LimitDeclaration } from '../limits.ts'

const KIB = 1024
const MIB = 1024 * KIB
const DAY_MS = 86_400_000

/** Every limit of a clamd listener. */
export const CLAMD_LIMITS = {
  maxConnections: limit(1024, 'count', 1, 65_536, 'Connections at once; more are closed'),
  maxSessions: limit(256, 'count', 0, 65_536, 'IDSESSION connections at once; more are closed'),
  maxSessionScans: limit(64, 'count', 1, 65_536, 'Commands in hand of one session; above it, it is read no further'),
  maxParallel: limit(4, 'count', 1, 1024, 'Files of one folder that are scanned at the same time'),
  maxStreamBytes: limit(100 * MIB, 'bytes', 1, 2 ** 40, 'Longest INSTREAM (StreamMaxLength of clamd)'),
  inlineBytes: limit(512 * KIB, 'bytes', 0, 64 * MIB, 'A stream up to this is handed to the engine in one piece'),
  maxInlineBytes: limit(64 * MIB, 'bytes', 0, 2 ** 40, 'The same for all connections together'),
  streamWindowBytes: limit(MIB, 'bytes', 64 * KIB, 64 * MIB, 'Unread content of one longer stream'),
  maxFolderDepth: limit(15, 'count', 0, 1024, 'Folders below each other that are entered (MaxDirectoryRecursion)'),
  commandTimeoutMs: limit(30_000, 'ms', 10, DAY_MS, 'Without a command for so long: timed out (CommandReadTimeout)'),
  readTimeoutMs: limit(120_000, 'ms', 10, DAY_MS, 'Without a byte of a stream for so long: timed out (ReadTimeout)'),
  minBytesPerSecond: limit(1024, 'bytes/s', 0, 2 ** 40, 'Slower streams are cut as timed out'),
  rateWindowMs: limit(30_000, 'ms', 10, DAY_MS, 'Time over which that rate is measured'),
  sendTimeoutMs: limit(30_000, 'ms', 10, DAY_MS, 'A client that reads nothing of its replies for so long is cut'),
  maxSendBufferBytes: limit(4 * MIB, 'bytes', 4 * KIB, 2 ** 40, 'Unread replies of one connection; above it, cut'),
  halfCloseMs: limit(500, 'ms', 0, DAY_MS, 'On TCP: time a scan gets once its client has ended its side'),
  lingerMs: limit(2000, 'ms', 0, DAY_MS, 'Time a client gets to close after the last reply'),
  streamDrainMs: limit(60_000, 'ms', 0, DAY_MS, 'Time a client gets to send the rest of a stream that is too long'),
  drainTimeoutMs: limit(30_000, 'ms', 0, DAY_MS, 'Time running scans get when the listener closes'),
  sweepMs: limit(100, 'ms', 5, 60_000, 'How often the time limits are looked at'),
} as const satisfies Record<string, LimitDeclaration>

export type ClamdLimits = Readonly<Record<keyof typeof CLAMD_LIMITS, number>>

/**
 * The limits with defaults filled in.
 * @throws RangeError that names the limit, its range and its unit
 */
export const clamdLimits = (given: Partial<ClamdLimits> = {}): ClamdLimits =>
  resolveLimits('clamd', CLAMD_LIMITS, given)

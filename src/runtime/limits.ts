// Every limit of the runtime with its default and its reason. The command line and the tests set them by these names.

import { TREE_LIMITS } from '../scan/limits.ts'
import type { TreeLimits } from '../scan/limits.ts'

const MIB = 1024 * 1024

/** Largest content that a scan can hold: one ArrayBuffer, indexed by 31 bits in the kernels. */
export const MAX_CONTENT_BYTES = 2 ** 31 - 1
/** Longest name that travels to an engine, in UTF-16 units; the rest is cut off. */
export const MAX_JOB_NAME = 4096

export interface RuntimeLimits {
  /** How far content is taken apart. */
  readonly tree: TreeLimits
  /** Jobs that may wait for a thread; one more is answered `busy` at once. */
  readonly maxQueue: number
  /** Wall time of one scan unless the job asks for less, in milliseconds. */
  readonly maxTimeMs: number
  /** Longer content is reported as unscannable: too-large, and not read. At most MAX_CONTENT_BYTES. */
  readonly maxFileSizeBytes: number
  /** Streams that may be collected at the same time; one more is answered `busy`. */
  readonly maxSpooling: number
  /** A stream longer than this goes to a file in the spool folder. */
  readonly spoolMemoryBytesPerJob: number
  /** Memory for the streams of all jobs together; beyond it they go to files. */
  readonly spoolMemoryBytes: number
  /** Bytes of all spool files together; beyond it a stream is answered `busy`. */
  readonly spoolFileBytes: number
  /** How long after its deadline a scan may still answer before its thread counts as hung. */
  readonly hangGraceMs: number
  /** How long a cancelled scan may go on before its thread is replaced. */
  readonly cancelGraceMs: number
  /** How long a thread or an engine may take to answer a ping, and a replaced thread to come back. */
  readonly livenessMs: number
  /** How long an engine may take from its start to its readiness. */
  readonly startMs: number
  /** How long close() waits for work in hand. */
  readonly drainMs: number
}

export const RUNTIME_LIMITS: RuntimeLimits = {
  tree: TREE_LIMITS,
  maxQueue: 1000,
  maxTimeMs: 120_000,
  maxFileSizeBytes: 1024 * MIB,
  maxSpooling: 256,
  spoolMemoryBytesPerJob: 8 * MIB,
  spoolMemoryBytes: 48 * MIB,
  spoolFileBytes: 8192 * MIB,
  hangGraceMs: 2000,
  cancelGraceMs: 250,
  livenessMs: 5000,
  startMs: 60_000,
  drainMs: 30_000,
}

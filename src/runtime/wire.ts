import { MIN_STREAMS, PROTOCOL_MIN_VERSION, PROTOCOL_VERSION } from '../protocol/index.ts'
import type { Hello } from '../protocol/index.ts'
import type { TreeLimits } from '../scan/index.ts'
import type { SandboxLink } from './sandbox/channel.ts'
import { LAYER_NAMES } from './sandbox/layers.ts'
import type { SandboxLayer } from './sandbox/layers.ts'
import type { DatabaseInfo } from './engine-parts.ts'
import { ENGINE_VERSION } from './unscannable.ts'

// What travels between a supervisor and its engine process. Scans: the native protocol, one socket for each thread.
// Control: the process's IPC channel, a few small messages a minute.

/** Jobs that a thread may have at once: one that it scans and one that waits in its socket. */
export const MAX_CLIENT_STREAMS = MIN_STREAMS
/** Credit: a thread reads content as fast as it arrives, so nothing is to be held back. */
const WINDOW_BYTES = 2 ** 31 - 1
/** Bytes of the mark by which a replaced thread and its supervisor find each other again. */
export const RESYNC_BYTES = 32
/** First socket of a thread: behind stdin, stdout, stderr and the IPC channel. */
export const FIRST_THREAD_FD = 4

/** The HELLO of either side. */
export const engineHello = (maxStreams: number): Hello => ({
  version: PROTOCOL_VERSION,
  minVersion: PROTOCOL_MIN_VERSION,
  software: `lazaret-engine ${ENGINE_VERSION}`,
  auth: [],
  limits: { windowBytes: WINDOW_BYTES, maxStreams },
})

/** What an engine process is started with: its only argument, as JSON. */
export interface EngineArguments {
  readonly imagePath: string
  readonly threads: number
  readonly maxFileSizeBytes: number
  readonly tree: TreeLimits
}

/** What a worker thread is started with. */
export interface ThreadArguments {
  readonly shared: unknown
  readonly database: DatabaseInfo
  readonly index: number
  /** Its socket; absent beside a local scan, where messages are enough. */
  readonly fd?: number
  readonly maxFileSizeBytes: number
  readonly tree: TreeLimits
  /** Its way to the sandboxes of its process. */
  readonly sandbox: SandboxLink
  readonly resync?: Uint8Array
}

/** From the supervisor. `mark` is hexadecimal. */
export type ToEngine =
  | { readonly verb: 'ping' }
  | { readonly verb: 'replace'; readonly thread: number; readonly mark: string }

/** From the engine. */
export type FromEngine =
  | { readonly event: 'ready'; readonly database: DatabaseInfo }
  | { readonly event: 'refused'; readonly message: string }
  | { readonly event: 'pong'; readonly residentBytes: number }
  /** The walls around its sandboxes; none: no sandbox can be started, and `message` says why. */
  | { readonly event: 'layers'; readonly layers: readonly SandboxLayer[]; readonly message: string }
  | { readonly event: 'thread-ended'; readonly thread: number; readonly message: string }

const isText = (value: unknown): value is string => typeof value === 'string'
const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)

/** What an engine said, if it is something an engine can say: it has seen hostile content and is not believed blindly. */
export const readFromEngine = (message: unknown): FromEngine | undefined => {
  if (typeof message !== 'object' || message === null) return undefined
  const { event, database, message: text, residentBytes, thread, layers } = message as Record<string, unknown>
  switch (event) {
    case 'ready':
      return isDatabaseInfo(database) ? { event, database } : undefined
    case 'refused':
      return isText(text) ? { event, message: text } : undefined
    case 'pong':
      return isNumber(residentBytes) ? { event, residentBytes } : undefined
    case 'layers':
      return isText(text) && isLayers(layers) ? { event, layers, message: text } : undefined
    case 'thread-ended':
      return isNumber(thread) && isText(text) ? { event, thread, message: text } : undefined
    default:
      return undefined
  }
}

const isLayers = (value: unknown): value is readonly SandboxLayer[] =>
  Array.isArray(value) && value.length <= LAYER_NAMES.length && value.every(isLayer)

const isLayer = (value: unknown): value is SandboxLayer => {
  if (typeof value !== 'object' || value === null) return false
  const { name, active, why, advice } = value as Record<string, unknown>
  const isAdvice = advice === undefined || isText(advice)
  return LAYER_NAMES.some(known => known === name) && typeof active === 'boolean' && isText(why) && isAdvice
}

const isDatabaseInfo = (value: unknown): value is DatabaseInfo => {
  if (typeof value !== 'object' || value === null) return false
  const { database, signatures, builtAtMs } = value as Record<string, unknown>
  return isText(database) && isNumber(signatures) && isNumber(builtAtMs)
}

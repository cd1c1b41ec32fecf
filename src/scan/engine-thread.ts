import type { Detection, Report } from '../report/index.ts'
import type { DigestName } from '../signatures/index.ts'

// What one thread needs of its host to scan, and what it offers.

/** Host functions; all synchronous. */
export interface EnginePorts {
  /** Digest of bytes that may lie in shared memory. */
  digest(name: DigestName, bytes: Uint8Array): Uint8Array
  /** The present time, ISO 8601 UTC with milliseconds. */
  now(): string
}

export interface ScanRequest {
  /** Name as the submitter gave it: data, never a path to open. */
  readonly name: string
  /** The whole content: the start of the thread's window, or any other array. */
  readonly content: Uint8Array
  readonly allMatches: boolean
  /** Passwords to try on encrypted content, in this order. Default: none. */
  readonly passwords?: readonly string[]
  /** False: the SHA-256 of the content is left out of the report where no signature needs it. */
  readonly identity?: boolean
  /** When to stop, in the scale of performance.now(). */
  readonly deadlineMs: number
}

/** Everything one thread needs to scan; created once per thread over the shared memory that holds the image. */
export interface EngineThread {
  /** Window in the shared memory; content up to its length may be read into it to save a copy. */
  readonly window: Uint8Array
  /** Synchronous and step-limited; what content does is never an exception but a report. */
  scan(request: ScanRequest, onDetection?: (detection: Detection) => void): Report
}

import type { Detection, Report } from '../report/index.ts'

// What an engine process is made of, apart from the processes: the production parts are in image.ts, tests bring fakes.

/** Everything one thread needs to scan; made once per thread over the shared memory that holds the image. */
export interface EngineThread {
  /** Window in the shared memory into which content that fits may be read, to save a copy. */
  readonly window: Uint8Array
  /** Scans whole content; it may lie in the window or elsewhere. Synchronous, step-limited, never throws for content. */
  scan(request: EngineRequest, onDetection?: (detection: Detection) => void): Report
}

export interface EngineRequest {
  readonly name: string
  readonly content: Uint8Array
  readonly allMatches: boolean
  /** By performance.now(). */
  readonly deadlineMs: number
}

/** What an engine says about its database. */
export interface DatabaseInfo {
  /** Generation: hexadecimal content hash. */
  readonly database: string
  readonly signatures: number
  /** Milliseconds since the epoch. */
  readonly builtAtMs: number
}

/** A database that the threads of one process share. */
export interface LoadedDatabase {
  readonly info: DatabaseInfo
  /** What createThread needs; handed to worker threads as it is, so it must survive a structured clone. */
  readonly shared: unknown
}

/** How an engine loads its database and makes its threads. */
export interface EngineParts {
  /**
   * Reads and checks a database image, once per process.
   * @param threads - how many threads will share it, each with a window of its own
   * @throws Error that says what is wrong with the file
   */
  load(imagePath: string, threads: number): LoadedDatabase
  /** @param index - number of the thread, from 0 */
  createThread(shared: unknown, index: number): EngineThread
}

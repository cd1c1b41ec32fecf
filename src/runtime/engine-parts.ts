import type { EngineThread, TreeLimits, Unpacker } from '../scan/index.ts'

// What an engine process is made of, apart from the processes: the production parts are in image.ts, tests bring fakes.

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

/** What a thread takes content apart with, and how far. */
export interface ThreadHost {
  /** Absent: nothing is taken apart. */
  readonly unpacker?: Unpacker
  readonly tree: TreeLimits
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
  createThread(shared: unknown, index: number, host: ThreadHost): EngineThread
}

// What the component asks of 7-Zip as WebAssembly: a program that is run once and then thrown away, with a file system
// of its own in memory. The host loads it (runtime/seven-zip-loader.ts); nothing here knows where it comes from.

/** A file that is open inside 7-Zip. */
export interface SevenZipStream {
  stream_ops: SevenZipStreamOps
}

/** Only what is replaced; offsets and lengths in bytes. */
export interface SevenZipStreamOps {
  readonly write: (
    stream: SevenZipStream,
    buffer: Int8Array,
    offset: number,
    length: number,
    position: number,
  ) => number
  readonly llseek: (stream: SevenZipStream, offset: number, whence: number) => number
  readonly close?: (stream: SevenZipStream) => void
}

/** The part of Emscripten's file system that is used or replaced; 7-Zip's system calls go through the same members. */
export interface SevenZipFileSystem {
  writeFile(path: string, content: Uint8Array, options: { canOwn: boolean }): void
  open(path: string, flags: number, mode?: number): SevenZipStream
  symlink(target: string, path: string): unknown
  ftruncate(descriptor: number, size: number): void
  lstat(path: string): unknown
  unlink(path: string): void
  chmod(path: string, mode: number): void
  utime(path: string, accessed: number, modified: number): void
}

/** One instance: for one run, since 7-Zip keeps state and its heap never shrinks. */
export interface SevenZipInstance {
  readonly FS: SevenZipFileSystem
  /**
   * Runs 7-Zip to its end and answers its exit code; undefined where it gave up in the middle.
   * @throws whatever a replaced member of the file system threw
   */
  run(args: readonly string[]): number | undefined
  /** True where it wanted more memory than it may have. */
  wasRefusedMemory(): boolean
}

export interface SevenZipModule {
  /**
   * @param memoryBytes - what its heap may grow to
   * @param print - each line of its output and its errors, as it comes
   */
  instantiate(memoryBytes: number, print: (line: string) => void): Promise<SevenZipInstance>
}

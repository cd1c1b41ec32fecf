import { randomUUID } from 'node:crypto'
import { mkdir, open, readdir, rm, unlink } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { ScanFailure } from '../scan/index.ts'
import type { JobContent } from './job.ts'
import type { RuntimeLimits } from './limits.ts'

// Streams are collected before an engine sees them: a slow sender holds no thread, and a job can be retried.
// Short ones stay in memory, long ones go to files in a folder that belongs to the spool alone.

/** Content collected, until release() is called; or that the stream was longer than a scan may be. */
export type Collected =
  | { readonly kind: 'content'; readonly content: JobContent; readonly release: () => void }
  | { readonly kind: 'too-large'; readonly sizeBytes: number }

export class Spool {
  readonly #folder: string
  readonly #limits: RuntimeLimits
  #prepared: Promise<unknown> | undefined
  #memoryBytes = 0
  #fileBytes = 0
  #streams = 0

  /** @param folder - made when it is first needed; files that an earlier process left there are removed */
  constructor(folder: string, limits: RuntimeLimits) {
    this.#folder = folder
    this.#limits = limits
  }

  /** Bytes of content held in memory now. */
  get memoryBytes(): number {
    return this.#memoryBytes
  }

  /**
   * Collects a stream; its chunks are copied.
   * @throws ScanFailure `busy` when the spool is full, `cancelled`; whatever the stream throws
   */
  async collect(stream: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<Collected> {
    if (this.#streams >= this.#limits.maxSpooling) throw new ScanFailure('busy', 'too many streams are being received')
    this.#streams++
    const entry = new Entry()
    const iterator = stream[Symbol.asyncIterator]()
    const aborted = abortion(signal)
    try {
      for (;;) {
        const step = await Promise.race([iterator.next(), aborted.promise])
        if (step.done === true) return await this.#finish(entry)
        const sizeBytes = entry.sizeBytes + step.value.length
        if (sizeBytes > this.#limits.maxFileSizeBytes) {
          this.#release(entry)
          endQuietly(iterator)
          return { kind: 'too-large', sizeBytes }
        }
        await this.#add(entry, step.value)
      }
    } catch (error) {
      this.#release(entry)
      endQuietly(iterator)
      throw error
    } finally {
      aborted.stop()
      this.#streams--
    }
  }

  /** Removes the folder; only when nothing is collected any more. */
  async close(): Promise<void> {
    if (this.#prepared !== undefined) await rm(this.#folder, { recursive: true, force: true })
  }

  async #add(entry: Entry, chunk: Uint8Array): Promise<void> {
    const { spoolMemoryBytesPerJob, spoolMemoryBytes } = this.#limits
    const fits = entry.memoryBytes + chunk.length <= spoolMemoryBytesPerJob
    if (entry.file === undefined && fits && this.#memoryBytes + chunk.length <= spoolMemoryBytes) {
      // Not slice(): that of a Buffer copies nothing.
      entry.chunks.push(new Uint8Array(chunk))
      entry.memoryBytes += chunk.length
      entry.sizeBytes += chunk.length
      this.#memoryBytes += chunk.length
      return
    }
    if (entry.file === undefined) await this.#toFile(entry)
    await this.#write(entry, chunk)
    entry.sizeBytes += chunk.length
  }

  async #toFile(entry: Entry): Promise<void> {
    this.#prepared ??= prepareFolder(this.#folder)
    await this.#prepared
    const path = join(this.#folder, randomUUID())
    entry.file = { path, handle: await open(path, 'wx', 0o600) }
    for (const chunk of entry.chunks) await this.#write(entry, chunk)
    this.#memoryBytes -= entry.memoryBytes
    entry.memoryBytes = 0
    entry.chunks = []
  }

  async #write(entry: Entry, chunk: Uint8Array): Promise<void> {
    if (this.#fileBytes + chunk.length > this.#limits.spoolFileBytes) {
      throw new ScanFailure('busy', 'the spool folder is full')
    }
    this.#fileBytes += chunk.length
    entry.fileBytes += chunk.length
    try {
      await entry.file?.handle.writeFile(chunk)
    } catch (error) {
      throw new ScanFailure('internal', `the content could not be spooled: ${(error as Error).message}`)
    }
  }

  async #finish(entry: Entry): Promise<Collected> {
    const release = (): void => this.#release(entry)
    if (entry.file !== undefined) {
      await entry.closeFile()
      return { kind: 'content', content: { path: entry.file.path }, release }
    }
    const bytes = entry.chunks.length === 1 ? entry.chunks[0] : Buffer.concat(entry.chunks)
    entry.chunks = []
    return { kind: 'content', content: { bytes }, release }
  }

  #release(entry: Entry): void {
    this.#memoryBytes -= entry.memoryBytes
    this.#fileBytes -= entry.fileBytes
    entry.memoryBytes = 0
    entry.fileBytes = 0
    const { file } = entry
    if (file === undefined) return
    // Nothing depends on when the file goes; the next start removes what could not be removed.
    void entry
      .closeFile()
      .then(
        () => unlink(file.path),
        () => {},
      )
      .catch(() => {})
  }
}

class Entry {
  chunks: Uint8Array[] = []
  sizeBytes = 0
  memoryBytes = 0
  fileBytes = 0
  file: { readonly path: string; readonly handle: FileHandle } | undefined
  #closed: Promise<void> | undefined

  closeFile(): Promise<void> {
    this.#closed ??= this.file?.handle.close() ?? Promise.resolve()
    return this.#closed
  }
}

const prepareFolder = async (folder: string): Promise<void> => {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  for (const name of await readdir(folder)) await rm(join(folder, name), { force: true })
}

/** Ends a stream that is not wanted any more; it may be waiting for its next chunk, so nobody waits for this. */
const endQuietly = (iterator: AsyncIterator<Uint8Array>): void => {
  void iterator.return?.().catch(() => {})
}

const abortion = (signal: AbortSignal | undefined): { readonly promise: Promise<never>; readonly stop: () => void } => {
  const { promise, reject } = Promise.withResolvers<never>()
  promise.catch(() => {})
  const onAbort = (): void => reject(new ScanFailure('cancelled'))
  if (signal?.aborted === true) onAbort()
  signal?.addEventListener('abort', onAbort, { once: true })
  return { promise, stop: () => signal?.removeEventListener('abort', onAbort) }
}

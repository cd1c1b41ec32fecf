import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { JobContent } from './job.ts'

// Content that has ended engines twice is answered without another try, until the database or the engine changes.

/** Most contents remembered; the oldest is forgotten first. */
const MAX_REMEMBERED = 10_000

/** SHA-256 of a job's content, hexadecimal; undefined when its file can no longer be read. */
export const hashContent = async (content: JobContent): Promise<string | undefined> => {
  const hash = createHash('sha256')
  if ('bytes' in content) return hash.update(content.bytes).digest('hex')
  try {
    for await (const chunk of createReadStream(content.path)) hash.update(chunk as Buffer)
    return hash.digest('hex')
  } catch {
    return undefined
  }
}

export class CrashMemory {
  /** SHA-256 → size in bytes, oldest first. */
  readonly #known = new Map<string, number>()
  /** Sizes in `#known`, counted: content of any other size needs no digest. */
  readonly #sizes = new Map<number, number>()

  get size(): number {
    return this.#known.size
  }

  remember(sha256: string, sizeBytes: number): void {
    if (this.#known.has(sha256)) return
    for (const [oldest, oldSize] of this.#known) {
      if (this.#known.size < MAX_REMEMBERED) break
      this.#known.delete(oldest)
      this.#count(oldSize, -1)
    }
    this.#known.set(sha256, sizeBytes)
    this.#count(sizeBytes, 1)
  }

  /** For a new database: what ended an engine may be scanned now. */
  clear(): void {
    this.#known.clear()
    this.#sizes.clear()
  }

  /** The hash of content that is remembered, else undefined. Reads a file only when its size is that of a known one. */
  async find(content: JobContent): Promise<string | undefined> {
    const sizeBytes = await sizeOf(content)
    if (sizeBytes === undefined || !this.#sizes.has(sizeBytes)) return undefined
    const sha256 = await hashContent(content)
    return sha256 !== undefined && this.#known.has(sha256) ? sha256 : undefined
  }

  #count(sizeBytes: number, change: number): void {
    const count = (this.#sizes.get(sizeBytes) ?? 0) + change
    if (count > 0) this.#sizes.set(sizeBytes, count)
    else this.#sizes.delete(sizeBytes)
  }
}

/** Size of content in bytes; undefined when its file cannot be looked at. */
export const sizeOf = async (content: JobContent): Promise<number | undefined> => {
  if ('bytes' in content) return content.bytes.length
  try {
    return (await stat(content.path)).size
  } catch {
    return undefined
  }
}

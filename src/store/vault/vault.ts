import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { UseCaseError } from '../../usecases/index.ts'
import type { IntakeContent, Vault, VaultRange, VaultStatus } from '../../usecases/index.ts'
import { systemHashes } from '../host.ts'
import { blobName, type BlobName, type BlobReader, type Blobs, type Room } from './blobs.ts'
import { asVaultError } from './failures.ts'
import { CHUNK_LOG2, DamageError, HEAD_BYTES, KEY_BYTES, layoutOf, makeHead, openChunk, openHead } from './format.ts'
import { MissingKeyError, rewrapHead, sealChunk, TAG_BYTES, type OpenedHead } from './format.ts'
import type { KeyRing } from './keys.ts'

// The vault over any place for blobs: here content becomes ciphertext and ciphertext content.

export interface VaultOptions {
  readonly blobs: Blobs
  readonly keys: KeyRing
  /** Smaller in tests. */
  readonly chunkLog2?: number
  readonly log?: (line: string) => void
}

/** One content of the store that cannot be read as it should. */
export interface VaultProblem {
  readonly sha256: string
  readonly problem: string
}

/** How many contents there are under each key, and what is wrong. */
export interface VaultCheck {
  readonly contents: number
  readonly storedBytes: number
  readonly intakes: number
  readonly byKey: ReadonlyMap<string, number>
  readonly problems: readonly VaultProblem[]
}

/** More would say nothing new. */
const MAX_PROBLEMS = 1000

export class EncryptedVault implements Vault {
  readonly #blobs: Blobs
  readonly #keys: KeyRing
  readonly #chunkLog2: number
  readonly #log: (line: string) => void
  /** Contents being deleted or sealed anew, so that neither brings back what the other has changed. */
  readonly #busy = new Map<string, Promise<unknown>>()
  #rewrapping: Promise<unknown> = Promise.resolve()
  #closed = false

  constructor({ blobs, keys, chunkLog2 = CHUNK_LOG2, log = () => {} }: VaultOptions) {
    this.#blobs = blobs
    this.#keys = keys
    this.#chunkLog2 = chunkLog2
    this.#log = log
  }

  async takeIn(
    stream: AsyncIterable<Uint8Array>,
    { maxBytes, signal }: { readonly maxBytes: number; readonly signal?: AbortSignal },
  ): Promise<IntakeContent> {
    const intake = randomUUID()
    try {
      const key = await this.#keys.current()
      const writer = await this.#blobs.create(`intake/${intake}`)
      try {
        const dataKey = randomBytes(KEY_BYTES)
        const chunkBytes = 2 ** this.#chunkLog2
        const digests = systemHashes.digests()
        let sizeBytes = 0
        let index = 0
        for await (const { chunk, last } of chunksOf(guarded(stream, maxBytes, signal), chunkBytes)) {
          sizeBytes += chunk.length
          digests.update(chunk)
          await writer.write(sealChunk(dataKey, index++, last, chunk))
        }
        const hashes = digests.finish()
        await writer.commit(makeHead({ dataKey, sizeBytes, sha256: hashes.sha256 }, key, this.#chunkLog2))
        return { intake, sizeBytes, ...hashes }
      } catch (error) {
        await writer.abort().catch(() => {})
        throw error
      }
    } catch (error) {
      throw asVaultError(error)
    }
  }

  async openIntake(intake: string): Promise<AsyncIterable<Uint8Array>> {
    return (await this.#open('intake', intake)).stream
  }

  async keep(intake: string, sha256: string): Promise<void> {
    const from = demandName('intake', intake)
    const to = demandName('store', sha256)
    await this.#do(to, async () => {
      const reader = await this.#blobs.open(from)
      if (reader === undefined) {
        if (await this.#blobs.has(to)) return
        throw new UseCaseError('content-not-kept')
      }
      await reader.close()
      const opened = await this.#head(reader)
      if (opened.sha256 !== sha256) throw new DamageError('it is not the content of this digest')
      if (!(await this.#blobs.move(from, to))) throw new UseCaseError('content-not-kept')
    })
  }

  async discard(intake: string): Promise<void> {
    const name = blobName('intake', intake)
    if (name !== undefined) await this.#do(name, () => this.#blobs.delete(name, { shred: false }))
  }

  async *listIntakes(olderThanMs: number): AsyncIterable<string> {
    for await (const { id, modifiedAtMs } of this.#list('intake')) if (modifiedAtMs < olderThanMs) yield id
  }

  has(sha256: string): Promise<boolean> {
    const name = blobName('store', sha256)
    return name === undefined ? Promise.resolve(false) : this.#blobs.has(name).catch(rethrow)
  }

  open(sha256: string, range?: VaultRange): Promise<{ sizeBytes: number; stream: AsyncIterable<Uint8Array> }> {
    return this.#open('store', sha256, range)
  }

  async delete(sha256: string): Promise<void> {
    const name = blobName('store', sha256)
    if (name !== undefined) await this.#do(name, () => this.#blobs.delete(name, { shred: true }))
  }

  async *list(): AsyncIterable<string> {
    for await (const { id } of this.#list('store')) yield id
  }

  async *#list(room: Room): AsyncIterable<{ readonly id: string; readonly modifiedAtMs: number }> {
    try {
      for await (const entry of this.#blobs.list(room)) if (blobName(room, entry.id) !== undefined) yield entry
    } catch (error) {
      throw asVaultError(error)
    }
  }

  /** The new key holds for new content at once; what is there is sealed by it in the background. */
  async rotate(): Promise<{ readonly key: string }> {
    try {
      const { id } = await this.#keys.rotate()
      this.resume()
      return { key: id }
    } catch (error) {
      throw asVaultError(error)
    }
  }

  /** Goes on where a rotation was interrupted; at the start of a server. */
  resume(): void {
    this.#rewrapping = this.#rewrapping
      .then(() => this.rewrap())
      .catch((error: unknown) => this.#log(`vault: contents could not all be sealed by the new key: ${String(error)}`))
  }

  /** When what a rotation began in the background has ended. */
  async settled(): Promise<void> {
    await this.#rewrapping
  }

  /**
   * Seals every content by the current key, where a rotation asks for it. May be stopped at any time and begun again.
   * @returns how many were changed
   */
  async rewrap(): Promise<number> {
    if (!(await this.#keys.needsRewrap())) return 0
    const key = await this.#keys.current()
    let changed = 0
    let failed = 0
    // The intake first: what is moved meanwhile is met in the store.
    for (const room of ['intake', 'store'] as const) {
      for await (const { id } of this.#list(room)) {
        if (this.#closed) return changed
        const name = `${room}/${id}` as const
        const outcome = await this.#exclusive(name, () => this.#rewrapOne(name, key.id)).catch((error: unknown) => {
          this.#log(`vault: ${name}: ${asVaultError(error).message}`)
          return undefined
        })
        if (outcome === undefined) failed++
        else if (outcome) changed++
      }
    }
    if (failed === 0) await this.#keys.rewrapped(key.id)
    return changed
  }

  async #rewrapOne(name: BlobName, keyId: string): Promise<boolean> {
    const reader = await this.#blobs.open(name)
    if (reader === undefined) return false
    await reader.close()
    const opened = await this.#head(reader)
    const key = await this.#keys.find(keyId)
    if (opened.keyId === keyId || key === undefined) return false
    await this.#blobs.rewriteHead(name, rewrapHead(reader.head, opened, key))
    return true
  }

  /** Forgets keys that no content is sealed by any more. @returns their ids */
  async dropUnusedKeys(): Promise<readonly string[]> {
    try {
      const { byKey, problems } = await this.check({ deep: false })
      if (problems.length > 0) {
        throw new UseCaseError('conflict', { detail: 'some contents cannot be read: no key is dropped' })
      }
      for await (const { id } of this.#list('intake')) await this.#countKey(`intake/${id}`, byKey)
      const current = (await this.#keys.current()).id
      const unused = (await this.#keys.ids()).filter(id => id !== current && !byKey.has(id))
      await this.#keys.drop(unused)
      return unused
    } catch (error) {
      throw asVaultError(error)
    }
  }

  async #countKey(name: BlobName, byKey: Map<string, number>): Promise<OpenedHead | undefined> {
    const reader = await this.#blobs.open(name)
    if (reader === undefined) return undefined
    await reader.close()
    const opened = await this.#head(reader)
    byKey.set(opened.keyId, (byKey.get(opened.keyId) ?? 0) + 1)
    if (layoutOf(opened.sizeBytes, opened.chunkLog2).storedBytes !== reader.storedBytes) {
      throw new DamageError('its length is wrong')
    }
    return opened
  }

  /** Looks at every head; with `deep` reads and hashes every content. */
  async check({ deep }: { readonly deep: boolean }): Promise<VaultCheck & { readonly byKey: Map<string, number> }> {
    const byKey = new Map<string, number>()
    const problems: VaultProblem[] = []
    let contents = 0
    let intakes = 0
    let storedBytes = 0
    for await (const sha256 of this.list()) {
      contents++
      try {
        const opened = await this.#countKey(`store/${sha256}`, byKey)
        if (opened === undefined) continue
        storedBytes += layoutOf(opened.sizeBytes, opened.chunkLog2).storedBytes
        if (opened.sha256 !== sha256) throw new DamageError('another content lies under this digest')
        if (deep) await this.#verify(sha256)
      } catch (error) {
        const known = asVaultError(error, sha256)
        if (problems.length < MAX_PROBLEMS) problems.push({ sha256, problem: known.detail ?? known.message })
      }
    }
    for await (const _ of this.#list('intake')) intakes++
    return { contents, intakes, storedBytes, byKey, problems }
  }

  async #verify(sha256: string): Promise<void> {
    const hash = createHash('sha256')
    for await (const chunk of (await this.open(sha256)).stream) hash.update(chunk)
    if (hash.digest('hex') !== sha256) throw new DamageError('its digest is another one')
  }

  async status(): Promise<VaultStatus> {
    try {
      const { id } = await this.#keys.current()
      return { kind: this.#blobs.kind, key: id, freeBytes: await this.#blobs.freeBytes() }
    } catch (error) {
      throw asVaultError(error)
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#rewrapping
    await this.#blobs.close()
  }

  async #head(reader: BlobReader): Promise<OpenedHead> {
    try {
      return openHead(reader.head, id => this.#keys.known(id))
    } catch (error) {
      // Another process may have rotated since the file was read.
      if (!(error instanceof MissingKeyError) || (await this.#keys.find(error.keyId)) === undefined) throw error
      return openHead(reader.head, id => this.#keys.known(id))
    }
  }

  async #open(
    room: Room,
    id: string,
    range?: VaultRange,
  ): Promise<{ sizeBytes: number; stream: AsyncIterable<Uint8Array> }> {
    try {
      const name = demandName(room, id)
      const reader = await this.#blobs.open(name)
      if (reader === undefined) throw new UseCaseError('content-not-kept')
      try {
        const opened = await this.#head(reader)
        if (room === 'store' && opened.sha256 !== id) throw new DamageError('another content lies under this digest')
        const { offset, length } = within(range, opened.sizeBytes)
        return { sizeBytes: opened.sizeBytes, stream: plainBytes(reader, opened, offset, length, id) }
      } catch (error) {
        await reader.close()
        throw error
      }
    } catch (error) {
      throw asVaultError(error, id)
    }
  }

  #do<T>(name: string, work: () => Promise<T>): Promise<T> {
    return this.#exclusive(name, work).catch(rethrow)
  }

  #exclusive<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = this.#busy.get(name) ?? Promise.resolve()
    const run = before.catch(() => {}).then(work)
    const done = run
      .catch(() => {})
      .finally(() => {
        if (this.#busy.get(name) === done) this.#busy.delete(name)
      })
    this.#busy.set(name, done)
    return run
  }
}

const rethrow = (error: unknown): never => {
  throw asVaultError(error)
}

function demandName(room: Room, id: string): BlobName {
  const name = blobName(room, id)
  if (name === undefined) throw new UseCaseError('content-not-kept')
  return name
}

/** @throws UseCaseError range-not-satisfiable */
function within(range: VaultRange | undefined, sizeBytes: number): VaultRange {
  if (range === undefined) return { offset: 0, length: sizeBytes }
  const { offset, length } = range
  const fits = Number.isSafeInteger(offset) && offset >= 0 && length >= 0 && offset <= sizeBytes
  if (!fits) throw new UseCaseError('range-not-satisfiable', { detail: `the content has ${sizeBytes} bytes` })
  return { offset, length: Math.min(length, sizeBytes - offset) }
}

/** Decrypts the chunks that hold the range; an error of the place or of the bytes ends the stream as UseCaseError. */
async function* plainBytes(
  reader: BlobReader,
  { dataKey, sizeBytes, chunkLog2 }: OpenedHead,
  offset: number,
  length: number,
  what: string,
): AsyncIterable<Uint8Array> {
  try {
    const { chunkBytes, lastIndex, storedBytes } = layoutOf(sizeBytes, chunkLog2)
    if (storedBytes !== reader.storedBytes) throw new DamageError('its length is wrong')
    const first = Math.min(lastIndex, Math.floor(offset / chunkBytes))
    const end = Math.max(first, Math.min(lastIndex, Math.floor((offset + Math.max(length, 1) - 1) / chunkBytes)))
    const frameBytes = chunkBytes + TAG_BYTES
    const from = HEAD_BYTES + first * frameBytes
    const until = Math.min(storedBytes, HEAD_BYTES + (end + 1) * frameBytes)
    let index = first
    for await (const frame of reader.frames(from, until - from, frameBytes)) {
      const plain = openChunk(dataKey, index, index === lastIndex, frame)
      const at = index++ * chunkBytes
      const piece = plain.subarray(Math.max(0, offset - at), Math.max(0, Math.min(plain.length, offset + length - at)))
      if (piece.length > 0) yield piece
    }
    if (index !== end + 1) throw new DamageError(`chunk ${index} is missing`)
  } catch (error) {
    throw asVaultError(error, what)
  } finally {
    await reader.close().catch(() => {})
  }
}

async function* guarded(
  stream: AsyncIterable<Uint8Array>,
  maxBytes: number,
  signal: AbortSignal | undefined,
): AsyncIterable<Uint8Array> {
  let total = 0
  for await (const piece of stream) {
    if (signal?.aborted === true) throw new UseCaseError('cancelled')
    total += piece.length
    if (total > maxBytes) throw new UseCaseError('too-large', { detail: `more than ${maxBytes} bytes` })
    yield piece
  }
  if (signal?.aborted === true) throw new UseCaseError('cancelled')
}

/** Pieces of any length as chunks of one length; the last one is marked, and may be empty only where all is. */
async function* chunksOf(
  stream: AsyncIterable<Uint8Array>,
  chunkBytes: number,
): AsyncIterable<{ readonly chunk: Uint8Array; readonly last: boolean }> {
  // Grows with what comes, so that a short content takes little.
  let buffer = Buffer.allocUnsafe(Math.min(chunkBytes, 16_384))
  let filled = 0
  for await (const piece of stream) {
    for (let at = 0; at < piece.length;) {
      if (filled === chunkBytes) {
        yield { chunk: buffer, last: false }
        filled = 0
      }
      const count = Math.min(chunkBytes - filled, piece.length - at)
      if (filled + count > buffer.length) buffer = grown(buffer, filled, filled + count, chunkBytes)
      buffer.set(piece.subarray(at, at + count), filled)
      filled += count
      at += count
    }
  }
  yield { chunk: buffer.subarray(0, filled), last: true }
}

function grown(buffer: Buffer<ArrayBuffer>, filled: number, needed: number, most: number): Buffer<ArrayBuffer> {
  const next = Buffer.allocUnsafe(Math.min(most, Math.max(needed, buffer.length * 4)))
  buffer.copy(next, 0, 0, filled)
  return next
}

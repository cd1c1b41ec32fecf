import { createHash, randomUUID } from 'node:crypto'
import { UseCaseError } from '../errors.ts'
import type { Vault } from '../ports/vault.ts'

// A vault for tests: what the port says, in memory.

export interface MemoryVault extends Vault {
  readonly intakes: Map<string, Uint8Array>
  readonly store: Map<string, Uint8Array>
}

export function memoryVault(): MemoryVault {
  const intakes = new Map<string, Uint8Array>()
  const store = new Map<string, Uint8Array>()
  const hash = (algorithm: string, bytes: Uint8Array): string => createHash(algorithm).update(bytes).digest('hex')
  const found = (room: Map<string, Uint8Array>, key: string): Uint8Array => {
    const bytes = room.get(key)
    if (bytes === undefined) throw new UseCaseError('content-not-kept', { detail: key })
    return bytes
  }
  return {
    intakes,
    store,
    async takeIn(stream, { maxBytes, signal }) {
      const chunks: Uint8Array[] = []
      let size = 0
      for await (const chunk of stream) {
        size += chunk.length
        if (size > maxBytes) throw new UseCaseError('too-large')
        if (signal?.aborted === true) throw new UseCaseError('cancelled')
        chunks.push(chunk.slice())
      }
      const bytes = Buffer.concat(chunks)
      const intake = randomUUID()
      intakes.set(intake, bytes)
      return {
        intake,
        sizeBytes: size,
        sha256: hash('sha256', bytes),
        sha1: hash('sha1', bytes),
        md5: hash('md5', bytes),
      }
    },
    async openIntake(intake) {
      return once(found(intakes, intake))
    },
    async keep(intake, sha256) {
      const bytes = intakes.get(intake)
      if (bytes === undefined) {
        if (!store.has(sha256)) throw new UseCaseError('content-not-kept')
        return
      }
      store.set(sha256, bytes)
      intakes.delete(intake)
    },
    async discard(intake) {
      intakes.delete(intake)
    },
    async *listIntakes() {
      yield* intakes.keys()
    },
    async has(sha256) {
      return store.has(sha256)
    },
    async open(sha256, range) {
      const bytes = found(store, sha256)
      const part = range === undefined ? bytes : bytes.subarray(range.offset, range.offset + range.length)
      return { sizeBytes: bytes.length, stream: once(part) }
    },
    async delete(sha256) {
      store.delete(sha256)
    },
    async *list() {
      yield* store.keys()
    },
    async rotate() {
      return { key: 'k2' }
    },
    async status() {
      return { kind: 'files', key: 'k1', freeBytes: undefined }
    },
    async close() {},
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

import {
  ANY_SIZE,
  ColdStore,
  DIGEST_BYTES,
  sizeBit,
  type DatabaseImage,
  type DigestName,
  type HashKind,
  type HashRecordView,
  type HashSetView,
} from '../signatures/index.ts'

// Looks digests up: size filter, 64-bit prefix in the hot part, full record in the cold part.

/** Signatures that one digest may have; more are not reported. */
const MAX_SAME_DIGEST = 64

export class DigestLookup {
  readonly #cold: ColdStore
  readonly #sets: ReadonlyMap<string, HashSetView>

  constructor(image: DatabaseImage, cold: ColdStore) {
    this.#cold = cold
    this.#sets = new Map(image.hashSets.map(set => [`${set.meta.kind}.${set.meta.digest}`, set]))
  }

  /** True where some signature of this kind exists for any size. */
  has(kind: HashKind, digest: DigestName): boolean {
    return this.#sets.has(`${kind}.${digest}`)
  }

  /** True where a signature could match content of this size, so that the digest is worth computing. */
  wants(kind: HashKind, digest: DigestName, size: number): boolean {
    const set = this.#sets.get(`${kind}.${digest}`)
    if (set === undefined) return false
    if (set.meta.anySize) return true
    for (const round of [0, 1] as const) {
      const bit = sizeBit(size, round, set.meta.sizeBits)
      if ((set.sizes[bit >> 3] & (1 << (bit & 7))) === 0) return false
    }
    return true
  }

  /**
   * Signatures with exactly this digest and this size (or any).
   * @param value - the digest, DIGEST_BYTES[digest] bytes
   * @throws ImageError where the image file cannot be read or is damaged
   */
  find(kind: HashKind, digest: DigestName, value: Uint8Array, size: number): HashRecordView[] {
    const set = this.#sets.get(`${kind}.${digest}`)
    if (set === undefined) return []
    const high = ((value[0] << 24) | (value[1] << 16) | (value[2] << 8) | value[3]) >>> 0
    const low = ((value[4] << 24) | (value[5] << 16) | (value[6] << 8) | value[7]) >>> 0
    const bucket = high >>> (32 - set.meta.startBits)
    const found: HashRecordView[] = []
    for (let i = set.starts[bucket]; i < set.starts[bucket + 1] && found.length < MAX_SAME_DIGEST; i++) {
      if (set.prefixes[i * 2] !== high || set.prefixes[i * 2 + 1] !== low) continue
      const record = this.#cold.hash(set, i, DIGEST_BYTES[digest])
      if (record.size !== size && record.size !== ANY_SIZE) continue
      if (record.digest.every((byte, k) => byte === value[k])) found.push(record)
    }
    return found
  }
}

import { DIGEST_BYTES, type DigestName, type HashKind } from '../language/ir.ts'
import { ANY_SIZE } from '../language/lines.ts'
import { HASH_RECORD_TAIL_BYTES, sizeBit, type HashSetMeta } from '../image/layout.ts'
import { GrowableBytes, GrowableWords } from './growable.ts'

// A set of digests: 64-bit prefixes sorted and bucketed (hot), full digests with sizes and names (cold).

/** Buckets hold eight prefixes on the average. */
const BUCKET_LOAD_BITS = 3
const SIZE_FILTER_BITS_PER_ENTRY = 8

export interface HashSetSections {
  readonly meta: HashSetMeta
  readonly starts: Uint32Array
  /** Pairs of big-endian words: the first eight bytes of each digest, ascending. */
  readonly prefixes: Uint32Array
  /** Bit filter over the sizes that occur. */
  readonly sizes: Uint8Array
  readonly records: Uint8Array
}

export class HashSetBuilder {
  readonly kind: HashKind
  readonly digest: DigestName
  readonly #digestBytes: number
  readonly #digests = new GrowableBytes()
  /** Four words an entry: size, name at, name length << 16 | file, line. */
  readonly #tails = new GrowableWords()
  count = 0

  constructor(kind: HashKind, digest: DigestName) {
    this.kind = kind
    this.digest = digest
    this.#digestBytes = DIGEST_BYTES[digest]
  }

  add(value: Uint8Array, size: number, nameAt: number, nameLength: number, file: number, line: number): void {
    this.#digests.append(value, 0, this.#digestBytes)
    this.#tails.push(size)
    this.#tails.push(nameAt)
    this.#tails.push(((nameLength << 16) | file) >>> 0)
    this.#tails.push(line)
    this.count++
  }

  #word(index: number, at: number): number {
    const bytes = this.#digests.bytes
    const offset = index * this.#digestBytes + at
    return ((bytes[offset] << 24) | (bytes[offset + 1] << 16) | (bytes[offset + 2] << 8) | bytes[offset + 3]) >>> 0
  }

  build(): HashSetSections {
    const startBits = Math.max(1, Math.min(24, Math.ceil(Math.log2(Math.max(1, this.count))) - BUCKET_LOAD_BITS))
    const { order, starts } = this.#sort(startBits)
    const prefixes = new Uint32Array(this.count * 2)
    const recordBytes = this.#digestBytes + HASH_RECORD_TAIL_BYTES
    const records = new Uint8Array(this.count * recordBytes)
    const view = new DataView(records.buffer)
    const tails = this.#tails.words
    for (let i = 0; i < this.count; i++) {
      const index = order[i]
      prefixes[i * 2] = this.#word(index, 0)
      prefixes[i * 2 + 1] = this.#word(index, 4)
      const at = index * this.#digestBytes
      records.set(this.#digests.bytes.subarray(at, at + this.#digestBytes), i * recordBytes)
      const tail = i * recordBytes + this.#digestBytes
      view.setUint32(tail, tails[index * 4], true)
      view.setUint32(tail + 4, tails[index * 4 + 1], true)
      view.setUint16(tail + 8, tails[index * 4 + 2] >>> 16, true)
      view.setUint16(tail + 10, tails[index * 4 + 2] & 0xffff, true)
      view.setUint32(tail + 12, tails[index * 4 + 3], true)
    }
    const { sizes, sizeBits, anySize } = this.#sizeFilter()
    const meta = { kind: this.kind, digest: this.digest, count: this.count, anySize, startBits, sizeBits }
    return { meta, starts, prefixes, sizes, records }
  }

  /** Counting sort by the high bits, then insertion sort inside each bucket: stable, so that builds repeat. */
  #sort(startBits: number): { order: Uint32Array; starts: Uint32Array } {
    const starts = new Uint32Array((1 << startBits) + 1)
    const shift = 32 - startBits
    for (let i = 0; i < this.count; i++) starts[(this.#word(i, 0) >>> shift) + 1]++
    for (let b = 1; b < starts.length; b++) starts[b] += starts[b - 1]
    const next = starts.slice()
    const order = new Uint32Array(this.count)
    for (let i = 0; i < this.count; i++) {
      const bucket = this.#word(i, 0) >>> shift
      let at = next[bucket]++
      while (at > starts[bucket] && this.#less(i, order[at - 1])) {
        order[at] = order[at - 1]!
        at--
      }
      order[at] = i
    }
    return { order, starts }
  }

  #less(a: number, b: number): boolean {
    const high = this.#word(a, 0) - this.#word(b, 0)
    return high !== 0 ? high < 0 : this.#word(a, 4) < this.#word(b, 4)
  }

  #sizeFilter(): { sizes: Uint8Array; sizeBits: number; anySize: boolean } {
    const wanted = Math.ceil(Math.log2(Math.max(1, this.count) * SIZE_FILTER_BITS_PER_ENTRY))
    const sizeBits = Math.max(6, Math.min(24, wanted))
    const sizes = new Uint8Array(1 << (sizeBits - 3))
    let anySize = false
    for (let i = 0; i < this.count; i++) {
      const size = this.#tails.words[i * 4]
      if (size === ANY_SIZE) anySize = true
      else
        for (const round of [0, 1] as const) {
          const bit = sizeBit(size, round, sizeBits)
          sizes[bit >> 3] |= 1 << (bit & 7)
        }
    }
    return { sizes, sizeBits, anySize }
  }
}

import { COLD_BLOCK_BYTES, CONTENT_RECORD_BYTES, HASH_RECORD_TAIL_BYTES } from './layout.ts'
import { ImageError, type DatabaseImage, type HashSetView } from './open.ts'

// Names, full digests and places of signatures: read from the image file when something hits, checked block by block.

/** Reads [offset, offset + length) of the image file; short at its end. Synchronous: hits are rare. */
export type ReadPort = (offset: number, length: number) => Uint8Array

/** Where a signature comes from. */
export interface SignatureOrigin {
  readonly name: string
  readonly database: string
  readonly line: number
}

/** One cold hash record. */
export interface HashRecordView extends SignatureOrigin {
  readonly digest: Uint8Array
  readonly size: number
}

export class ColdStore {
  readonly #image: DatabaseImage
  readonly #read: ReadPort
  readonly #crc32: (bytes: Uint8Array) => number
  readonly #decoder = new TextDecoder()
  #cachedBlock = -1
  #cached = new Uint8Array(0)

  constructor(image: DatabaseImage, read: ReadPort, crc32: (bytes: Uint8Array) => number) {
    this.#image = image
    this.#read = read
    this.#crc32 = crc32
  }

  #block(index: number): Uint8Array {
    if (index === this.#cachedBlock) return this.#cached
    const { start, end, blocks } = this.#image.cold
    const offset = start + index * COLD_BLOCK_BYTES
    const length = Math.min(COLD_BLOCK_BYTES, end - offset)
    const bytes = length > 0 ? this.#read(offset, length) : new Uint8Array(0)
    if (bytes.length < length || length <= 0) throw new ImageError('image-truncated', `block at ${offset}`)
    if (this.#crc32(bytes) !== blocks[index]) throw new ImageError('image-corrupt', `block at ${offset}`)
    this.#cachedBlock = index
    return (this.#cached = bytes.slice())
  }

  /** Copies bytes out of checked blocks. @throws ImageError */
  bytes(offset: number, length: number): Uint8Array {
    const out = new Uint8Array(length)
    for (let done = 0; done < length;) {
      const relative = offset + done - this.#image.cold.start
      const block = this.#block(Math.floor(relative / COLD_BLOCK_BYTES))
      const inBlock = relative % COLD_BLOCK_BYTES
      const count = Math.min(length - done, block.length - inBlock)
      if (count <= 0) throw new ImageError('image-truncated', `at ${offset}`)
      out.set(block.subarray(inBlock, inBlock + count), done)
      done += count
    }
    return out
  }

  #origin(nameAt: number, nameLength: number, file: number, line: number): SignatureOrigin {
    const { names } = this.#image.cold
    const name = this.#decoder.decode(this.bytes(names.offset + nameAt, nameLength))
    return { name, database: this.#image.meta.sources[file]?.name ?? '', line }
  }

  /** Origin of a content signature by its number. @throws ImageError */
  content(signature: number): SignatureOrigin {
    const at = this.#image.cold.contentRecords.offset + signature * CONTENT_RECORD_BYTES
    const view = new DataView(this.bytes(at, CONTENT_RECORD_BYTES).buffer)
    return this.#origin(
      view.getUint32(0, true),
      view.getUint16(4, true),
      view.getUint16(6, true),
      view.getUint32(8, true),
    )
  }

  /** Record of a digest signature by its position in the set. @throws ImageError */
  hash(set: HashSetView, index: number, digestBytes: number): HashRecordView {
    const recordBytes = digestBytes + HASH_RECORD_TAIL_BYTES
    const record = this.bytes(set.recordsAt + index * recordBytes, recordBytes)
    const view = new DataView(record.buffer, digestBytes)
    const origin = this.#origin(
      view.getUint32(4, true),
      view.getUint16(8, true),
      view.getUint16(10, true),
      view.getUint32(12, true),
    )
    return { ...origin, digest: record.subarray(0, digestBytes), size: view.getUint32(0, true) }
  }
}

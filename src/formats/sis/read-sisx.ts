import { u32le } from '../../bytes/index.ts'
import type { SisFile } from './read.ts'

// Packages of Symbian OS 9 (SISX): a tree of fields, each `type, length, content`, filled up to four bytes; in an array
// the type stands once. Source: Symbian OS v9.x SIS File Format Specification.

const TYPE = { array: 2, compressed: 3, contents: 12, data: 30, dataUnit: 31, fileData: 32 } as const
/** Fields that hold nothing but fields. */
const NODES: ReadonlySet<number> = new Set([TYPE.contents, TYPE.data, TYPE.dataUnit, TYPE.fileData])
/** UIDs and their checksum stand before the tree. */
const TREE = 16
const DEFLATE = 1
/** How a compressed field starts: the algorithm, and the size of what comes out in 64 bits. */
const COMPRESSED_HEADER = 12
/** contents → data → array → unit → array → file → compressed. */
const MAX_DEPTH = 8

/** Everything that is stored as a compressed field: the controller, which describes the package, then the files. */
export function* readSisx(bytes: Uint8Array): Generator<SisFile, void, void> {
  yield* new Walk(bytes).fields(TREE, bytes.length, 0)
}

class Walk {
  readonly #bytes: Uint8Array
  #files = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** Fields with a type of their own, in [start, end). */
  *fields(start: number, end: number, depth: number): Generator<SisFile> {
    for (let at = start; at + 8 <= end;) at = yield* this.#field(u32le(this.#bytes, at), at + 4, end, depth)
  }

  /** One field whose length is at `at`; answers where the next one is. */
  *#field(type: number, at: number, end: number, depth: number): Generator<SisFile, number> {
    const [start, size] = this.#length(at)
    const stop = Math.min(start + size, end)
    const missingBytes = start + size - stop
    if (type === TYPE.compressed) yield this.#compressed(start, stop, missingBytes)
    else if (depth < MAX_DEPTH && NODES.has(type)) yield* this.fields(start, stop, depth + 1)
    else if (depth < MAX_DEPTH && type === TYPE.array) {
      const element = u32le(this.#bytes, start)
      for (let next = start + 4; next + 4 <= stop;) next = yield* this.#field(element, next, stop, depth + 1)
    }
    return Math.ceil((start + size) / 4) * 4
  }

  /** Start and size of the content; lengths from 2^31 on take eight bytes. */
  #length(at: number): readonly [start: number, size: number] {
    const low = u32le(this.#bytes, at)
    if (low < 0x8000_0000) return [at + 4, low]
    return [at + 8, low - 0x8000_0000 + u32le(this.#bytes, at + 4) * 0x8000_0000]
  }

  #compressed(start: number, stop: number, missingBytes: number): SisFile {
    const isCompressed = stop - start >= 4 && u32le(this.#bytes, start) === DEFLATE
    const name = this.#files === 0 ? 'controller' : `file-${this.#files}`
    this.#files++
    return { name, data: this.#bytes.subarray(start + COMPRESSED_HEADER, stop), missingBytes, isCompressed }
  }
}

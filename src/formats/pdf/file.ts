import { ContentError, latin1 } from '../../bytes/index.ts'
import { collected } from '../../codecs/index.ts'
import { skipWhite, wordAt } from './characters.ts'
import { CompressedObjects } from './compressed.ts'
import { openEncryption } from './encryption.ts'
import type { Decryptor, PdfCrypto } from './encryption.ts'
import { applyFilters, filtersOf } from './filters.ts'
import type { FilterStep } from './filters.ts'
import { Word } from './find.ts'
import { readBetween } from './gaps.ts'
import type { Between, Gap } from './gaps.ts'
import { MARK_PAGE, MARK_STRUCTURE } from './names.ts'
import { ObjectReader } from './objects.ts'
import type { IndirectObject } from './objects.ts'
import { Work } from './parser.ts'
import { scanHeads } from './scan.ts'
import type { Heads } from './scan.ts'
import { isArray, isDictionary, nameOf, PdfRef, PdfString } from './values.ts'
import type { PdfDictionary, PdfValue } from './values.ts'
import { readCrossReferences } from './xref.ts'
import type { CrossReferences, XrefStream } from './xref.ts'

/** Bytes of syntax that may be read for each byte of the file; sound files need two to four. */
const WORK_FACTOR = 8
const LEAST_WORK_BYTES = 1 << 20
/** References that lead to references. */
const MAX_HOPS = 8
const HEADER_RANGE = 1024
/** One stream of objects; writers put some hundred objects into one. */
const MAX_STRUCTURE_BYTES = 64 << 20

/**
 * A PDF file, with every object that any reading of it has: all that the linear scan finds, and all that streams of
 * objects hold. Values are read again each time they are asked for, so memory does not grow with their size.
 */
export class PdfFile {
  readonly bytes: Uint8Array
  /** Offset of `%PDF-`, or 0. */
  readonly base: number
  /** As the header says; empty without one. */
  readonly version: string
  readonly gaps: readonly Gap[]
  readonly references: CrossReferences
  /** All trailers, newest first as far as that is known. */
  readonly trailers: readonly PdfDictionary[]
  /** Numbers of top-level objects that are pages. */
  readonly pages: Set<number>
  /** Times that the file was saved. */
  readonly revisions: number
  readonly isEncrypted: boolean
  readonly decryptor: Decryptor | undefined
  readonly compressed: CompressedObjects
  /** What ended the scan early. */
  fault: ContentError | undefined
  readonly #heads: Heads
  /** Bits of names.ts, by index; only for objects that were read. */
  readonly #marks: Uint8Array
  readonly #latest = new Map<number, number>()
  readonly #earlier: Int32Array
  readonly #embedded = new Set<number>()
  readonly #work: Work
  readonly #reader: ObjectReader

  constructor(bytes: Uint8Array, crypto: PdfCrypto, passwords: readonly string[]) {
    this.bytes = bytes
    this.#work = new Work(WORK_FACTOR * bytes.length + LEAST_WORK_BYTES)
    this.#reader = new ObjectReader(bytes, this.#work)
    const header = new Word('%PDF-').find(bytes, 0, Math.min(bytes.length, HEADER_RANGE))
    this.base = Math.max(0, header)
    this.version = header < 0 ? '' : versionAt(bytes, header + 5)
    this.#heads = scanHeads(bytes)
    this.#marks = new Uint8Array(this.#heads.offsets.length)
    this.#earlier = new Int32Array(this.#heads.offsets.length).fill(-1)
    this.#heads.numbers.forEach((number, index) => {
      this.#earlier[index] = this.#latest.get(number) ?? -1
      this.#latest.set(number, index)
    })
    const between: Between = { gaps: [], trailers: [], startxrefs: 0 }
    const first = this.#readAll(between)
    this.pages = first.pages
    this.fault = first.fault
    this.gaps = between.gaps
    const references = readCrossReferences(bytes, this.base, offset => this.#xrefStream(offset), this.#work)
    this.references = references
    if (!this.#allHeads(references.offsets)) references.isSound = false
    this.trailers = [...references.trailers, ...between.trailers.reverse(), ...first.trailers]
    this.revisions = Math.max(1, between.startxrefs - (first.isLinearised ? 1 : 0))
    this.isEncrypted = this.trailers.some(
      trailer => trailer.get('Encrypt') instanceof PdfRef || isDictionary(trailer.get('Encrypt')),
    )
    this.compressed = new CompressedObjects(this.#work)
    this.decryptor = this.isEncrypted ? this.#open(crypto, passwords) : undefined
    if (!this.isLocked && this.fault === undefined) this.fault = this.#readCompressed()
  }

  /** Encrypted, and no password fits. */
  get isLocked(): boolean {
    return this.isEncrypted && this.decryptor === undefined
  }

  get isCut(): boolean {
    return this.#heads.isCut
  }

  /** Indices of the objects that have one of these bits; objects of an embedded file are left to that file. */
  *indices(marks: number): Generator<number, void, void> {
    for (let index = 0; index < this.#marks.length; index++)
      if ((this.#marks[index] & marks) !== 0 && (this.isEncrypted || !this.#embedded.has(index))) yield index
  }

  /** @throws ContentError when there was too much work */
  object(index: number): IndirectObject {
    const { offsets, numbers, generations, bodies } = this.#heads
    return this.#reader.read(offsets[index], numbers[index], generations[index], bodies[index], this.#lengthOf)
  }

  offsetOf(index: number): number {
    return this.#heads.offsets[index]
  }

  /** Indices of everything that is defined under this number, newest first. */
  *definitions(number: number): Generator<number, void, void> {
    for (let index = this.#latest.get(number) ?? -1; index >= 0; index = this.#earlier[index]) yield index
  }

  /** Follows references to the newest definition; undefined where there is none. @throws ContentError */
  readonly resolve = (value: PdfValue | undefined): PdfValue | undefined => {
    for (let hops = 0; value instanceof PdfRef && hops < MAX_HOPS; hops++) {
      const index = this.#latest.get(value.number)
      value = index === undefined ? this.compressed.value(value.number) : this.object(index).value
    }
    return value instanceof PdfRef ? undefined : value
  }

  /** Data of a stream as it stands in the file, decrypted. @param end - one of its two ends */
  data({ number, generation, value, stream }: IndirectObject, end: number): Uint8Array {
    const raw = stream === undefined ? this.bytes.subarray(0, 0) : this.bytes.subarray(stream.start, end)
    if (this.decryptor === undefined || !isDictionary(value)) return raw
    return this.decryptor.stream(raw, number, generation, value)
  }

  /** @throws ContentError too-large */
  filters(object: IndirectObject): readonly FilterStep[] {
    return isDictionary(object.value) ? filtersOf(object.value, this.resolve) : []
  }

  /** Bytes of a string of a top-level object. */
  string(string: PdfString, number: number, generation: number): Uint8Array {
    return this.decryptor === undefined ? string.bytes : this.decryptor.string(string.bytes, number, generation)
  }

  /** True where some table of cross-references leads to this object, or none is whole. */
  isReferenced(offset: number): boolean {
    const { isSound, offsets } = this.references
    if (!isSound) return true
    // Writers point to the end of line before the number, and viewers do not mind.
    for (let i = 0; i < 3; i++) if (offsets.has(offset - i)) return true
    return false
  }

  readonly #lengthOf = (value: PdfValue | undefined): number | undefined => {
    if (!(value instanceof PdfRef)) return typeof value === 'number' && Number.isInteger(value) ? value : undefined
    const index = this.#latest.get(value.number)
    if (index === undefined) return undefined
    const at = skipWhite(this.bytes, this.#heads.bodies[index], this.bytes.length)
    let length = 0
    let digits = 0
    for (; digits < 12 && this.bytes[at + digits] >= 0x30 && this.bytes[at + digits] <= 0x39; digits++)
      length = length * 10 + this.bytes[at + digits] - 0x30
    return digits > 0 ? length : undefined
  }

  /** True where each of these offsets, but for white space, is that of an object. */
  #allHeads(offsets: ReadonlySet<number>): boolean {
    const { offsets: heads } = this.#heads
    for (const offset of offsets) {
      const index = lowerBound(heads, offset)
      if (offset !== 0 && (index === heads.length || heads[index] > offset + 2)) return false
    }
    return true
  }

  /** The first reading of every object: marks, extents, pages, trailers in streams. */
  #readAll(between: Between) {
    const { bytes } = this
    const trailers: PdfDictionary[] = []
    const pages = new Set<number>()
    let isLinearised = false
    let fault: ContentError | undefined
    let cursor = this.base
    let embeddedEnd = 0
    if (this.base > 0) readBetween(bytes, 0, this.base, this.#work, between)
    try {
      for (let index = 0; index < this.#marks.length; index++) {
        const object = this.object(index)
        const { offset, value, valueEnd, stream } = object
        this.#marks[index] = object.marks | (stream === undefined ? 0 : MARK_STREAM) | oddities(object)
        if (offset < embeddedEnd) this.#embedded.add(index)
        if (isDictionary(value)) {
          if ((object.marks & MARK_PAGE) !== 0 && nameOf(value.get('Type')) === 'Page') pages.add(object.number)
          if (nameOf(value.get('Type')) === 'XRef') trailers.push(value)
          if (index < 8 && value.has('Linearized')) isLinearised = true
        }
        if (offset > cursor) readBetween(bytes, cursor, offset, this.#work, between)
        cursor = Math.max(cursor, valueEnd)
        if (stream === undefined) continue
        if (stream.start > cursor) readBetween(bytes, cursor, stream.start, this.#work, between)
        cursor = Math.max(cursor, stream.outerEnd)
        if (wordAt(bytes, stream.start, '%PDF-')) embeddedEnd = Math.max(embeddedEnd, stream.end)
      }
      readBetween(bytes, cursor, bytes.length, this.#work, between)
    } catch (error) {
      if (!(error instanceof ContentError)) throw error
      fault = error
      between.gaps.push({ start: cursor, end: bytes.length })
    }
    return { trailers, pages, isLinearised, fault }
  }

  #xrefStream(offset: number): XrefStream | undefined {
    const index = lowerBound(this.#heads.offsets, offset)
    if (this.#heads.offsets[index] !== offset) return undefined
    const object = this.object(index)
    const { value, stream } = object
    if (stream === undefined || !isDictionary(value) || !value.has('W')) return undefined
    const raw = this.bytes.subarray(stream.start, stream.end)
    const { bytes } = collected(asDecoder(applyFilters(raw, this.filters(object), this.resolve)), MAX_STRUCTURE_BYTES)
    return { dictionary: value, data: bytes }
  }

  #open(crypto: PdfCrypto, passwords: readonly string[]): Decryptor | undefined {
    for (const trailer of this.trailers) {
      const encrypt = this.resolve(trailer.get('Encrypt'))
      if (!isDictionary(encrypt)) continue
      const ids = this.trailers.flatMap(other => {
        const id = this.resolve(other.get('ID'))
        const first = isArray(id) ? this.resolve(id[0]) : undefined
        return first instanceof PdfString ? [first.bytes] : []
      })
      for (const id of distinct([...ids, new Uint8Array(0)])) {
        const decryptor = openEncryption(encrypt, id, crypto, passwords, this.resolve)
        if (decryptor !== undefined) return decryptor
      }
    }
    return undefined
  }

  #readCompressed(): ContentError | undefined {
    try {
      this.#readStructures()
      return undefined
    } catch (error) {
      if (error instanceof ContentError) return error
      throw error
    }
  }

  #readStructures(): void {
    for (const index of this.indices(MARK_STRUCTURE)) {
      const object = this.object(index)
      const { value, stream } = object
      if (stream === undefined || !isDictionary(value)) continue
      const first = this.resolve(value.get('First'))
      if (typeof first !== 'number' || !value.has('N')) continue
      const source = applyFilters(this.data(object, stream.end), this.filters(object), this.resolve)
      const { bytes, fault } = collected(asDecoder(source), MAX_STRUCTURE_BYTES)
      this.compressed.add(bytes, first)
      if (fault?.reason === 'too-large') this.compressed.isCut = true
    }
  }
}

/** The object is a stream. */
export const MARK_STREAM = 64
/** The object has something that sound files do not have. */
export const MARK_ODD = 128

const oddities = (object: IndirectObject): number => (object.hasRepeatedKey || object.isDeep ? MARK_ODD : 0)

/** As many identifiers are tried as a sound file of some revisions has. */
const MAX_IDS = 4

function distinct(ids: readonly Uint8Array[]): readonly Uint8Array[] {
  return [...new Map(ids.map(id => [latin1(id), id])).values()].slice(0, MAX_IDS)
}

function versionAt(bytes: Uint8Array, at: number): string {
  let end = at
  while (end < at + 8 && bytes[end] > 0x20 && bytes[end] < 0x7f) end++
  return latin1(bytes, at, end)
}

function* asDecoder(source: Iterable<Uint8Array>): Generator<Uint8Array, number, void> {
  yield* source
  return 0
}

/** Index of the first element that is not below `value`. */
function lowerBound(sorted: readonly number[], value: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle] < value) low = middle + 1
    else high = middle
  }
  return low
}

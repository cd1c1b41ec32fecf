import { ContentError, latin1 } from '../../bytes/index.ts'
import { skipWhite, wordAt } from './characters.ts'
import { CompressedObjects } from './compressed.ts'
import { openEncryption } from './encryption.ts'
import type { Decryptor, PdfCrypto } from './encryption.ts'
import { applyFilters, filtersOf, wholeOf } from './filters.ts'
import type { FilterStep } from './filters.ts'
import { Word } from './find.ts'
import { readBetween } from './gaps.ts'
import type { Between, Gap } from './gaps.ts'
import { MARK_PAGE, MARK_STRUCTURE } from './names.ts'
import { ObjectReader } from './objects.ts'
import type { IndirectObject } from './objects.ts'
import { Work } from './parser.ts'
import { scanHeads, withHeads } from './scan.ts'
import type { Heads } from './scan.ts'
import { isArray, isDictionary, nameOf, PdfRef, PdfString } from './values.ts'
import type { PdfDictionary, PdfValue } from './values.ts'
import { readCrossReferences } from './xref.ts'
import type { CrossReferences, XrefStream } from './xref.ts'

/** Bytes of syntax that may be read for each byte of the file; sound files need two to four. */
const WORK_FACTOR = 8
const LEAST_WORK_BYTES = 1 << 20
/** Heads that only a cross-reference knows; none in sound files. */
const MAX_CLAIMED_HEADS = 10_000
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
  /**
   * How streams and strings are read: one decryptor, or undefined for as they are. More than one where trailers
   * contradict each other; none where no password fits.
   */
  readonly readings: readonly (Decryptor | undefined)[]
  readonly compressed: CompressedObjects
  /** What ended the scan early. */
  fault: ContentError | undefined
  #heads: Heads
  /** Bits of names.ts, by index; only for objects that were read. */
  #marks = new Uint8Array(0)
  readonly #latest = new Map<number, number>()
  #earlier = new Int32Array(0)
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
    this.#index()
    this.references = readCrossReferences(bytes, this.base, offset => this.#xrefStream(offset), this.#work)
    const more = this.#unscanned().slice(0, MAX_CLAIMED_HEADS)
    if (more.length > 0) {
      this.#heads = withHeads(this.#heads, bytes, more)
      this.#index()
    }
    const between: Between = { gaps: [], trailers: [], startxrefs: 0 }
    const first = this.#readAll(between)
    this.pages = first.pages
    this.fault = first.fault
    this.gaps = between.gaps
    if (!this.#allHeads()) this.references.isSound = false
    this.trailers = [...this.references.trailers, ...between.trailers.reverse(), ...first.trailers]
    this.revisions = Math.max(1, between.startxrefs - (first.isLinearised ? 1 : 0))
    this.isEncrypted = this.trailers.some(isEncrypting)
    this.compressed = new CompressedObjects(this.#work)
    const open = this.trailers.some(trailer => trailer.has('Root') && !isEncrypting(trailer))
    this.readings = this.isEncrypted ? [...this.#open(crypto, passwords), ...(open ? [undefined] : [])] : [undefined]
    if (this.fault === undefined) this.fault = this.#readCompressed()
  }

  /** Encrypted, and no password fits. */
  get isLocked(): boolean {
    return this.isEncrypted && !this.readings.some(reading => reading !== undefined)
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

  /**
   * Data of a stream, before its filters.
   * @param end - one of its two ends
   * @param reading - one of `readings`
   */
  data({ number, generation, value, stream }: IndirectObject, end: number, reading: Decryptor | undefined): Uint8Array {
    const raw = stream === undefined ? this.bytes.subarray(0, 0) : this.bytes.subarray(stream.start, end)
    if (reading === undefined || !isDictionary(value)) return raw
    return reading.stream(raw, number, generation, value)
  }

  /** @throws ContentError too-large */
  filters(object: IndirectObject): readonly FilterStep[] {
    return isDictionary(object.value) ? filtersOf(object.value, this.resolve) : []
  }

  /** A string of a top-level object, in each of the readings. */
  strings(string: PdfString, number: number, generation: number): readonly Uint8Array[] {
    return this.readings.map(reading => reading?.string(string.bytes, number, generation) ?? string.bytes)
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

  #index(): void {
    const { numbers } = this.#heads
    this.#marks = new Uint8Array(numbers.length)
    this.#earlier = new Int32Array(numbers.length).fill(-1)
    this.#latest.clear()
    for (let index = 0; index < numbers.length; index++) {
      this.#earlier[index] = this.#latest.get(numbers[index]) ?? -1
      this.#latest.set(numbers[index], index)
    }
  }

  /** Offsets of cross-references, but 0, at which the scan found no object, not even behind white space. */
  #unscanned(): readonly number[] {
    const { offsets } = this.#heads
    return [...this.references.offsets].filter(offset => {
      const index = lowerBound(offsets, offset)
      return offset !== 0 && (index === offsets.length || offsets[index] > offset + 2)
    })
  }

  #allHeads(): boolean {
    return this.#unscanned().length === 0
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
        const isPlain = isDictionary(value) && !value.has('Filter') && !value.has('F')
        if (isPlain && wordAt(bytes, stream.start, '%PDF-')) embeddedEnd = Math.max(embeddedEnd, stream.end)
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
    const { bytes } = wholeOf(applyFilters(raw, this.filters(object), this.resolve), MAX_STRUCTURE_BYTES)
    return { dictionary: value, data: bytes }
  }

  #open(crypto: PdfCrypto, passwords: readonly string[]): readonly Decryptor[] {
    const found = new Map<string, Decryptor>()
    const ids = this.trailers.flatMap(trailer => {
      const id = this.resolve(trailer.get('ID'))
      const first = isArray(id) ? this.resolve(id[0]) : undefined
      return first instanceof PdfString ? [first.bytes] : []
    })
    for (const encrypt of this.#encryptions())
      for (const id of distinct([...ids, new Uint8Array(0)])) {
        const decryptor = openEncryption(encrypt, id, crypto, passwords, this.resolve)
        if (decryptor !== undefined) found.set(decryptor.identity, found.get(decryptor.identity) ?? decryptor)
      }
    return [...found.values()]
  }

  /** Every Encrypt dictionary that some trailer names. */
  #encryptions(): readonly PdfDictionary[] {
    const found: PdfDictionary[] = []
    const seen = new Set<number>()
    for (const trailer of this.trailers) {
      const value = trailer.get('Encrypt')
      if (value instanceof PdfRef) {
        if (seen.has(value.number)) continue
        seen.add(value.number)
        for (const index of this.definitions(value.number)) {
          const { value: encrypt } = this.object(index)
          if (found.length < MAX_ENCRYPTIONS && isDictionary(encrypt)) found.push(encrypt)
        }
      } else if (found.length < MAX_ENCRYPTIONS && isDictionary(value)) found.push(value)
    }
    return found
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
      for (const reading of this.readings) {
        const source = applyFilters(this.data(object, stream.end, reading), this.filters(object), this.resolve)
        const { bytes, fault } = wholeOf(source, MAX_STRUCTURE_BYTES)
        this.compressed.add(bytes, first)
        if (fault?.reason === 'too-large') this.compressed.isCut = true
      }
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
/** One more than that is a trap; each costs a try of every password. */
const MAX_ENCRYPTIONS = 4

const isEncrypting = (trailer: PdfDictionary): boolean => {
  const value = trailer.get('Encrypt')
  return value instanceof PdfRef || isDictionary(value)
}

function distinct(ids: readonly Uint8Array[]): readonly Uint8Array[] {
  return [...new Map(ids.map(id => [latin1(id), id])).values()].slice(0, MAX_IDS)
}

function versionAt(bytes: Uint8Array, at: number): string {
  let end = at
  while (end < at + 8 && bytes[end] > 0x20 && bytes[end] < 0x7f) end++
  return latin1(bytes, at, end)
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

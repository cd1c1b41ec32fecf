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
/** White space in front of a Length that is an object of its own. */
const MAX_WHITE_BYTES = 1024
/** One stream of objects; writers put some hundred objects into one. */
const MAX_STRUCTURE_BYTES = 64 << 20
/** All of them, and all streams of cross-references. */
const MAX_STRUCTURES_BYTES = 192 << 20

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
  fault: ContentError | undefined = undefined
  #heads: Heads
  /** Bits of names.ts, by index; only for objects that were read. */
  #marks = new Uint8Array(0)
  readonly #latest = new Map<number, number>()
  #earlier = new Int32Array(0)
  readonly #embedded = new Set<number>()
  #structureBytes = MAX_STRUCTURES_BYTES
  readonly #work: Work
  readonly #reader: ObjectReader

  constructor(bytes: Uint8Array, crypto: PdfCrypto, passwords: readonly string[]) {
    this.bytes = bytes
    this.#work = new Work(WORK_FACTOR * bytes.length + LEAST_WORK_BYTES)
    this.#reader = new ObjectReader(bytes, this.#work)
    this.compressed = new CompressedObjects(this.#work)
    const header = new Word('%PDF-').find(bytes, 0, Math.min(bytes.length, HEADER_RANGE))
    this.base = Math.max(0, header)
    this.version = header < 0 ? '' : versionAt(bytes, header + 5)
    this.#heads = scanHeads(bytes)
    this.#index()
    const streamAt = (offset: number): XrefStream | undefined => this.#xrefStream(offset)
    this.references = { offsets: new Set(), trailers: [], isSound: true }
    this.#guarded(() => readCrossReferences(bytes, this.base, streamAt, this.#work, this.references))
    const more = this.#unscanned().slice(0, MAX_CLAIMED_HEADS)
    if (more.length > 0) {
      this.#heads = withHeads(this.#heads, bytes, more)
      this.#index()
    }
    const between: Between = { gaps: [], trailers: [], startxrefs: 0 }
    const first = this.#readAll(between)
    this.pages = first.pages
    this.gaps = between.gaps
    if (!this.#allHeads()) this.references.isSound = false
    this.trailers = [...this.references.trailers, ...between.trailers.reverse(), ...first.trailers]
    this.revisions = Math.max(1, between.startxrefs - (first.isLinearised ? 1 : 0))
    this.isEncrypted = this.trailers.some(isEncrypting)
    const open = this.trailers.some(trailer => trailer.has('Root') && !isEncrypting(trailer))
    const decryptors = this.isEncrypted ? (this.#guarded(() => this.#open(crypto, passwords)) ?? []) : []
    this.readings = this.isEncrypted ? [...decryptors, ...(open ? [undefined] : [])] : [undefined]
    if (this.fault === undefined) this.#guarded(() => this.#readCompressed())
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
    const body = this.#heads.bodies[index]
    const at = skipWhite(this.bytes, body, Math.min(this.bytes.length, body + MAX_WHITE_BYTES))
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
    let cursor = this.base
    let embeddedEnd = 0
    let isWhole = false
    this.#guarded(() => {
      readBetween(bytes, 0, this.base, this.#work, between)
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
      isWhole = true
    })
    if (!isWhole) between.gaps.push({ start: cursor, end: bytes.length })
    return { trailers, pages, isLinearised }
  }

  #xrefStream(offset: number): XrefStream | undefined {
    const index = lowerBound(this.#heads.offsets, offset)
    if (this.#heads.offsets[index] !== offset) return undefined
    const object = this.object(index)
    const { value, stream } = object
    if (stream === undefined || !isDictionary(value) || !value.has('W')) return undefined
    const raw = this.bytes.subarray(stream.start, stream.end)
    return { dictionary: value, data: this.#structure(raw, object) }
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

  /** Notes what ends something early; what was found before stays. */
  #guarded<T>(read: () => T): T | undefined {
    try {
      return read()
    } catch (error) {
      if (!(error instanceof ContentError)) throw error
      this.fault ??= error
      return undefined
    }
  }

  /** Decodes a stream of objects or of cross-references. */
  #structure(data: Uint8Array, object: IndirectObject): Uint8Array {
    const source = applyFilters(data, this.filters(object), this.resolve)
    const { bytes, fault } = wholeOf(source, Math.min(this.#structureBytes, MAX_STRUCTURE_BYTES))
    this.#structureBytes -= bytes.length
    if (fault?.reason === 'too-large') this.compressed.isCut = true
    return bytes
  }

  #readCompressed(): void {
    for (const index of this.indices(MARK_STRUCTURE)) {
      const object = this.object(index)
      const { value, stream } = object
      if (stream === undefined || !isDictionary(value)) continue
      const first = this.resolve(value.get('First'))
      if (typeof first !== 'number' || !value.has('N')) continue
      for (const reading of this.readings) {
        this.compressed.add(this.#structure(this.data(object, stream.end, reading), object), first)
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

import { ContentError, latin1 } from '../../bytes/index.ts'
import { wordAt } from './characters.ts'
import { CompressedObjects } from './compressed.ts'
import { openReadings } from './decryptors.ts'
import type { Readings, Trailers } from './decryptors.ts'
import type { Decryptor, PdfCrypto } from './encryption.ts'
import { applyFilters, filtersOf, wholeOf } from './filters.ts'
import type { FilterStep } from './filters.ts'
import { Word } from './find.ts'
import { readBetween } from './gaps.ts'
import type { Between, Gap } from './gaps.ts'
import { MARK_PAGE, MARK_STRUCTURE } from './names.ts'
import { ObjectIndex } from './object-index.ts'
import { ObjectReader } from './objects.ts'
import type { IndirectObject } from './objects.ts'
import { Work } from './parser.ts'
import { isDictionary, nameOf, PdfRef, PdfString } from './values.ts'
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
  readonly #opened: Readings
  readonly compressed: CompressedObjects
  /** What ended the scan early. */
  fault: ContentError | undefined = undefined
  readonly #index: ObjectIndex
  /** Bits of names.ts, by index; only for objects that were read. */
  readonly #marks: Uint8Array
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
    this.#index = new ObjectIndex(bytes)
    const streamAt = (offset: number): XrefStream | undefined => this.#xrefStream(offset)
    this.references = { offsets: new Set(), trailers: [], isSound: true }
    this.#guarded(() => readCrossReferences(bytes, this.base, streamAt, this.#work, this.references))
    if (!this.#index.claim(this.references.offsets)) this.references.isSound = false
    this.#marks = new Uint8Array(this.#index.size)
    const between: Between = { gaps: [], trailers: [], startxrefs: 0 }
    const first = this.#readAll(between)
    this.pages = first.pages
    this.gaps = between.gaps
    this.trailers = [...this.references.trailers, ...between.trailers.reverse(), ...first.trailers]
    this.revisions = Math.max(1, between.startxrefs - (first.isLinearised ? 1 : 0))
    this.#opened = this.#guarded(() => openReadings(this.#trailers(), crypto, passwords)) ?? CLOSED
    if (this.fault === undefined) this.#guarded(() => this.#readCompressed())
  }

  /** How streams and strings are read; see Readings. */
  get readings(): Readings['readings'] {
    return this.#opened.readings
  }

  /** Some of it is encrypted, and no password fits. */
  get isClosed(): boolean {
    return this.#opened.isClosed
  }

  /** Not read as it is, or not only. */
  get isEncrypted(): boolean {
    return this.isClosed || this.readings.some(reading => reading !== undefined)
  }

  get isCut(): boolean {
    return this.#index.heads.isCut
  }

  /** Indices of the objects that have one of these bits; objects of an embedded file are left to that file. */
  *indices(marks: number): Generator<number, void, void> {
    for (let index = 0; index < this.#marks.length; index++)
      if ((this.#marks[index] & marks) !== 0 && (this.isEncrypted || !this.#embedded.has(index))) yield index
  }

  /** @throws ContentError when there was too much work */
  object(index: number): IndirectObject {
    const { offsets, numbers, generations, bodies } = this.#index.heads
    return this.#reader.read(offsets[index], numbers[index], generations[index], bodies[index], this.#lengthOf)
  }

  /** Indices of everything that is defined under this number, newest first. */
  definitions(number: number): Generator<number, void, void> {
    return this.#index.definitions(number)
  }

  /** Follows references to the newest definition; undefined where there is none. @throws ContentError */
  readonly resolve = (value: PdfValue | undefined): PdfValue | undefined => {
    for (let hops = 0; value instanceof PdfRef && hops < MAX_HOPS; hops++) {
      const index = this.#index.latest(value.number)
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
  isReferenced(index: number): boolean {
    const { isSound, offsets } = this.references
    return !isSound || this.#index.isClaimed(index, offsets)
  }

  readonly #lengthOf = (value: PdfValue | undefined): number | undefined => {
    if (value instanceof PdfRef) return this.#index.integer(value.number)
    return typeof value === 'number' && Number.isInteger(value) ? value : undefined
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
    const index = this.#index.at(offset)
    if (index === undefined) return undefined
    const object = this.object(index)
    const { value, stream } = object
    if (stream === undefined || !isDictionary(value) || !value.has('W')) return undefined
    const raw = this.bytes.subarray(stream.start, stream.end)
    return { dictionary: value, data: this.#structure(raw, object) }
  }

  #trailers(): Trailers {
    const { trailers, resolve } = this
    return { trailers, resolve, valuesOf: number => this.#values(number) }
  }

  *#values(number: number): Generator<PdfValue, void, void> {
    for (const index of this.definitions(number)) yield this.object(index).value
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

const CLOSED: Readings = { readings: [], isClosed: true }

const oddities = (object: IndirectObject): number => (object.hasRepeatedKey || object.isDeep ? MARK_ODD : 0)

function versionAt(bytes: Uint8Array, at: number): string {
  let end = at
  while (end < at + 8 && bytes[end] > 0x20 && bytes[end] < 0x7f) end++
  return latin1(bytes, at, end)
}

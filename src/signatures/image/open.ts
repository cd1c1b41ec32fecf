import {
  ALIGNMENT_BYTES,
  CONTENT_RECORD_BYTES,
  GENERATION_BYTES,
  HEADER,
  HEADER_BYTES,
  IMAGE_FORMAT,
  IMAGE_MAGIC,
  MAX_SECTIONS,
  SECTION_ENTRY_BYTES,
  SECTION_HOT,
  SECTION_NAME_BYTES,
  type HashSetMeta,
  type ImageMeta,
  type TableMeta,
} from './layout.ts'

// Opens a database image that lies in memory: checks it, then looks at it in place. Nothing is copied.

export const IMAGE_ERRORS = {
  'image-foreign': 'this is not a Lazaret database image; build one with: lazaret db build OUT PATH…',
  'image-format': 'the database image was written by another version; build it again with: lazaret db build OUT PATH…',
  'image-truncated': 'the database image is shorter than it says; build it again with: lazaret db build OUT PATH…',
  'image-corrupt': 'the database image is damaged; build it again with: lazaret db build OUT PATH…',
} as const
export type ImageErrorCode = keyof typeof IMAGE_ERRORS

/** An image that cannot be used. */
export class ImageError extends Error {
  readonly code: ImageErrorCode
  constructor(code: ImageErrorCode, detail: string) {
    super(`${IMAGE_ERRORS[code]} (${detail})`)
    this.name = 'ImageError'
    this.code = code
  }
}

export interface ImageHeader {
  readonly sections: number
  /** Bytes from the start of the file that are to be loaded. */
  readonly hotBytes: number
  readonly fileBytes: number
  readonly tableCrc: number
  /** Content hash in hexadecimal. */
  readonly generation: string
}

/** Reads the first HEADER_BYTES of an image file. @throws ImageError */
export function readImageHeader(bytes: Uint8Array): ImageHeader {
  if (bytes.length < HEADER_BYTES) throw new ImageError('image-truncated', `${bytes.length} bytes`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.getUint32(HEADER.magic, true) !== IMAGE_MAGIC) throw new ImageError('image-foreign', 'other magic')
  const format = view.getUint32(HEADER.format, true)
  if (format !== IMAGE_FORMAT) throw new ImageError('image-format', `format ${format}, expected ${IMAGE_FORMAT}`)
  const sections = view.getUint32(HEADER.sections, true)
  const hotBytes = view.getUint32(HEADER.hotBytes, true)
  const fileBytes = view.getFloat64(HEADER.fileBytes, true)
  const least = HEADER_BYTES + sections * SECTION_ENTRY_BYTES
  if (sections === 0 || sections > MAX_SECTIONS || hotBytes < least || !(fileBytes >= hotBytes))
    throw new ImageError('image-corrupt', 'the header contradicts itself')
  let generation = ''
  for (let i = 0; i < GENERATION_BYTES; i++) generation += bytes[HEADER.generation + i].toString(16).padStart(2, '0')
  return { sections, hotBytes, fileBytes, tableCrc: view.getUint32(HEADER.tableCrc, true), generation }
}

interface Place {
  readonly offset: number
  readonly length: number
}

/** One digest set in place. */
export interface HashSetView {
  readonly meta: HashSetMeta
  readonly starts: Uint32Array
  readonly prefixes: Uint32Array
  readonly sizes: Uint8Array
  /** File offset of the cold records. */
  readonly recordsAt: number
}

/** One anchor table in place. */
export interface AnchorTableView {
  readonly meta: TableMeta
  readonly filter: Uint32Array
  readonly starts: Uint32Array
  readonly pairFilter: Uint32Array
  readonly pairStarts: Uint32Array
  readonly entries: Uint32Array
  readonly anchors: Uint32Array
  readonly always: Uint32Array
  readonly direct: Uint32Array
}

/** A database image in place; every array is a view of the memory that it was opened in. */
export interface DatabaseImage {
  readonly meta: ImageMeta
  readonly generation: string
  readonly tables: ReadonlyMap<number, AnchorTableView>
  readonly hashSets: readonly HashSetView[]
  readonly patternStart: Uint32Array
  readonly patternSignature: Uint32Array
  readonly patternSub: Uint8Array
  readonly programs: Uint8Array
  readonly firstPattern: Uint32Array
  readonly signatureInfo: Uint32Array
  readonly logicStart: Uint32Array
  readonly conditionsStart: Uint32Array
  readonly logic: Uint8Array
  readonly conditions: Uint8Array
  readonly cold: ColdPlaces
}

/** Where the cold parts lie in the file, and the checksums of its blocks. */
export interface ColdPlaces {
  readonly start: number
  readonly end: number
  readonly blocks: Uint32Array
  readonly contentRecords: Place
  readonly names: Place
}

class Sections {
  readonly places = new Map<string, Place>()
  readonly memory: ArrayBufferLike
  readonly base: number
  #hotEnd = 0

  constructor(memory: ArrayBufferLike, base: number, header: ImageHeader, crc32: (bytes: Uint8Array) => number) {
    this.memory = memory
    this.base = base
    const tableBytes = header.sections * SECTION_ENTRY_BYTES
    const table = new Uint8Array(memory, base + HEADER_BYTES, tableBytes)
    if (crc32(table) !== header.tableCrc) throw new ImageError('image-corrupt', 'section table')
    const view = new DataView(memory, base + HEADER_BYTES, tableBytes)
    for (let i = 0; i < header.sections; i++) this.#add(view, table, i * SECTION_ENTRY_BYTES, header, crc32)
    if (header.hotBytes !== Math.ceil(this.#hotEnd / ALIGNMENT_BYTES) * ALIGNMENT_BYTES)
      throw new ImageError('image-corrupt', 'the hot part ends elsewhere')
  }

  #add(
    view: DataView,
    table: Uint8Array,
    entry: number,
    header: ImageHeader,
    crc32: (bytes: Uint8Array) => number,
  ): void {
    const nameBytes = table.slice(entry, entry + SECTION_NAME_BYTES)
    const nul = nameBytes.indexOf(0)
    const name = new TextDecoder().decode(nul < 0 ? nameBytes : nameBytes.subarray(0, nul))
    const offset = view.getFloat64(entry + 32, true)
    const length = view.getFloat64(entry + 40, true)
    const hot = (view.getUint32(entry + 52, true) & SECTION_HOT) !== 0
    const limit = hot ? header.hotBytes : header.fileBytes
    if (!(offset >= 0) || !(length >= 0) || offset + length > limit)
      throw new ImageError('image-corrupt', `section ${name}`)
    if (hot && crc32(new Uint8Array(this.memory, this.base + offset, length)) !== view.getUint32(entry + 48, true))
      throw new ImageError('image-corrupt', `section ${name}`)
    if (hot) this.#hotEnd = Math.max(this.#hotEnd, offset + length)
    this.places.set(name, { offset, length })
  }

  place(name: string): Place {
    const place = this.places.get(name)
    if (place === undefined) throw new ImageError('image-corrupt', `section ${name} is missing`)
    return place
  }
  bytes(name: string): Uint8Array {
    const { offset, length } = this.place(name)
    return new Uint8Array(this.memory, this.base + offset, length)
  }
  words(name: string): Uint32Array {
    const { offset, length } = this.place(name)
    return new Uint32Array(this.memory, this.base + offset, length >>> 2)
  }
}

/**
 * Opens the hot part of an image at `base` (a multiple of 64) of a memory.
 * @param header - what readImageHeader said of the same bytes
 * @param verify - false where another thread has already checked the same memory
 * @throws ImageError
 */
export function openImage(
  memory: ArrayBufferLike,
  base: number,
  header: ImageHeader,
  crc32: (bytes: Uint8Array) => number,
  verify = true,
): DatabaseImage {
  const sections = new Sections(memory, base, header, verify ? crc32 : uncheckedCrc(memory, base, header))
  const metaBytes = sections.bytes('meta').slice()
  const meta = JSON.parse(new TextDecoder().decode(metaBytes)) as ImageMeta
  const tables = meta.tables.map((table): AnchorTableView => {
    const name = `t${table.target}`
    return {
      meta: table,
      filter: sections.words(`${name}.filter`),
      starts: sections.words(`${name}.starts`),
      pairFilter: sections.words(`${name}.pair-filter`),
      pairStarts: sections.words(`${name}.pair-starts`),
      entries: sections.words(`${name}.entries`),
      anchors: sections.words(`${name}.anchors`),
      always: sections.words(`${name}.always`),
      direct: sections.words(`${name}.direct`),
    }
  })
  const hashSets = meta.hashSets.map((set): HashSetView => {
    const name = `${set.kind}.${set.digest}`
    return {
      meta: set,
      starts: sections.words(`${name}.starts`),
      prefixes: sections.words(`${name}.prefixes`),
      sizes: sections.bytes(`${name}.sizes`),
      recordsAt: sections.place(`${name}.records`).offset,
    }
  })
  const contentRecords = sections.place('content.records')
  if (contentRecords.length !== meta.firstMark * CONTENT_RECORD_BYTES)
    throw new ImageError('image-corrupt', 'content.records')
  return {
    meta,
    generation: header.generation,
    tables: new Map(tables.map(table => [table.meta.target, table])),
    hashSets,
    patternStart: sections.words('pattern.start'),
    patternSignature: sections.words('pattern.signature'),
    patternSub: sections.bytes('pattern.sub'),
    programs: sections.bytes('pattern.programs'),
    firstPattern: sections.words('signature.first'),
    signatureInfo: sections.words('signature.info'),
    logicStart: sections.words('signature.logic'),
    conditionsStart: sections.words('signature.conditions'),
    logic: sections.bytes('logic'),
    conditions: sections.bytes('conditions'),
    cold: {
      start: header.hotBytes,
      end: header.fileBytes,
      blocks: sections.words('cold.blocks'),
      contentRecords,
      names: sections.place('names'),
    },
  }
}

/** Stands in for a checksum that is known to be right: answers what the table says, in the order in which it asks. */
function uncheckedCrc(memory: ArrayBufferLike, base: number, header: ImageHeader): () => number {
  const view = new DataView(memory, base + HEADER_BYTES, header.sections * SECTION_ENTRY_BYTES)
  const answers = [header.tableCrc]
  for (let i = 0; i < header.sections; i++)
    if ((view.getUint32(i * SECTION_ENTRY_BYTES + 52, true) & SECTION_HOT) !== 0)
      answers.push(view.getUint32(i * SECTION_ENTRY_BYTES + 48, true))
  let next = 0
  return () => answers[next++]
}

// Looking at a database image as a file: what it holds, and whether every byte is as it was written.

import { createHash } from 'node:crypto'
import { closeSync, createReadStream, fstatSync, openSync, readSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import {
  ColdStore,
  CONTENT_RECORD_BYTES,
  DIGEST_BYTES,
  HASH_RECORD_TAIL_BYTES,
  HEADER_BYTES,
} from '../signatures/index.ts'
import { ImageError, openImage, SECTION_ENTRY_BYTES, SIGNATURE } from '../signatures/index.ts'
import type { DatabaseImage, DigestName, ImageHeader, ImageMeta } from '../signatures/index.ts'
import { DatabaseError } from './database-error.ts'
import { readHeader, unreadable } from './database-sources.ts'

/** Most bytes one read may ask for. Source: Linux read(2) transfers at most 0x7ffff000 bytes. */
const MAX_READ_BYTES = 2 ** 30
const READ_BYTES = 2 ** 20

/** Where an entry of the section table holds what is needed here, in bytes. Source: signatures/image/layout.ts. */
const SECTION_OFFSET_AT = 32
const SECTION_LENGTH_AT = 40
const SECTION_CRC_AT = 48
/** A description lists its sources: 64 MiB are a million of them. */
const MAX_META_BYTES = 64 * 2 ** 20

/** What an image says of itself. */
export interface ImageSummary {
  /** Generation: hexadecimal content hash. */
  readonly generation: string
  readonly fileBytes: number
  /** Bytes that an engine loads; the rest is read when something hits. */
  readonly loadedBytes: number
  readonly meta: ImageMeta
}

/**
 * Reads the part of an image that engines load, checks it, and says what it holds.
 * @throws DatabaseError
 */
export const inspectImage = (path: string): ImageSummary => refusing(path, () => summaryOf(load(path)))

interface Loaded {
  readonly header: ImageHeader
  readonly image: DatabaseImage
}

function load(path: string): Loaded {
  const header = readHeader(path)
  const memory = readStart(path, header.hotBytes, header.fileBytes)
  return { header, image: openImage(memory, 0, header, bytes => crc32(bytes)) }
}

function summaryOf({ header, image }: Loaded): ImageSummary {
  const { generation, fileBytes, hotBytes: loadedBytes } = header
  return { generation, fileBytes, loadedBytes, meta: image.meta }
}

/**
 * What an image says of itself, without a look at the rest of it. Cost: three short reads, whatever the size.
 * @throws DatabaseError
 */
export function readMeta(path: string): ImageMeta {
  return refusing(path, () => {
    const { sections, tableCrc } = readHeader(path)
    const table = readRange(path, HEADER_BYTES, sections * SECTION_ENTRY_BYTES)
    if (crc32(table) !== tableCrc) throw new ImageError('image-corrupt', 'section table')
    // The first section is the description; openImage checks names and checksums of all of them.
    const offset = table.readDoubleLE(SECTION_OFFSET_AT)
    const length = table.readDoubleLE(SECTION_LENGTH_AT)
    if (!(length >= 0 && length <= MAX_META_BYTES)) throw new ImageError('image-corrupt', 'section meta')
    const text = readRange(path, offset, length)
    if (crc32(text) !== table.readUInt32LE(SECTION_CRC_AT)) throw new ImageError('image-corrupt', 'section meta')
    return JSON.parse(text.toString('utf8')) as ImageMeta
  })
}

/**
 * Checks every byte of an image. Cost: reading and hashing the file twice.
 * @throws DatabaseError that says what is damaged
 */
export async function verifyImage(path: string): Promise<ImageSummary> {
  const loaded = refusing(path, () => load(path))
  refusing(path, () => checkCold(path, loaded))
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path, { start: HEADER_BYTES, highWaterMark: READ_BYTES })) {
    hash.update(chunk as Buffer)
  }
  if (hash.digest('hex') === loaded.header.generation) return summaryOf(loaded)
  throw new DatabaseError('database-corrupt', path, 'its content is not what its header says')
}

/** One signature of an image. */
export interface ListedSignature {
  readonly name: string
  readonly database: string
  readonly line: number
  readonly kind: 'body' | 'logical' | 'hash'
}

/**
 * Every signature of an image, in its order. Cost: the whole file is read, and what an engine loads is held, with the names.
 * @throws DatabaseError
 */
export function* signaturesOf(path: string): Generator<ListedSignature> {
  const { image } = refusing(path, () => load(path))
  const { contentRecords, names } = image.cold
  const texts = readRange(path, names.offset, names.length)
  const listed = (record: Buffer, at: number, kind: ListedSignature['kind']): ListedSignature => {
    const nameAt = record.readUInt32LE(at)
    return {
      name: texts.toString('utf8', nameAt, nameAt + record.readUInt16LE(at + 4)),
      database: image.meta.sources[record.readUInt16LE(at + 6)]?.name ?? '',
      line: record.readUInt32LE(at + 8),
      kind,
    }
  }
  let signature = 0
  for (const record of recordsOf(path, contentRecords.offset, image.meta.firstMark, CONTENT_RECORD_BYTES)) {
    const isLogical = (image.signatureInfo[signature++] & SIGNATURE.LOGICAL) !== 0
    yield listed(record, 0, isLogical ? 'logical' : 'body')
  }
  for (const { meta, recordsAt } of image.hashSets) {
    const bytes = DIGEST_BYTES[meta.digest as DigestName]
    // The size stands between the digest and the place.
    for (const record of recordsOf(path, recordsAt, meta.count, bytes + HASH_RECORD_TAIL_BYTES))
      yield listed(record, bytes + 4, 'hash')
  }
}

function* recordsOf(path: string, offset: number, count: number, bytes: number): Generator<Buffer> {
  const atOnce = Math.floor(READ_BYTES / bytes)
  for (let done = 0; done < count; done += atOnce) {
    const part = readRange(path, offset + done * bytes, Math.min(atOnce, count - done) * bytes)
    for (let at = 0; at < part.length; at += bytes) yield part.subarray(at, at + bytes)
  }
}

/** Names and digests have checksums of their own, which engines check when something hits. */
function checkCold(path: string, { header, image }: Loaded): void {
  const cold = new ColdStore(
    image,
    (offset, length) => readRange(path, offset, length),
    bytes => crc32(bytes),
  )
  for (let at = header.hotBytes; at < header.fileBytes; at += READ_BYTES) {
    cold.bytes(at, Math.min(READ_BYTES, header.fileBytes - at))
  }
}

function refusing<T>(path: string, look: () => T): T {
  try {
    return look()
  } catch (error) {
    if (error instanceof ImageError) throw new DatabaseError('database-corrupt', path, error.message, { cause: error })
    throw error
  }
}

function readStart(path: string, bytes: number, fileBytes: number): ArrayBuffer {
  return withFile(path, file => {
    const { size } = fstatSync(file)
    if (size !== fileBytes) throw new ImageError('image-truncated', `${size} bytes of ${fileBytes}`)
    const memory = new ArrayBuffer(bytes)
    readInto(file, new Uint8Array(memory), 0)
    return memory
  })
}

function readRange(path: string, offset: number, length: number): Buffer {
  const buffer = Buffer.alloc(length)
  withFile(path, file => readInto(file, buffer, offset))
  return buffer
}

function readInto(file: number, into: Uint8Array, offset: number): void {
  for (let at = 0; at < into.length;) {
    const read = readSync(file, into, at, Math.min(MAX_READ_BYTES, into.length - at), offset + at)
    if (read === 0) throw new ImageError('image-truncated', `at ${offset + at}`)
    at += read
  }
}

function withFile<T>(path: string, use: (file: number) => T): T {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch (error) {
    throw unreadable(path, error)
  }
  try {
    return use(file)
  } finally {
    closeSync(file)
  }
}

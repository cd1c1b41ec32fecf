import { hash } from 'node:crypto'
import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { CONTENT_MARGIN_BYTES, createKernel, createReferenceKernel, KERNEL_OUT_BYTES } from '../match/index.ts'
import { createEngineThread } from '../scan/index.ts'
import type { EnginePorts, EngineThread } from '../scan/index.ts'
import { ColdStore, HEADER_BYTES, ImageError, openImage, readImageHeader } from '../signatures/index.ts'
import type { ImageHeader } from '../signatures/index.ts'
import type { EngineParts, LoadedDatabase, ThreadHost } from './engine-parts.ts'
import { ENGINE_VERSION } from './unscannable.ts'

// The parts of a real engine. One shared memory holds everything, read into it straight from the file:
//
//   0      IMAGE_AT                      for each thread
//   +------+---------------------+------+--------+--------+--------+------
//   | spare| hot part of the image|kernel| margin | window | margin | next …
//   +------+---------------------+output+--------+--------+--------+------

const PAGE_BYTES = 65_536
/** The kernel module owns nothing, but what a compiler might put at low addresses is out of the way. */
const IMAGE_AT = PAGE_BYTES
const ALIGNMENT = 64
/**
 * Content up to this is scanned in place; longer content goes through the window in overlapping pieces, which costs a
 * copy for every direct search. Only what content touches becomes resident.
 */
const MAX_WINDOW_BYTES = 128 * 1024 * 1024
/** All windows together leave room for the image in what 32 bits can address. */
const MAX_WINDOWS_BYTES = 2048 * 1024 * 1024
const threadOverheadBytes = align(KERNEL_OUT_BYTES) + CONTENT_MARGIN_BYTES + align(CONTENT_MARGIN_BYTES)

const windowBytesFor = (threads: number): number =>
  align(Math.floor(Math.min(MAX_WINDOW_BYTES, MAX_WINDOWS_BYTES / threads)))
/** What the kernel module declares as its most: all that 32 bits can address. */
const MAX_PAGES = 65_536
const MAX_READ_BYTES = 2 ** 30

/** What the threads of one process share. */
interface SharedImage {
  readonly memory: WebAssembly.Memory
  readonly header: ImageHeader
  /** Size of each thread's window. */
  readonly windowBytes: number
  /** The image file, open: its cold part is read when something hits, whatever becomes of its name. */
  readonly file: number
  /** Absent where no kernel was built. */
  readonly kernel: WebAssembly.Module | undefined
}

function align(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT
}

const threadAt = (header: ImageHeader, windowBytes: number, index: number): number =>
  align(IMAGE_AT + header.hotBytes) + index * (threadOverheadBytes + windowBytes)

const ports: EnginePorts = {
  digest: (name, bytes) => hash(name, bytes, 'buffer'),
  now: () => new Date().toISOString(),
}

/** @throws ImageError when the file ends early */
const readExactly = (file: number, into: Uint8Array, offset: number): void => {
  for (let at = 0; at < into.length;) {
    const read = readSync(file, into, at, Math.min(MAX_READ_BYTES, into.length - at), offset + at)
    if (read === 0) throw new ImageError('image-truncated', `at ${offset + at}`)
    at += read
  }
}

const loadInto = (file: number, threads: number): SharedImage => {
  const head = new Uint8Array(HEADER_BYTES)
  const { size } = fstatSync(file)
  readExactly(file, head, 0)
  const header = readImageHeader(head)
  if (size !== header.fileBytes) throw new ImageError('image-truncated', `${size} bytes of ${header.fileBytes}`)
  const windowBytes = windowBytesFor(threads)
  const pages = Math.ceil(threadAt(header, windowBytes, threads) / PAGE_BYTES)
  if (pages > MAX_PAGES) throw new Error(`the database image and ${threads} threads need more than 4 GiB`)
  const memory = new WebAssembly.Memory({ initial: pages, maximum: MAX_PAGES, shared: true })
  readExactly(file, new Uint8Array(memory.buffer, IMAGE_AT, header.hotBytes), 0)
  return { memory, header, file, windowBytes, kernel: loadKernel() }
}

/** The kernel lies in dist/, beside the bundles. */
export const KERNEL_URL = new URL(
  import.meta.url.endsWith('.ts') ? '../../dist/kernel.wasm' : 'kernel.wasm',
  import.meta.url,
)

const loadKernel = (): WebAssembly.Module | undefined =>
  existsSync(KERNEL_URL) ? new WebAssembly.Module(readFileSync(KERNEL_URL)) : undefined

const load = (imagePath: string, threads: number): LoadedDatabase => {
  const file = openSync(imagePath, 'r')
  try {
    const shared = loadInto(file, threads)
    const { meta, generation } = openImage(shared.memory.buffer, IMAGE_AT, shared.header, bytes => crc32(bytes))
    // Not the modification: the cache marks images as used by it.
    const { birthtimeMs, mtimeMs } = fstatSync(file)
    const builtAtMs = birthtimeMs || mtimeMs
    return { info: { database: generation, signatures: meta.signatures, builtAtMs }, shared }
  } catch (error) {
    closeSync(file)
    throw error
  }
}

const createThread = (given: unknown, index: number, { unpacker, tree }: ThreadHost): EngineThread => {
  const shared = given as SharedImage
  const { memory, header, file, windowBytes, kernel } = shared
  const outAt = threadAt(header, windowBytes, index)
  const windowAt = outAt + align(KERNEL_OUT_BYTES) + CONTENT_MARGIN_BYTES
  const window = new Uint8Array(memory.buffer, windowAt, windowBytes)
  const image = openImage(memory.buffer, IMAGE_AT, header, bytes => crc32(bytes), false)
  const readCold = (offset: number, length: number): Uint8Array => {
    const bytes = new Uint8Array(length)
    readExactly(file, bytes, offset)
    return bytes
  }
  return createEngineThread({
    image,
    cold: new ColdStore(image, readCold, bytes => crc32(bytes)),
    kernel: kernel === undefined ? createReferenceKernel(window) : createKernel(kernel, { memory, windowAt, outAt }),
    window,
    ports,
    version: ENGINE_VERSION,
    ...(unpacker === undefined ? {} : { unpacker }),
    limits: tree,
  })
}

/** Frees what load() took; only where no thread uses it any more. */
export const unload = (database: LoadedDatabase): void => closeSync((database.shared as SharedImage).file)

/** The parts of a real engine: database images and the matcher. */
export const imageParts: EngineParts = { load, createThread }

import { randomUUID } from 'node:crypto'
import { chmod, lstat, open, readdir, rename, rm, rmdir, statfs, unlink, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createFolderSyncer, makePrivateFolder } from '../durable.ts'
import { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDONLY, O_RDWR, O_WRONLY } from '../durable.ts'
import type { BlobEntry, BlobName, BlobReader, Blobs, BlobWriter, Room } from './blobs.ts'
import { HEAD_BYTES } from './format.ts'

// Contents as files: ROOT/intake/ID and ROOT/store/ab/cd/SHA256, 0600 in folders 0700. Written as `.part`, synced,
// renamed, and the folder synced: a name without `.part` is whole.

const PART = '.part'

/** @param root - is made where it is not there. @throws Error where it is not a folder of the user alone */
export async function openFileBlobs(root: string): Promise<Blobs> {
  for (const path of [root, join(root, 'intake'), join(root, 'store')]) {
    await makePrivateFolder(path)
    await demandPrivate(path)
  }
  return new FileBlobs(root)
}

/** Everything below is safe from others, because nobody else may enter. */
async function demandPrivate(path: string): Promise<void> {
  const stat = await lstat(path)
  if (!stat.isDirectory()) throw new Error(`${path} is not a folder; of a symbolic link name the target`)
  if (process.getuid !== undefined && stat.uid !== process.getuid()) throw new Error(`${path} belongs to another user`)
  if ((stat.mode & 0o077) !== 0) await chmod(path, 0o700)
}

class FileBlobs implements Blobs {
  readonly kind = 'files'
  readonly #root: string
  readonly #sync = createFolderSyncer()

  constructor(root: string) {
    this.#root = root
  }

  #path(name: BlobName): string {
    const [room, id] = name.split('/')
    return room === 'intake' ? join(this.#root, room, id) : join(this.#root, room, id.slice(0, 2), id.slice(2, 4), id)
  }

  async create(name: BlobName): Promise<BlobWriter> {
    const path = this.#path(name)
    const handle = await open(path + PART, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
    return new FileWriter(handle, path, this.#sync)
  }

  async open(name: BlobName): Promise<BlobReader | undefined> {
    const handle = await openOrNothing(this.#path(name), O_RDONLY)
    return handle === undefined ? undefined : FileReader.of(handle)
  }

  async has(name: BlobName): Promise<boolean> {
    return (await lstat(this.#path(name)).catch(ignoreAbsent))?.isFile() === true
  }

  async move(from: BlobName, to: BlobName): Promise<boolean> {
    const [source, target] = [this.#path(from), this.#path(to)]
    for (let attempt = 0; ; attempt++) {
      await makePrivateFolder(dirname(target))
      try {
        await rename(source, target)
        break
      } catch (error) {
        if (!isAbsent(error)) throw error
        // Either the source is not there, or the folder has just been removed as empty.
        if (attempt > 3 || !(await this.has(from))) return false
      }
    }
    await this.#sync(dirname(target))
    await this.#sync(dirname(source))
    return true
  }

  async rewriteHead(name: BlobName, steps: readonly Uint8Array[]): Promise<void> {
    await writeHeads(this.#path(name), steps)
  }

  async delete(name: BlobName, { shred }: { readonly shred: boolean }): Promise<void> {
    const path = this.#path(name)
    if (!shred) {
      await unlink(path).catch(ignoreAbsent)
      return
    }
    // It loses its name first, durably: there is never a content under its name that was shredded.
    const rest = join(this.#root, 'intake', `${randomUUID()}${PART}`)
    try {
      await rename(path, rest)
    } catch (error) {
      return ignoreAbsent(error)
    }
    await this.#sync(dirname(path))
    await shredFile(rest)
    // Folders that became empty go, so that a vault that was emptied is.
    await rmdir(dirname(path)).catch(() => {})
  }

  async *list(room: Room): AsyncIterable<BlobEntry> {
    if (room === 'intake') yield* entriesOf(join(this.#root, room))
    for (const outer of room === 'store' ? await foldersOf(join(this.#root, room)) : []) {
      for (const inner of await foldersOf(outer)) yield* entriesOf(inner)
    }
  }

  async clean(): Promise<number> {
    let removed = 0
    const folder = join(this.#root, 'intake')
    for (const name of await readdir(folder)) {
      if (!name.endsWith(PART)) continue
      await shredFile(join(folder, name))
      removed++
    }
    return removed
  }

  async freeBytes(): Promise<number> {
    const { bavail, bsize } = await statfs(this.#root)
    return bavail * bsize
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

async function writeHeads(path: string, steps: readonly Uint8Array[]): Promise<void> {
  const handle = await openOrNothing(path, O_RDWR)
  if (handle === undefined) return
  try {
    for (const head of steps) {
      await writeAll(handle, [head], 0)
      await handle.datasync()
    }
  } finally {
    await handle.close()
  }
}

/** Overwrites the head, which holds the only key, and removes the file. */
async function shredFile(path: string): Promise<void> {
  // On a full disk, or where somebody has put a link, removing is all that can be done.
  await writeHeads(path, [new Uint8Array(HEAD_BYTES)]).catch(() => {})
  await rm(path, { force: true })
}

async function* entriesOf(folder: string): AsyncIterable<BlobEntry> {
  for (const id of (await readdir(folder).catch(ignoreAbsent)) ?? []) {
    if (id.endsWith(PART)) continue
    const stat = await lstat(join(folder, id)).catch(ignoreAbsent)
    if (stat?.isFile() === true) yield { id, modifiedAtMs: stat.mtimeMs }
  }
}

async function foldersOf(path: string): Promise<string[]> {
  const names = (await readdir(path).catch(ignoreAbsent)) ?? []
  return names.filter(name => /^[0-9a-f]{2}$/.test(name)).map(name => join(path, name))
}

class FileWriter implements BlobWriter {
  readonly #handle: FileHandle
  readonly #path: string
  readonly #sync: (folder: string) => Promise<void>
  /** Pieces behind the head that have not been given to the disk: a short content is one write. */
  #held: readonly Uint8Array[] = []
  #position = HEAD_BYTES
  #writing: Promise<void> = Promise.resolve()

  constructor(handle: FileHandle, path: string, sync: (folder: string) => Promise<void>) {
    this.#handle = handle
    this.#path = path
    this.#sync = sync
  }

  /** Returns while the pieces are being written, so that the next ones are encrypted meanwhile. */
  async write(pieces: readonly Uint8Array[]): Promise<void> {
    await this.#writing
    if (this.#held.length > 0) this.#begin(this.#held)
    this.#held = pieces
  }

  #begin(pieces: readonly Uint8Array[]): void {
    const position = this.#position
    this.#position += lengthOf(pieces)
    this.#writing = writeAll(this.#handle, pieces, position)
    this.#writing.catch(() => {})
  }

  async commit(head: Uint8Array): Promise<void> {
    await this.#writing
    if (this.#position === HEAD_BYTES) {
      await writeAll(this.#handle, [head, ...this.#held], 0)
    } else {
      this.#begin(this.#held)
      await this.#writing
      await writeAll(this.#handle, [head], 0)
    }
    await this.#handle.sync()
    await this.#handle.close()
    await rename(this.#path + PART, this.#path)
    await this.#sync(dirname(this.#path))
  }

  async abort(): Promise<void> {
    await this.#writing.catch(() => {})
    await this.#handle.close().catch(() => {})
    await rm(this.#path + PART, { force: true })
    await rm(this.#path, { force: true })
  }
}

const lengthOf = (pieces: readonly Uint8Array[]): number => pieces.reduce((sum, { length }) => sum + length, 0)

/** A disk that is nearly full writes less than it was given before it refuses. */
async function writeAll(handle: FileHandle, pieces: readonly Uint8Array[], position: number): Promise<void> {
  const total = lengthOf(pieces)
  let { bytesWritten } = await handle.writev([...pieces], position)
  if (bytesWritten === total) return
  const whole = Buffer.concat(pieces)
  while (bytesWritten < total) {
    const step = await handle.write(whole, bytesWritten, total - bytesWritten, position + bytesWritten)
    if (step.bytesWritten === 0) throw Object.assign(new Error('The disk takes no more'), { code: 'ENOSPC' })
    bytesWritten += step.bytesWritten
  }
}

class FileReader implements BlobReader {
  readonly storedBytes: number
  readonly head: Uint8Array
  readonly #handle: FileHandle

  private constructor(handle: FileHandle, storedBytes: number, head: Uint8Array) {
    this.#handle = handle
    this.storedBytes = storedBytes
    this.head = head
  }

  static async of(handle: FileHandle): Promise<FileReader> {
    try {
      const { size } = await handle.stat()
      const head = Buffer.alloc(HEAD_BYTES)
      const { bytesRead } = await handle.read(head, 0, HEAD_BYTES, 0)
      return new FileReader(handle, size, head.subarray(0, bytesRead))
    } catch (error) {
      await handle.close()
      throw error
    }
  }

  /** While one piece is used, the next one is being read. */
  async *frames(offset: number, length: number, frameBytes: number): AsyncIterable<Uint8Array> {
    const size = Math.min(frameBytes, length)
    const buffers = [Buffer.allocUnsafe(size), Buffer.allocUnsafe(size)]
    const end = offset + length
    const read = (at: number, turn: number): Promise<Uint8Array> =>
      readUpTo(this.#handle, buffers[turn & 1], Math.min(size, end - at), at)
    let next: Promise<Uint8Array> | undefined
    try {
      for (let at = offset, turn = 0; at < end; at += size, turn++) {
        const piece = await (next ?? read(at, turn))
        next = at + size < end ? read(at + size, turn + 1) : undefined
        next?.catch(() => {})
        yield piece
      }
    } finally {
      await next?.catch(() => {})
      await this.close()
    }
  }

  close(): Promise<void> {
    return this.#handle.close()
  }
}

async function readUpTo(handle: FileHandle, buffer: Buffer, length: number, position: number): Promise<Uint8Array> {
  let filled = 0
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, position + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return buffer.subarray(0, filled)
}

const isAbsent = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')

function ignoreAbsent(error: unknown): undefined {
  if (!isAbsent(error)) throw error
}

const openOrNothing = (path: string, flags: number): Promise<FileHandle | undefined> =>
  open(path, flags | O_NOFOLLOW).catch(ignoreAbsent)

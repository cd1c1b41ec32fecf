import { constants } from 'node:fs'
import type { PathLike } from 'node:fs'
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { ClientError } from './errors.ts'
import type { ScanContent } from './connection.ts'
import { unreadable } from './walk.ts'

/** Files up to this size are read whole and sent in one write; the smallest window of any server. */
const SMALL_BYTES = 64 * 1024
const CHUNK_BYTES = 256 * 1024

/** Neither a link put there meanwhile is followed, nor a pipe waited for. Windows knows neither flag. */
const READ_FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

/** Content of a file, ready to be sent. */
export interface FileContent {
  readonly content: ScanContent
  readonly size: number
}

/**
 * Reads a small file, or prepares to read a large one in pieces. At most one file handle is open for each scan.
 * @param follow - true for a path that the user named, which may be a link
 * @throws ClientError
 */
export const fileContent = async (path: PathLike, follow: boolean): Promise<FileContent> => {
  const handle = await openFile(path, follow)
  try {
    const { size } = await handle.stat()
    if (size > SMALL_BYTES) return { content: () => pieces(path, follow), size }
    // One byte more than it should have: a file that has grown is read in pieces.
    const { buffer, bytesRead } = await handle.read(new Uint8Array(size + 1), 0, size + 1, 0)
    if (bytesRead > size) return { content: () => pieces(path, follow), size }
    return { content: buffer.subarray(0, bytesRead), size: bytesRead }
  } catch (error) {
    throw unreadable(path.toString(), error)
  } finally {
    await handle.close()
  }
}

const openFile = async (path: PathLike, follow: boolean): Promise<FileHandle> => {
  const flags = follow ? READ_FLAGS & ~(constants.O_NOFOLLOW ?? 0) : READ_FLAGS
  let handle: FileHandle | undefined
  try {
    handle = await open(path, flags)
    if ((await handle.stat()).isFile()) return handle
  } catch (error) {
    await handle?.close()
    throw unreadable(path.toString(), error)
  }
  await handle.close()
  throw new ClientError('not-a-file', 'Only regular files can be scanned')
}

async function* pieces(path: PathLike, follow: boolean): AsyncGenerator<Uint8Array> {
  const handle = await openFile(path, follow)
  try {
    for (;;) {
      const { buffer, bytesRead } = await handle.read(new Uint8Array(CHUNK_BYTES), 0, CHUNK_BYTES)
      if (bytesRead === 0) return
      yield buffer.subarray(0, bytesRead)
    }
  } catch (error) {
    throw error instanceof ClientError ? error : unreadable(path.toString(), error)
  } finally {
    await handle.close()
  }
}

import { constants } from 'node:fs'
import type { PathLike } from 'node:fs'
import type { ScanContent } from './connection.ts'
import { ClientError } from './errors.ts'
import { closeFile, openFile, readSome, statFile } from './files.ts'
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
export const fileContent = async (path: PathLike, follow: boolean): Promise<FileContent> =>
  withFile(path, follow, async (fd, size) => {
    const large = { content: () => pieces(path, follow), size }
    if (size > SMALL_BYTES) return large
    // One byte more than it should have: a file that has grown is read in pieces.
    const content = await readSome(fd, size + 1)
    return content.length > size ? large : { content, size: content.length }
  })

async function* pieces(path: PathLike, follow: boolean): AsyncGenerator<Uint8Array> {
  const { fd } = await openRegular(path, follow)
  try {
    for (let piece = await readSome(fd, CHUNK_BYTES); piece.length > 0; piece = await readSome(fd, CHUNK_BYTES)) {
      yield piece
    }
  } catch (error) {
    throw unreadable(path.toString(), error)
  } finally {
    closeFile(fd)
  }
}

const withFile = async <T>(
  path: PathLike,
  follow: boolean,
  use: (fd: number, size: number) => Promise<T>,
): Promise<T> => {
  const { fd, size } = await openRegular(path, follow)
  try {
    return await use(fd, size)
  } catch (error) {
    throw unreadable(path.toString(), error)
  } finally {
    closeFile(fd)
  }
}

const openRegular = async (path: PathLike, follow: boolean): Promise<{ fd: number; size: number }> => {
  const flags = follow ? READ_FLAGS & ~(constants.O_NOFOLLOW ?? 0) : READ_FLAGS
  let fd: number | undefined
  try {
    fd = await openFile(path, flags)
    const found = statFile(fd)
    if (found.isFile()) return { fd, size: found.size }
  } catch (error) {
    if (fd !== undefined) closeFile(fd)
    throw unreadable(path.toString(), error)
  }
  closeFile(fd)
  throw new ClientError('not-a-file', 'Only regular files can be scanned')
}

import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, statSync } from 'node:fs'
import { ScanFailure } from '../scan/index.ts'
import type { ScanFailureCode } from '../scan/index.ts'

// Reading a file for a scan: synchronously, straight into the window of the thread where it fits.

/** What reading a file came to; `too-large` files are not read. */
export type FileContent =
  | { readonly kind: 'content'; readonly content: Uint8Array }
  | { readonly kind: 'too-large'; readonly sizeBytes: number }
  | { readonly kind: 'unreadable'; readonly sizeBytes: number; readonly detail: string }

// O_NONBLOCK: opening a pipe that nobody writes to must not block, should one have taken the place of a file.
const OPEN_FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0

/** System error codes that say that a path cannot be scanned; all others are a fault of the content or of the host. */
const FAILURES: Readonly<Record<string, ScanFailureCode>> = {
  ENOENT: 'not-found',
  ENOTDIR: 'not-found',
  ENAMETOOLONG: 'not-found',
  EACCES: 'access-denied',
  EPERM: 'access-denied',
  EISDIR: 'not-a-file',
  ELOOP: 'not-a-file',
  ENXIO: 'not-a-file',
  ENODEV: 'not-a-file',
}

/** A system error as the failure that a scan of that path ends with. */
export const fileFailure = (error: unknown): ScanFailure => {
  const code = (error as NodeJS.ErrnoException).code ?? ''
  return new ScanFailure(FAILURES[code] ?? 'internal', (error as Error).message)
}

/**
 * Reads a regular file whole. Devices are not even opened: that alone may do something.
 * @param window - memory to prefer; larger files get an allocation of their own
 * @param followLinks - false: a symbolic link is no file
 * @returns content that is valid until the window is used again
 * @throws ScanFailure `not-found`, `access-denied`, `not-a-file`, `internal`
 */
export const readFileContent = (
  path: string,
  window: Uint8Array,
  maxBytes: number,
  followLinks = true,
): FileContent => {
  let fd: number
  try {
    if (!(followLinks ? statSync(path) : lstatSync(path)).isFile()) throw new ScanFailure('not-a-file')
    fd = openSync(path, followLinks ? OPEN_FLAGS : OPEN_FLAGS | NO_FOLLOW)
  } catch (error) {
    throw error instanceof ScanFailure ? error : fileFailure(error)
  }
  try {
    return readOpenFile(fd, window, maxBytes)
  } finally {
    closeSync(fd)
  }
}

const readOpenFile = (fd: number, window: Uint8Array, maxBytes: number): FileContent => {
  const stat = fstatSync(fd)
  if (!stat.isFile()) throw new ScanFailure('not-a-file')
  if (stat.size > maxBytes) return { kind: 'too-large', sizeBytes: stat.size }
  // Files of /proc and the like say 0 and have content; a file may also grow while it is read.
  let target = stat.size <= window.length ? window : new Uint8Array(stat.size)
  let fill = 0
  for (;;) {
    let read: number
    const room = target.length - fill
    try {
      read = room === 0 ? probe(fd) : readSync(fd, target, fill, room, null)
    } catch (error) {
      return { kind: 'unreadable', sizeBytes: stat.size, detail: (error as Error).message }
    }
    if (read === 0) return { kind: 'content', content: target.subarray(0, fill) }
    if (fill === target.length) {
      if (fill >= maxBytes) return { kind: 'too-large', sizeBytes: fill + 1 }
      target = grown(target, fill, maxBytes)
      target[fill] = spare[0]
    }
    fill += read
    // As long as was said, and less than was asked for: the end, without another call to hear so.
    if (fill === stat.size && read < room) return { kind: 'content', content: target.subarray(0, fill) }
  }
}

const spare = new Uint8Array(1)
/** Reads one byte beyond a full target: almost always there is none. */
const probe = (fd: number): number => readSync(fd, spare, 0, 1, null)

const grown = (target: Uint8Array, fill: number, maxBytes: number): Uint8Array => {
  const larger = new Uint8Array(Math.min(maxBytes, fill * 2 + 1))
  larger.set(target.subarray(0, fill))
  return larger
}

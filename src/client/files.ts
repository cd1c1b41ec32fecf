import { close, fstatSync, lstat, open, read, readdir, stat } from 'node:fs'
import type { Dirent, PathLike, Stats } from 'node:fs'

// The few calls to the file system that the client needs, as promises. In a single-file executable, node:fs/promises
// takes as long to load as a scan takes; node:fs does not.

type Callback<T> = (error: NodeJS.ErrnoException | null, value: T) => void

const promised = async <T>(call: (done: Callback<T>) => void): Promise<T> =>
  new Promise((resolve, reject) => {
    call((error, value) => {
      if (error === null || error === undefined) resolve(value)
      else reject(error)
    })
  })

export const statPath = async (path: PathLike): Promise<Stats> => promised(done => stat(path, done))
export const lstatPath = async (path: PathLike): Promise<Stats> => promised(done => lstat(path, done))
export const openFile = async (path: PathLike, flags: number): Promise<number> =>
  promised(done => open(path, flags, done))

/** What an open file is: known to the system already, so that nothing is waited for. */
export const statFile = (fd: number): Stats => fstatSync(fd)

/** Closes a file that was only read; nothing depends on when. */
export const closeFile = (fd: number): void => close(fd, () => {})

/** Entries of a folder with their types. */
export const listFolder = async (path: PathLike): Promise<Dirent[]> =>
  promised(done => readdir(path, { withFileTypes: true }, done))

/** Names in a folder as the bytes that they are. */
export const listNames = async (path: PathLike): Promise<Buffer[]> =>
  promised(done => readdir(path, { encoding: 'buffer' }, done))

/** Reads into fresh memory from where the file stands; shorter at the end, empty behind it. */
export const readSome = async (fd: number, length: number): Promise<Uint8Array> => {
  const bytes = new Uint8Array(length)
  const taken = await promised<number>(done => read(fd, bytes, 0, length, null, done))
  return bytes.subarray(0, taken)
}

import type { Dirent, PathLike, Stats } from 'node:fs'
import { ClientError } from './errors.ts'
import { listFolder, listNames, lstatPath, statPath } from './files.ts'

/** Something to scan, or the reason why it cannot be; `named` when the user named it, not only a folder above it. */
export type Found =
  | { readonly name: string; readonly path: PathLike; readonly named?: true }
  | { readonly name: string; readonly error: ClientError }

/** A path as the system knows it: text, or bytes where the name is not UTF-8. */
type Path = string | Buffer

const REPLACEMENT = '\uFFFD'
const SEPARATOR = process.platform === 'win32' ? '\\' : '/'

const within = (folder: Path, name: Path): Path => {
  const separated = folder.toString().endsWith(SEPARATOR) ? folder : append(folder, SEPARATOR)
  return append(separated, name)
}

const append = (head: Path, tail: Path): Path =>
  typeof head === 'string' && typeof tail === 'string'
    ? head + tail
    : Buffer.concat([Buffer.from(head as Buffer), Buffer.from(tail as Buffer)])

/** What cannot be read, and why. */
export const unreadable = (name: string, error: unknown): ClientError => {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ENOENT') return new ClientError('not-found', 'There is no such file; check the path')
  if (code === 'EACCES' || code === 'EPERM') {
    return new ClientError('access-denied', 'This user may not read it; run as a user who may')
  }
  if (code === 'ELOOP') return new ClientError('not-a-file', 'It became a symbolic link while it was scanned')
  return new ClientError('unreadable', `Cannot read ${name}: ${message}`)
}

/**
 * The regular files at and below the paths given, in the order of their names. Links inside folders are not followed,
 * and devices, pipes and sockets there are passed over: they have no content. A path that was named is followed and
 * must be a file or a folder. Memory: the names of one folder for each level.
 */
export async function* walk(paths: readonly string[]): AsyncGenerator<Found> {
  for (const path of paths) {
    const found = await statOf(path)
    if (found instanceof ClientError) yield { name: path, error: found }
    else if (found.isFile()) yield { name: path, path, named: true }
    else if (found.isDirectory()) yield* walkFolder(path)
    else yield { name: path, error: new ClientError('not-a-file', 'Only files and folders can be scanned') }
  }
}

const statOf = async (path: string): Promise<Stats | ClientError> =>
  statPath(path).catch((error: unknown) => unreadable(path, error))

async function* walkFolder(root: Path): AsyncGenerator<Found> {
  const open: Entry[][] = [[{ path: root, kind: 'folder' }]]
  for (let level = open.at(-1); level !== undefined; level = open.at(-1)) {
    const entry = level.pop()
    if (entry === undefined) {
      open.pop()
      continue
    }
    const name = entry.path.toString()
    if (entry.kind === 'file') {
      yield { name, path: entry.path }
      continue
    }
    try {
      open.push((await list(entry.path)).reverse())
    } catch (error) {
      yield { name, error: unreadable(name, error) }
    }
  }
}

interface Entry {
  readonly path: Path
  readonly kind: 'file' | 'folder'
}

const list = async (folder: Path): Promise<Entry[]> => {
  const found = await listFolder(folder)
  found.sort((a, b) => (a.name < b.name ? -1 : 1))
  const entries: Entry[] = []
  for (const dirent of found) {
    if (dirent.name.includes(REPLACEMENT)) continue
    const kind = await kindOf(dirent, folder)
    if (kind !== undefined) entries.push({ path: within(folder, dirent.name), kind })
  }
  if (found.some(({ name }) => name.includes(REPLACEMENT))) entries.push(...(await listForeign(folder)))
  return entries
}

/** Some file systems do not say what an entry is; then it is asked for. */
const kindOf = async (found: Dirent | Stats, folder?: Path): Promise<Entry['kind'] | undefined> => {
  if (found.isFile()) return 'file'
  if (found.isDirectory()) return 'folder'
  const known = found.isSymbolicLink() || found.isFIFO() || found.isSocket() || found.isCharacterDevice()
  if (known || found.isBlockDevice() || folder === undefined) return undefined
  return kindOf(await lstatPath(within(folder, (found as Dirent).name)))
}

/** The entries whose names are not UTF-8, by their bytes. */
const listForeign = async (folder: Path): Promise<Entry[]> => {
  const entries: Entry[] = []
  for (const name of await listNames(folder)) {
    if (!name.toString().includes(REPLACEMENT)) continue
    const path = within(folder, name)
    const kind = await kindOf(await lstatPath(path))
    if (kind !== undefined) entries.push({ path, kind })
  }
  return entries
}

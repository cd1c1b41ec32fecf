// The signature files that stand behind a database: found, listed, and known again without reading them.

import { createHash } from 'node:crypto'
import { createReadStream, closeSync, openSync, readSync, readdirSync, statSync } from 'node:fs'
import type { BigIntStats } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { DATABASE_EXTENSIONS, HEADER_BYTES, ImageError, readImageHeader } from '../signatures/index.ts'
import type { ImageHeader } from '../signatures/index.ts'
import { DatabaseError } from './database-error.ts'

/** How names of image files end. */
export const IMAGE_EXTENSION = '.lzdb'

/** One signature file. */
export interface SourceFile {
  readonly path: string
  /** Without folders: the name decides how it is read and stands in reports. */
  readonly name: string
  readonly sizeBytes: number
  /** Changes whenever the file does, as far as the file system can tell. */
  readonly stamp: string
}

/** What the given paths are: one built image, or sources to build one from. */
export type Located =
  | { readonly kind: 'image'; readonly path: string }
  | { readonly kind: 'sources'; readonly files: readonly SourceFile[] }

/**
 * Looks at what was given as database. A directory stands for the signature files directly in it.
 * @throws DatabaseError
 */
export function locateDatabase(paths: readonly string[]): Located {
  const files: SourceFile[] = []
  for (const path of paths) {
    const stat = statOf(path)
    if (stat.isDirectory()) files.push(...filesIn(path))
    else if (!isImage(path)) files.push(sourceFile(path, stat))
    else if (paths.length === 1) return { kind: 'image', path }
    else throw new DatabaseError('database-mixed', path, 'a built image can only be used alone')
  }
  if (files.length === 0) throw new DatabaseError('database-empty', paths.join(', '), 'it holds no signature file')
  // The order of the directory must not matter, nor that of the paths.
  return { kind: 'sources', files: files.toSorted((a, b) => compare(a.name, b.name) || compare(a.path, b.path)) }
}

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b))

function filesIn(directory: string): SourceFile[] {
  let names: string[]
  try {
    names = readdirSync(directory)
  } catch (error) {
    throw unreadable(directory, error)
  }
  const files: SourceFile[] = []
  for (const name of names) {
    if (!hasDatabaseExtension(name)) continue
    const path = join(directory, name)
    const stat = statOf(path)
    if (stat.isFile()) files.push(sourceFile(path, stat))
  }
  return files
}

function hasDatabaseExtension(name: string): boolean {
  const lower = name.toLowerCase()
  return DATABASE_EXTENSIONS.some(extension => lower.endsWith(`.${extension}`))
}

function sourceFile(path: string, stat: BigIntStats): SourceFile {
  const stamp = `${resolve(path)}\n${stat.dev} ${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}`
  return { path, name: basename(path), sizeBytes: Number(stat.size), stamp }
}

function statOf(path: string): BigIntStats {
  try {
    return statSync(path, { bigint: true })
  } catch (error) {
    throw unreadable(path, error)
  }
}

/** The system's refusal of a path, as ours. */
export function unreadable(path: string, error: unknown): DatabaseError {
  const { code, message } = error as NodeJS.ErrnoException
  const kind = code === 'ENOENT' || code === 'ENOTDIR' ? 'database-not-found' : 'database-unreadable'
  return new DatabaseError(kind, path, message, { cause: error })
}

/** By its first bytes; by its name where those are damaged. */
function isImage(path: string): boolean {
  if (path.endsWith(IMAGE_EXTENSION)) return true
  try {
    readHeader(path)
    return true
  } catch (error) {
    if (error instanceof ImageError) return error.code !== 'image-foreign'
    throw error
  }
}

/**
 * Reads the header of an image file.
 * @throws ImageError where it is none of this version; DatabaseError where it cannot be read
 */
export function readHeader(path: string): ImageHeader {
  const head = new Uint8Array(HEADER_BYTES) // a shorter file reads as if zeros followed, and is refused for what it lacks
  try {
    const file = openSync(path, 'r')
    try {
      readSync(file, head, 0, HEADER_BYTES, 0)
    } finally {
      closeSync(file)
    }
  } catch (error) {
    throw unreadable(path, error)
  }
  return readImageHeader(head)
}

/** Names the state of the files without reading them: cheap, and different after every change. */
export function stampOf(files: readonly SourceFile[], settings: string): string {
  const hash = createHash('sha256').update(`${settings}\n`)
  for (const file of files) hash.update(`${file.stamp}\n`)
  return hash.digest('hex')
}

/** Names the content of the files: the same wherever and whenever they lie. Cost: reading and hashing all of them. */
export async function contentHashOf(files: readonly SourceFile[], settings: string): Promise<string> {
  const hash = createHash('sha256').update(`${settings}\n`)
  for (const file of files) {
    hash.update(`${file.name}\n${await fileHash(file.path)}\n`)
  }
  return hash.digest('hex')
}

async function fileHash(path: string): Promise<string> {
  const hash = createHash('sha256')
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 })) hash.update(chunk as Buffer)
  } catch (error) {
    throw unreadable(path, error)
  }
  return hash.digest('hex')
}

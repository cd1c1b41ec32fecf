import { createReadStream } from 'node:fs'
import type { Stats } from 'node:fs'
import { lstat, opendir, stat } from 'node:fs/promises'
import { CLAMD_RESULTS } from '../../protocol/index.ts'
import type { ContentSource } from '../../scan/index.ts'

// What lies at a path that a client names. Paths are bytes, in binary strings: they need not be text in any encoding.

/** What a path is to a scan. */
export type PathKind = { readonly kind: 'file' } | { readonly kind: 'folder' } | Unscannable

/** Neither a file nor a folder, or not to be followed; `result` says so. */
export interface Unscannable {
  readonly kind: 'other' | 'link' | 'error'
  readonly result: string
}

const RESULTS: Readonly<Record<string, string>> = {
  ENOENT: CLAMD_RESULTS.noSuchFile,
  ENOTDIR: CLAMD_RESULTS.notDirectory,
  ENAMETOOLONG: CLAMD_RESULTS.nameTooLong,
  EACCES: CLAMD_RESULTS.permissionDenied,
  EPERM: CLAMD_RESULTS.permissionDenied,
}

const toBytes = (path: string): Buffer => Buffer.from(path, 'latin1')

/** The path as clamd names it in replies: without slashes at its end. */
export const shownPath = (path: string): string => {
  let end = path.length
  while (end > 1 && path[end - 1] === '/') end--
  return path.slice(0, end)
}

/** Looks at a path that a client named. */
export const inspectPath = async (path: string, followLinks: boolean): Promise<PathKind> => {
  // Longer than PATH_MAX never exists; an empty path is no file.
  if (path === '') return { kind: 'error', result: CLAMD_RESULTS.noSuchFile }
  try {
    const found = await (followLinks ? stat(toBytes(path)) : lstat(toBytes(path)))
    return kindOf(found)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? ''
    return { kind: 'error', result: RESULTS[code] ?? CLAMD_RESULTS.accessDenied }
  }
}

const kindOf = (found: Stats): PathKind => {
  if (found.isFile()) return { kind: 'file' }
  if (found.isDirectory()) return { kind: 'folder' }
  if (found.isSymbolicLink()) return { kind: 'link', result: CLAMD_RESULTS.linkNotFollowed }
  return { kind: 'other', result: CLAMD_RESULTS.notSupported }
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** PATH_MAX of Linux; what is longer names nothing. */
const MAX_PATH_BYTES = 4096
// eslint-disable-next-line no-control-regex
const PLAIN = /^[\x01-\x7f]+$/

/** True for a path that an engine can be told as it is, without a look at it first. */
export const isTellable = (path: string): boolean => path.length < MAX_PATH_BYTES && PLAIN.test(path)

/** The content at a path: by path where the engine can be told it as text, else read here. */
export const contentAt = (path: string, followLinks: boolean): ContentSource => {
  const bytes = toBytes(path)
  try {
    return { path: decoder.decode(bytes), followLinks }
  } catch {
    return { stream: createReadStream(bytes) as AsyncIterable<Uint8Array> }
  }
}

/** What a walk meets: a file, or something that could not be looked into. */
export interface WalkStep {
  readonly path: string
  /** Absent for a file. */
  readonly result?: string
}

/**
 * Every regular file below a folder, in the order of the file system. Links, pipes, sockets and devices are passed over,
 * as clamd does; folders that cannot be read or lie too deep are told.
 */
export async function* walkFolder(folder: string, maxDepth: number): AsyncGenerator<WalkStep> {
  const pending: { readonly path: string; readonly depth: number }[] = [{ path: folder, depth: 0 }]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { path, depth } = next
    if (depth > maxDepth) {
      yield { path, result: CLAMD_RESULTS.tooDeep }
      continue
    }
    try {
      for await (const entry of await opendir(toBytes(path), { encoding: 'latin1' })) {
        const child = path.endsWith('/') ? path + entry.name : `${path}/${entry.name}`
        if (entry.isFile()) yield { path: child }
        else if (entry.isDirectory()) pending.push({ path: child, depth: depth + 1 })
      }
    } catch {
      yield { path, result: CLAMD_RESULTS.accessDenied }
    }
  }
}

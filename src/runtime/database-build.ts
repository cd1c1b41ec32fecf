// Builds a database image from signature files. Takes as long as it takes and as much memory: the server lets a child
// process do it (build-main.ts), `lazaret db build` does it itself.

import { createHash } from 'node:crypto'
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writevSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { FILE_TYPES } from '../formats/index.ts'
import { compileDatabase } from '../signatures/index.ts'
import type { ChecksumPort, ImageMeta, Problem } from '../signatures/index.ts'
import { DatabaseError } from './database-error.ts'
import { unreadable } from './database-sources.ts'

/** Buffers that one writev takes at most. Source: IOV_MAX on Linux. */
const MAX_WRITE_BUFFERS = 1024

export interface BuildRequest {
  /** Paths of the signature files; their names decide how they are read. */
  readonly files: readonly { readonly path: string; readonly name: string }[]
  /** Where the image goes; replaced only once the new one is complete. */
  readonly output: string
  /** Signatures of potentially unwanted programs too. */
  readonly unwanted: boolean
}

export interface BuildOutcome {
  readonly meta: ImageMeta
  /** Lines that were left out, in order. */
  readonly problems: readonly Problem[]
  readonly bytes: number
  readonly elapsedMs: number
}

const ports: ChecksumPort = {
  crc32: bytes => crc32(bytes),
  // Ignore lists name lines by their MD5: an identity that others chose, not a proof.
  md5: bytes => createHash('md5').update(bytes).digest(),
  sha256(chunks) {
    const hash = createHash('sha256')
    for (const chunk of chunks) hash.update(chunk)
    return hash.digest()
  },
}

/** Signatures may name these types as container or intermediate. */
const knownTypes: ReadonlySet<string> = new Set(['CL_TYPE_ANY', ...FILE_TYPES.map(type => type.clamType)])

/**
 * Reads, compiles and writes, all at once. Deterministic: the same content gives the same bytes.
 * @throws DatabaseError where a source cannot be read, nothing in them can be used, or the image cannot be written
 */
export function buildImage(request: BuildRequest): BuildOutcome {
  const startedMs = performance.now()
  const sources = request.files.map(({ path, name }) => ({ name, read: () => readSource(path) }))
  const { chunks, meta, problems } = compileDatabase(sources, { knownTypes, unwanted: request.unwanted, ports })
  if (meta.signatures === 0) {
    const paths = request.files.map(file => file.path).join(', ')
    throw new DatabaseError('database-empty', paths, `none of its lines can be used; ${problems.length} were left out`)
  }
  const bytes = writeDurably(request.output, chunks)
  return { meta, problems, bytes, elapsedMs: Math.round(performance.now() - startedMs) }
}

function readSource(path: string): Uint8Array {
  try {
    return readFileSync(path)
  } catch (error) {
    throw unreadable(path, error)
  }
}

/** The old file or the new one, whatever happens in between. @returns the size in bytes */
function writeDurably(path: string, chunks: readonly Uint8Array[]): number {
  const temporary = `${path}.${process.pid}.tmp`
  let made = false
  try {
    const file = openSync(temporary, 'w', 0o644)
    made = true
    const bytes = fill(file, chunks)
    renameSync(temporary, path)
    return bytes
  } catch (error) {
    if (made) rmSync(temporary, { force: true })
    throw new DatabaseError('database-unwritable', path, (error as Error).message, { cause: error })
  }
}

/** Writes, brings it to the disk, closes. */
function fill(file: number, chunks: readonly Uint8Array[]): number {
  try {
    let bytes = 0
    for (let first = 0; first < chunks.length; first += MAX_WRITE_BUFFERS) {
      bytes += writeAll(file, chunks.slice(first, first + MAX_WRITE_BUFFERS))
    }
    fsyncSync(file)
    return bytes
  } finally {
    closeSync(file)
  }
}

function writeAll(file: number, chunks: readonly Uint8Array[]): number {
  let rest = chunks.filter(chunk => chunk.length > 0)
  let total = 0
  while (rest.length > 0) {
    const written = writevSync(file, rest)
    total += written
    rest = without(rest, written)
  }
  return total
}

/** What is left of the chunks after their first `bytes`. */
function without(chunks: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let skip = bytes
  let index = 0
  while (index < chunks.length && skip >= chunks[index].length) skip -= chunks[index++].length
  return chunks.slice(index).map((chunk, at) => (at === 0 ? chunk.subarray(skip) : chunk))
}

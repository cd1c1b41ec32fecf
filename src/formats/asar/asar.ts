import { ContentError, u32le } from '../../bytes/index.ts'

// Archives of Electron (asar): a directory in JSON inside two Chromium pickles, then the files one after the other.
// Source: electron/asar, README "Format". Not read: integrity hashes.
//
//   4 │ size of the header │ size of the payload │ size of the text │ text … padding │ data of the files

const HEADER_AT = 8
const TEXT_AT = 16
/** Longest directory: those of big applications have a few MiB. */
const MAX_TEXT = 64 << 20
/** Deepest nesting of the text; a folder takes two levels. JSON.parse of deep text takes seconds. */
const MAX_DEPTH = 512
const MAX_FILES = 1 << 18

export interface AsarFile {
  /** With folders, separated by slashes; as found, not safe as a path. */
  readonly name: string
  /** Target of a symbolic link. */
  readonly link?: string
  /** Extent in the archive; undefined where the file lies beside it, or its numbers are none. */
  readonly extent?: { readonly start: number; readonly end: number }
  /** It lies in a folder beside the archive. */
  readonly isUnpacked: boolean
}

export interface AsarDirectory {
  readonly files: readonly AsarFile[]
  /** Offset behind the header: where data start. */
  readonly dataStart: number
  readonly isClipped: boolean
}

/**
 * Reads the directory. Extents are as declared: they may lie outside the archive, and overlap.
 * @throws ContentError malformed or too-large
 */
export function readAsar(bytes: Uint8Array): AsarDirectory {
  if (bytes.length < TEXT_AT || u32le(bytes, 0) !== 4) throw new ContentError('malformed', 'No header of an asar', 0)
  const size = u32le(bytes, 12)
  if (TEXT_AT + size > bytes.length) throw new ContentError('malformed', 'The directory is cut off', TEXT_AT)
  if (size > MAX_TEXT) throw new ContentError('too-large', `The directory has more than ${MAX_TEXT} bytes`, TEXT_AT)
  const text = bytes.subarray(TEXT_AT, TEXT_AT + size)
  if (depthOf(text) > MAX_DEPTH) throw new ContentError('too-large', 'The directory is nested too deep', TEXT_AT)
  const dataStart = Math.max(TEXT_AT + size, HEADER_AT + u32le(bytes, 4))
  return { ...listed(parsed(text), dataStart), dataStart }
}

function depthOf(text: Uint8Array): number {
  let depth = 0
  let deepest = 0
  // Brackets in names count too: a limit need not be exact.
  for (const byte of text) {
    if (byte === 0x7b || byte === 0x5b) deepest = Math.max(deepest, ++depth)
    else if (byte === 0x7d || byte === 0x5d) depth--
  }
  return deepest
}

function parsed(text: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(text))
  } catch {
    throw new ContentError('malformed', 'The directory is no JSON', TEXT_AT)
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

function listed(root: unknown, dataStart: number): { files: AsarFile[]; isClipped: boolean } {
  const files: AsarFile[] = []
  const folders: { readonly prefix: string; readonly node: unknown }[] = [{ prefix: '', node: root }]
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const { prefix, node } = folder
    if (!isRecord(node) || !isRecord(node.files)) continue
    for (const [name, child] of Object.entries(node.files)) {
      if (files.length + folders.length >= MAX_FILES) return { files, isClipped: true }
      if (isRecord(child) && isRecord(child.files)) folders.push({ prefix: `${prefix}${name}/`, node: child })
      else files.push(fileOf(`${prefix}${name}`, child, dataStart))
    }
  }
  return { files, isClipped: false }
}

function fileOf(name: string, node: unknown, dataStart: number): AsarFile {
  if (!isRecord(node)) return { name, isUnpacked: false }
  if (typeof node.link === 'string') return { name, link: node.link, isUnpacked: false }
  const offset = typeof node.offset === 'string' || typeof node.offset === 'number' ? Number(node.offset) : Number.NaN
  const { size } = node
  const isUnpacked = node.unpacked === true && Number.isNaN(offset)
  if (!Number.isSafeInteger(offset) || offset < 0 || !Number.isSafeInteger(size) || (size as number) < 0)
    return { name, isUnpacked }
  const start = dataStart + offset
  return { name, extent: { start, end: start + (size as number) }, isUnpacked }
}

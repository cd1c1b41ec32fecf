import { closeSync, lstatSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs'
import { join } from 'node:path'

/** Files of one kind on this machine. */
export interface Corpus {
  readonly name: 'elf' | 'pe' | 'text'
  readonly paths: readonly string[]
  readonly bytes: number
}

/** Smallest and largest file that is taken, in bytes. */
export interface Sizes {
  readonly min?: number
  readonly max?: number
}

const ELF_ROOTS = ['/usr/bin', '/usr/sbin', '/usr/lib', '/usr/libexec']
const PE_ROOTS = ['/usr/lib/x86_64-linux-gnu/wine', '/usr/lib/aarch64-linux-gnu/wine', '/usr/lib/wine']
const TEXT_ROOTS = ['/usr/share', '/usr/lib/python3', '/usr/lib/node_modules', '/usr/lib/python3.11']
const TEXT_NAME = /\.(?:html?|js|mjs|css|txt|py|pl|pm|sh|rb|php|xml|md|ps1|vbs)$/

/** Programs and libraries of this machine until `maxBytes` are together. */
export function elfCorpus(maxBytes: number, sizes: Sizes = {}): Corpus {
  return gather('elf', ELF_ROOTS, maxBytes, { min: 4096, ...sizes }, path => startsWith(path, '\u007fELF'))
}

/** Windows libraries and programs of the package libwine. */
export function peCorpus(maxBytes: number, sizes: Sizes = {}): Corpus {
  return gather('pe', PE_ROOTS, maxBytes, { min: 4096, ...sizes }, path => startsWith(path, 'MZ'))
}

/** HTML, scripts and other text. */
export function textCorpus(maxBytes: number, sizes: Sizes = {}): Corpus {
  return gather('text', TEXT_ROOTS, maxBytes, { min: 1024, ...sizes }, path => TEXT_NAME.test(path))
}

/** Reads every file once, so that all of it lies in the page cache. */
export function warm(corpus: Corpus): void {
  for (const path of corpus.paths) readFileSync(path)
}

/** Above this clamd does not look at a file at all. */
const MAX_FILE_BYTES = 90 * 1024 * 1024

function gather(
  name: Corpus['name'],
  roots: readonly string[],
  maxBytes: number,
  { min = 0, max = MAX_FILE_BYTES }: Sizes,
  isWanted: (path: string) => boolean,
): Corpus {
  const found = new Map<string, number>()
  for (const root of roots) walk(root, min, max, (path, size) => void (isWanted(path) && found.set(path, size)))
  // A fixed order that mixes folders, so that a prefix of the list is a fair sample.
  const order = [...found].map(([path, size]) => ({ path, size, key: scramble(path) })).sort((a, b) => a.key - b.key)
  const paths: string[] = []
  let bytes = 0
  for (const { path, size } of order) {
    if (bytes + size > maxBytes) continue
    bytes += size
    paths.push(path)
  }
  return { name, paths, bytes }
}

function walk(folder: string, min: number, max: number, visit: (path: string, size: number) => void): void {
  let entries: string[]
  try {
    entries = readdirSync(folder)
  } catch {
    return
  }
  for (const entry of entries) {
    const path = join(folder, entry)
    const info = lstatSync(path, { throwIfNoEntry: false })
    if (info?.isDirectory()) walk(path, min, max, visit)
    else if (info?.isFile() && info.size >= min && info.size <= max) visit(path, info.size)
  }
}

function startsWith(path: string, magic: string): boolean {
  const head = Buffer.alloc(magic.length)
  try {
    const file = openSync(path, 'r')
    readSync(file, head, 0, magic.length, 0)
    closeSync(file)
  } catch {
    return false
  }
  return head.toString('latin1') === magic
}

function scramble(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}

import type { HashKind } from './ir.ts'
import { forEachLine, MAX_LINE_BYTES, type LinePlace, type SignatureSink } from './lines.ts'
import { LineError, PROBLEMS } from './problems.ts'
import { readExtended, readOld } from './read-bodies.ts'
import { readHashes } from './read-hashes.ts'
import { logicalReader } from './read-logical.ts'

// Which reader takes which database file: one table over the file name's ending, which is compared without case.

interface ReaderOptions {
  readonly knownTypes: ReadonlySet<string>
  readonly unwanted: boolean
}
type Reader = (bytes: Uint8Array, sink: SignatureSink, options: ReaderOptions) => void

const hashes =
  (kind: HashKind, sizeFirst: boolean): Reader =>
  (bytes, sink, options) =>
    readHashes(bytes, { kind, sizeFirst, unwanted: options.unwanted }, sink)

/** A reader of text lines; a line that throws LineError is reported, and the next one is read. */
function lines(read: (line: string, sink: SignatureSink, place: LinePlace, options: ReaderOptions) => void): Reader {
  return (bytes, sink, options) => {
    const decoder = new TextDecoder()
    forEachLine(bytes, (start, end, number) => {
      if (bytes[start] === 35 && start < end) return
      try {
        if (start === end) throw new LineError('blank-line')
        if (end - start > MAX_LINE_BYTES) throw new LineError('line-too-long')
        read(decoder.decode(bytes.subarray(start, end)), sink, { number, start, end }, options)
      } catch (error) {
        if (!(error instanceof LineError)) throw error
        sink.problem(number, error.code, error.message)
      }
    })
  }
}

const extended = lines((line, sink, place, { unwanted }) => sink.content(readExtended(line, unwanted), place))
const logical: Reader = (bytes, sink, options) => {
  const read = logicalReader(options.knownTypes, options.unwanted)
  lines((line, to, place) => to.content(read(line), place))(bytes, sink, options)
}
const old = lines((line, sink, place) => {
  const signature = readOld(line)
  if (signature !== undefined) sink.content(signature, place)
})
const unsupported = lines(() => {
  throw new LineError('unsupported-database')
})
const ignoreList: Reader = () => {}

interface DatabaseKind {
  readonly reader: Reader
  /** Signatures of potentially unwanted programs: read only when asked for. */
  readonly unwanted?: true
  /** Names signatures to leave out instead of carrying any. */
  readonly ignores?: 'ign' | 'ign2'
}

const KINDS: Readonly<Record<string, DatabaseKind>> = {
  db: { reader: old },
  hdb: { reader: hashes('file', false) },
  hsb: { reader: hashes('file', false) },
  hdu: { reader: hashes('file', false), unwanted: true },
  hsu: { reader: hashes('file', false), unwanted: true },
  mdb: { reader: hashes('section', true) },
  msb: { reader: hashes('section', true) },
  mdu: { reader: hashes('section', true), unwanted: true },
  msu: { reader: hashes('section', true), unwanted: true },
  imp: { reader: hashes('imports', false) },
  fp: { reader: hashes('allow', false) },
  sfp: { reader: hashes('allow', false) },
  ndb: { reader: extended },
  ndu: { reader: extended, unwanted: true },
  ldb: { reader: logical },
  ldu: { reader: logical, unwanted: true },
  ign: { reader: ignoreList, ignores: 'ign' },
  ign2: { reader: ignoreList, ignores: 'ign2' },
  ...Object.fromEntries(
    [
      'cdb',
      'crb',
      'cbc',
      'ftm',
      'pdb',
      'wdb',
      'gdb',
      'idb',
      'zmd',
      'rmd',
      'pwdb',
      'yar',
      'yara',
      'ioc',
      'cfg',
      'sdb',
    ].map(name => [name, { reader: unsupported }]),
  ),
  ...Object.fromEntries(['cvd', 'cld', 'cud', 'cat'].map(name => [name, { reader: wholeFileUnsupported }])),
}

function wholeFileUnsupported(_bytes: Uint8Array, sink: SignatureSink): void {
  sink.problem(0, 'unsupported-database', PROBLEMS['unsupported-database'])
}

/** The kind of database by file name, or undefined where the name has no known ending. */
export function databaseKind(fileName: string): DatabaseKind | undefined {
  const extension = fileName.slice(fileName.lastIndexOf('.') + 1).toLowerCase()
  return Object.hasOwn(KINDS, extension) ? KINDS[extension] : undefined
}

/** Endings of files that are taken from a directory of databases. */
export const DATABASE_EXTENSIONS: readonly string[] = Object.keys(KINDS)

/** One entry of an ignore list: a name, and for .ign2 perhaps the MD5 (hexadecimal) of the line that is meant. */
export interface IgnoredSignature {
  readonly name: string
  readonly lineMd5: string | undefined
}

/** Entries of .ign (`name` or `db:line:name`) and .ign2 (`name[:md5 of the line]`) files. */
export function readIgnoreList(bytes: Uint8Array, form: 'ign' | 'ign2'): IgnoredSignature[] {
  const entries: IgnoredSignature[] = []
  const decoder = new TextDecoder()
  forEachLine(bytes, (start, end) => {
    if (start === end || bytes[start] === 35) return
    const fields = decoder.decode(bytes.subarray(start, end)).split(':')
    const name = form === 'ign' ? (fields[2] ?? fields[0]) : fields[0]
    const lineMd5 = form === 'ign2' ? fields[1]?.toLowerCase() : undefined
    if (name !== undefined && name !== '') entries.push({ name, lineMd5 })
  })
  return entries
}

import { isMsiName, pathOf, streamBytes, unpackMsiName } from '../../formats/index.ts'
import type { CompoundFile, OleStream } from '../../formats/index.ts'

/** What kind of document a compound file is. */
export type OleKind =
  | 'word'
  | 'excel'
  | 'powerpoint'
  | 'msi'
  | 'msg'
  | 'visio'
  | 'publisher'
  | 'hwp'
  | 'ooxml-encrypted'
  | 'vba-project'
  | 'object'
  | 'unknown'

/** Streams or storages of the root that give a kind away, in lower case; the first row that fits wins. */
const MARKS: readonly (readonly [name: string, kind: OleKind])[] = [
  ['encryptedpackage', 'ooxml-encrypted'],
  ['worddocument', 'word'],
  ['workbook', 'excel'],
  ['book', 'excel'],
  ['powerpoint document', 'powerpoint'],
  ['pp40', 'powerpoint'],
  ['__properties_version1.0', 'msg'],
  ['__nameid_version1.0', 'msg'],
  ['visiodocument', 'visio'],
  ['quill', 'publisher'],
  ['\u0005hwpsummaryinformation', 'hwp'],
  ['bodytext', 'hwp'],
  ['vba', 'vba-project'],
  ['\u0001ole10native', 'object'],
  ['\u0001compobj', 'object'],
]
/** The group of class identifiers that the installer uses: 000C1080-0000-0000-C000-000000000046 and its neighbours. */
const MSI_CLSID = /^\{000C108[0-9A-F]-0000-0000-C000-000000000046\}$/

/** A compound file with what its parts ask for again and again. */
export class OleDocument {
  readonly file: CompoundFile
  readonly kind: OleKind
  readonly clsid: string | undefined
  readonly #byPath = new Map<string, OleStream>()
  readonly #bytes = new Map<OleStream, Uint8Array>()

  constructor(file: CompoundFile) {
    this.file = file
    this.clsid = file.root === undefined ? undefined : clsidText(file.root.clsid)
    for (const stream of file.streams) {
      const key = pathOf(stream).toLowerCase()
      if (!this.#byPath.has(key)) this.#byPath.set(key, stream)
    }
    this.kind = this.#kind()
  }

  /** The stream at this path, whatever its case. */
  stream(path: string): OleStream | undefined {
    return this.#byPath.get(path.toLowerCase())
  }

  /** What there is of a stream; kept, since several parts read the same one. */
  bytes(stream: OleStream): Uint8Array {
    let bytes = this.#bytes.get(stream)
    if (bytes === undefined) this.#bytes.set(stream, (bytes = streamBytes(this.file, stream)))
    return bytes
  }

  bytesAt(path: string): Uint8Array | undefined {
    const stream = this.stream(path)
    return stream && this.bytes(stream)
  }

  /** Path of a stream as a person reads it. */
  nameOf(stream: OleStream): string {
    return this.kind === 'msi' ? [...stream.folders, stream.name].map(readable).join('/') : pathOf(stream)
  }

  #kind(): OleKind {
    const { streams, storages } = this.file
    const atRoot = [...streams, ...storages].filter(entry => entry.folders.length === 0)
    if (this.clsid !== undefined && MSI_CLSID.test(this.clsid)) return 'msi'
    const names = new Set(atRoot.map(entry => entry.name.toLowerCase()))
    for (const [name, kind] of MARKS) if (names.has(name)) return kind
    return atRoot.some(entry => isMsiName(entry.name)) ? 'msi' : 'unknown'
  }
}

const readable = (name: string): string => (isMsiName(name) ? unpackMsiName(name) : name)

/** As programs write it, in braces; undefined where it is all zero. */
export function clsidText(clsid: Uint8Array): string | undefined {
  if (clsid.every(byte => byte === 0)) return undefined
  const hex = (indices: readonly number[]): string =>
    indices.map(i => clsid[i].toString(16).padStart(2, '0').toUpperCase()).join('')
  const parts = [
    [3, 2, 1, 0],
    [5, 4],
    [7, 6],
    [8, 9],
    [10, 11, 12, 13, 14, 15],
  ]
  return `{${parts.map(hex).join('-')}}`
}

import {
  bzip2,
  gzip,
  kwaj,
  leadsToLz4,
  lz4,
  lzip,
  lzmaAlone,
  lzop,
  readGzipHeader,
  readKwajHeader,
  readLzopHeader,
  szdd,
  uncompress,
  xz,
  zstd,
} from '../../codecs/index.ts'
import type { Decoder, Note } from '../../codecs/index.ts'
import type { FileTypeName } from '../../formats/index.ts'

/** What the header says about the content. */
export interface Header {
  /** Name of the content; data. Empty where the header does not say it. */
  readonly name: string
  readonly properties: readonly { readonly name: string; readonly value: string }[]
}

export interface CompressedFormat {
  /** Of the component. */
  readonly name: FileTypeName
  readonly title: string
  readonly decoder: (input: Uint8Array, start: number, note: Note) => Decoder
  /** Endings of names, in lower case, and what they become. */
  readonly suffixes: readonly (readonly [ending: string, becomes: string])[]
  /** May throw ContentError, which the decoder throws, too. */
  readonly header?: (input: Uint8Array, fileName: string) => Header
}

/** A row for each format of one compressed stream. */
export const COMPRESSED_FORMATS: readonly CompressedFormat[] = [
  {
    name: 'gzip',
    title: 'gzip',
    decoder: gzip,
    // oxfmt-ignore
    suffixes: [
      ['.tgz', '.tar'], ['.taz', '.tar'], ['.svgz', '.svg'], ['.emz', '.emf'], ['.wmz', '.wmf'], ['.vgz', '.vgm'],
      ['.gz', ''], ['.gzip', ''], ['.z', ''],
    ],
    header: gzipHeader,
  },
  {
    name: 'bzip2',
    title: 'bzip2',
    decoder: bzip2,
    suffixes: [
      ['.tbz2', '.tar'],
      ['.tbz', '.tar'],
      ['.tb2', '.tar'],
      ['.bz2', ''],
      ['.bz', ''],
    ],
  },
  {
    name: 'xz',
    title: 'XZ',
    decoder: xz,
    suffixes: [
      ['.txz', '.tar'],
      ['.xz', ''],
    ],
  },
  {
    name: 'lzma',
    title: 'LZMA',
    decoder: lzmaAlone,
    suffixes: [
      ['.tlz', '.tar'],
      ['.lzma', ''],
    ],
  },
  {
    name: 'lzip',
    title: 'lzip',
    decoder: lzip,
    suffixes: [
      ['.tlz', '.tar'],
      ['.lz', ''],
    ],
  },
  {
    name: 'lz4',
    title: 'LZ4',
    decoder: lz4,
    suffixes: [
      ['.tlz4', '.tar'],
      ['.lz4', ''],
    ],
  },
  {
    name: 'zstd',
    title: 'Zstandard',
    decoder: (input, start) => (leadsToLz4(input, start) ? lz4(input, start) : zstd(input, start)),
    suffixes: [
      ['.tzst', '.tar'],
      ['.zst', ''],
      ['.zstd', ''],
    ],
  },
  {
    name: 'compress',
    title: 'compress (.Z)',
    decoder: uncompress,
    suffixes: [
      ['.taz', '.tar'],
      ['.tz', '.tar'],
      ['.z', ''],
    ],
  },
  {
    name: 'lzop',
    title: 'lzop',
    decoder: lzop,
    suffixes: [
      ['.tzo', '.tar'],
      ['.lzo', ''],
    ],
    header: input => ({ name: readLzopHeader(input, 0).name, properties: [] }),
  },
  { name: 'szdd', title: 'SZDD', decoder: szdd, suffixes: [], header: szddHeader },
  {
    name: 'kwaj',
    title: 'KWAJ',
    decoder: kwaj,
    suffixes: [],
    header: input => ({ name: readKwajHeader(input, 0).name, properties: [] }),
  },
]

function gzipHeader(input: Uint8Array): Header {
  const { name = '', comment, modifiedSeconds } = readGzipHeader(input, 0)
  const properties = name === '' ? [] : [{ name: 'gzip.name', value: name }]
  if (comment !== undefined) properties.push({ name: 'gzip.comment', value: comment })
  if (modifiedSeconds > 0)
    properties.push({ name: 'gzip.modified', value: new Date(modifiedSeconds * 1000).toISOString() })
  return { name, properties }
}

/** Offset of the last character of the name, which the file's own name has lost: `SETUP.EX_`. */
const SZDD_CHARACTER = 9

function szddHeader(input: Uint8Array, fileName: string): Header {
  const missing = input[SZDD_CHARACTER] ?? 0
  const isKept = fileName.endsWith('_') && missing > 0x20 && missing < 0x7f && input[3] === 0x44
  return { name: isKept ? fileName.slice(0, -1) + String.fromCharCode(missing) : '', properties: [] }
}

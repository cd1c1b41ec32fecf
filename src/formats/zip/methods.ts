import { ContentError, u16le, u32le } from '../../bytes/index.ts'
import {
  bzip2,
  explode,
  inflate,
  lzma,
  lzmaProperties,
  ppmd8,
  unreduce,
  unshrink,
  xz,
  zstd,
} from '../../codecs/index.ts'
import type { Decoder } from '../../codecs/index.ts'
import type { Reading } from './readings.ts'

// Compression methods by number. Source: APPNOTE.TXT 6.3.10, section 4.4.5.

/** @param input - ends where the data end; offsets in it are offsets in the archive */
type Open = (input: Uint8Array, start: number, reading: Reading) => Decoder

interface Method {
  readonly name: string
  /** Absent: nobody here can read it. */
  readonly open?: Open
  /** Its data end where the declared size is reached, not by themselves. */
  readonly isSized?: boolean
}

export const STORED = 0
export const DEFLATED = 8

const reduced = (factor: number): Method => ({
  name: `reduce-${factor}`,
  isSized: true,
  open: (input, start, { unpacked }) => unreduce(input, start, input.length, factor, unpacked ?? Infinity),
})

/** Flag: LZMA data have an end marker, so no size is needed. */
const FLAG_MARKER = 2
const LZMA_PROPERTIES = 5

/** Section 5.8.8: version of the LZMA library, size of the properties, properties, LZMA. */
function* openLzma(input: Uint8Array, start: number, { flags, unpacked }: Reading): Decoder {
  if (start + 4 + LZMA_PROPERTIES > input.length || u16le(input, start + 2) < LZMA_PROPERTIES)
    throw new ContentError('malformed', 'Properties of LZMA do not fit', start)
  const properties = lzmaProperties(input[start + 4], u32le(input, start + 5), start + 4)
  const size = (flags & FLAG_MARKER) === 0 ? unpacked : undefined
  return yield* lzma(input, start + 4 + u16le(input, start + 2), properties, size)
}

const METHODS: ReadonlyMap<number, Method> = new Map<number, Method>([
  [STORED, { name: 'stored' }],
  [
    1,
    {
      name: 'shrink',
      isSized: true,
      open: (input, start, { unpacked }) => unshrink(input, start, input.length, unpacked ?? Infinity),
    },
  ],
  [2, reduced(1)],
  [3, reduced(2)],
  [4, reduced(3)],
  [5, reduced(4)],
  [
    6,
    {
      name: 'implode',
      isSized: true,
      open: (input, start, { flags, unpacked }) => explode(input, start, input.length, flags, unpacked ?? Infinity),
    },
  ],
  [7, { name: 'tokenize' }],
  [DEFLATED, { name: 'deflate', open: (input, start) => inflate(input, start, 'deflate') }],
  [9, { name: 'deflate64', open: (input, start) => inflate(input, start, 'deflate64') }],
  [10, { name: 'dcl-implode' }],
  [12, { name: 'bzip2', open: bzip2 }],
  [14, { name: 'lzma', isSized: true, open: openLzma }],
  [16, { name: 'cmpsc' }],
  [18, { name: 'terse' }],
  [19, { name: 'lz77' }],
  [20, { name: 'zstd', open: zstd }],
  [93, { name: 'zstd', open: zstd }],
  [94, { name: 'mp3' }],
  [95, { name: 'xz', open: xz }],
  [96, { name: 'jpeg' }],
  [97, { name: 'wavpack' }],
  [98, { name: 'ppmd', isSized: true, open: (input, start, { unpacked }) => ppmd8(input, start, unpacked) }],
  [99, { name: 'aes' }],
])

/** Name of a method for people; a number where it has none. */
export const methodName = (method: number): string => METHODS.get(method)?.name ?? `method ${method}`

/** What unpacks the data of a reading; undefined for stored data and for what is not known. */
export const methodOpener = (method: number): Open | undefined => METHODS.get(method)?.open

/** Readings that differ in the size of what comes out give different content. */
export const isSized = (method: number): boolean => METHODS.get(method)?.isSized === true

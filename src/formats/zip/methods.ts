import { inflate } from '../../codecs/index.ts'
import type { Decoder } from '../../codecs/index.ts'
import type { Reading } from './readings.ts'

// Compression methods by number. Source: APPNOTE.TXT 6.3.10, section 4.4.5.

/** @param input - ends where the data end; offsets in it are offsets in the archive */
type Open = (input: Uint8Array, start: number, reading: Reading) => Decoder

interface Method {
  readonly name: string
  /** Absent: nobody here can read it. */
  readonly open?: Open
}

export const STORED = 0
export const DEFLATED = 8

const METHODS: ReadonlyMap<number, Method> = new Map<number, Method>([
  [STORED, { name: 'stored' }],
  [1, { name: 'shrink' }],
  [2, { name: 'reduce-1' }],
  [3, { name: 'reduce-2' }],
  [4, { name: 'reduce-3' }],
  [5, { name: 'reduce-4' }],
  [6, { name: 'implode' }],
  [7, { name: 'tokenize' }],
  [DEFLATED, { name: 'deflate', open: (input, start) => inflate(input, start, 'deflate') }],
  [9, { name: 'deflate64', open: (input, start) => inflate(input, start, 'deflate64') }],
  [10, { name: 'dcl-implode' }],
  [12, { name: 'bzip2' }],
  [14, { name: 'lzma' }],
  [16, { name: 'cmpsc' }],
  [18, { name: 'terse' }],
  [19, { name: 'lz77' }],
  [20, { name: 'zstd' }],
  [93, { name: 'zstd' }],
  [94, { name: 'mp3' }],
  [95, { name: 'xz' }],
  [96, { name: 'jpeg' }],
  [97, { name: 'wavpack' }],
  [98, { name: 'ppmd' }],
  [99, { name: 'aes' }],
])

/** Name of a method for people; a number where it has none. */
export const methodName = (method: number): string => METHODS.get(method)?.name ?? `method ${method}`

/** What unpacks the data of a reading; undefined for stored data and for what is not known. */
export const methodOpener = (method: number): Open | undefined => METHODS.get(method)?.open

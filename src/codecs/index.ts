// The codecs layer: decompression and decoding of whole streams, piece by piece. Pure.
//
// A decoder is a generator: it reads `input` from an offset on, yields pieces of output and returns the offset behind
// the last byte that it used. A piece is borrowed: it lies in the decoder's own window and is overwritten by the next.
// What contradicts the format is a ContentError; the pieces yielded before it stay good. Tables and windows are bounded
// by named constants, and nothing is allocated in proportion to a number that the input merely claims.
export type { Decoder } from './decoder.ts'
export { collected, concatenated } from './collect.ts'
export type { Collected } from './collect.ts'
export { crc32 } from './crc32.ts'
export { inflate, zlibInflate } from './inflate.ts'
export type { DeflateVariant } from './inflate.ts'
export { bzip2 } from './bzip2.ts'
export { lzip, lzma, lzmaAlone, lzmaProperties } from './lzma.ts'
export type { LzmaProperties } from './lzma-state.ts'
export { lzma2 } from './lzma2.ts'
export { xz } from './xz.ts'
export { explode } from './implode.ts'
export { leadsToLz4, lz4 } from './lz4.ts'
export { unreduce } from './reduce.ts'
export { unshrink } from './shrink.ts'
export { lzwDecode, uncompress } from './lzw.ts'
export { zstd } from './zstd.ts'
export { gzip, readGzipHeader } from './gzip.ts'
export type { GzipHeader } from './gzip.ts'
export { lzop, readLzopHeader } from './lzop.ts'
export { kwaj, readKwajHeader } from './kwaj.ts'
export { szdd } from './lzss.ts'
export type { Note } from './members.ts'

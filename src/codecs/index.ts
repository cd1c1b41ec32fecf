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
export { decodeLzfu } from './lzfu.ts'
export { ovbaDecompress } from './ovba.ts'
export { Rc4 } from './rc4.ts'

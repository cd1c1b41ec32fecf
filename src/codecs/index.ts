// The codecs layer: decompression and decoding of whole streams, piece by piece. Pure.
//
// A decoder is a generator: it reads `input` from an offset on, yields pieces of output and returns the offset behind
// the last byte that it used. A piece is borrowed: it lies in the decoder's own window and is overwritten by the next.
// What contradicts the format is a ContentError; the pieces yielded before it stay good. Tables and windows are bounded
// by named constants, and nothing is allocated in proportion to a number that the input merely claims.
export type { Decoder } from './decoder.ts'
export { decodeBase64, isBase64Char, surveyBase64 } from './base64.ts'
export type { AfterPadding } from './base64.ts'
export { decodeBinHex } from './binhex.ts'
export { characterReferenceAt } from './character-references.ts'
export { decodeLzfu } from './lzfu.ts'
export { decodePercent } from './percent.ts'
export { decodeQuotedPrintable } from './quoted-printable.ts'
export { decodeScript, encodedScriptAt, SCRIPT_MARK } from './script-encoder.ts'
export { decodeUtf16 } from './utf16.ts'
export { decodeUuencode } from './uuencode.ts'
export { decodeYenc } from './yenc.ts'
export { joinPieces, sliceOf } from './slice.ts'

// The bytes layer: checked access to borrowed bytes. Pure; nothing here keeps what it is given.
export { ContentError } from './content-error.ts'
export type { ContentFault } from './content-error.ts'
export { ParseError } from './parse-error.ts'
export { bytesOf, equalsAt, indexOf, latin1, u16be, u16le, u32be, u32le, u64be, u64le, u8 } from './read.ts'
export { decodeHex, encodeHex, hexDigit } from './hex.ts'
export { bytes, struct, uint16be, uint16le, uint32be, uint32le, uint64be, uint64le, uint8 } from './struct.ts'
export { Writer } from './writer.ts'
export type { Field, Layout, Read } from './struct.ts'

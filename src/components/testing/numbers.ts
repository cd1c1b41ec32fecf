/** Gives an integer from 0 to `below` - 1. */
export type Numbers = (below: number) => number

/** Where `part` stands in `bytes`; -1 where it does not. */
export const indexOfBytes = (bytes: Uint8Array, part: Uint8Array): number =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(part)

/** Yields borrowed pieces of output; returns the offset behind the last byte of input that it used. */
export type Decoder = Generator<Uint8Array, number, void>

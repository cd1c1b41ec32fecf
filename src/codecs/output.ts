/** Bytes that a decoder collects before it hands them out. */
export const PIECE_BYTES = 64 << 10

// Which texts are so common in clean files that a pattern of nothing else makes a bad trigger: "OriginalFilename" in
// UTF-16 is in every Windows library. A Bloom filter over windows of eight bytes of text, measured on clean files.

/** Bits of the filter. */
export const COMMON_FILTER_BITS = 1 << 18

const isText = (byte: number): boolean => byte >= 0x20 && byte < 0x7f
const fold = (byte: number): number => (byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte)

/**
 * Number (32 bits) of the eight bytes at `at`, letters in lower case; -1 where they are neither ASCII text nor
 * UTF-16 text of either byte order.
 */
export function foldedWindow(bytes: Uint8Array, at: number): number {
  if (!isText(bytes[at]) && !isText(bytes[at + 1])) return -1
  const wideFrom = bytes[at] === 0 ? 1 : bytes[at + 1] === 0 ? 0 : -1
  let hash = 0x811c9dc5
  for (let i = 0; i < 8; i++) {
    const byte = bytes[at + i]
    const expectZero = wideFrom >= 0 && (i & 1) !== wideFrom
    if (expectZero ? byte !== 0 : !isText(byte)) return -1
    hash = Math.imul(hash ^ fold(byte), 0x01000193)
  }
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return (hash ^ (hash >>> 13)) >>> 0
}

/** Bit position of a window in the filter, for each of two rounds. */
export function commonBit(window: number, round: 0 | 1): number {
  return (round === 0 ? window : Math.imul(window, 0x9e3779b1) >>> 7) & (COMMON_FILTER_BITS - 1)
}

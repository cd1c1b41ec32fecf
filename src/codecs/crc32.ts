/** Reflected polynomial of IEEE 802.3, as gzip, zip and xz use it. */
const POLYNOMIAL = 0xedb88320
const SLICES = 8

/** Table k answers for a byte that is followed by k bytes of zero. */
function slicingTables(): Int32Array {
  const tables = new Int32Array(SLICES * 256)
  for (let i = 0; i < 256; i++) {
    let crc = i
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
    tables[i] = crc
  }
  for (let i = 256; i < tables.length; i++) tables[i] = tables[tables[i - 256] & 255] ^ (tables[i - 256] >>> 8)
  return tables
}

const TABLES = slicingTables()

/** For ciphers that step the sum byte by byte. */
export const CRC32_TABLE = TABLES.subarray(0, 256)

/**
 * CRC-32 of `bytes` (RFC 1952, section 8), unsigned. `previous` is the value of what came before: pieces can be summed
 * one after the other. Eight bytes at a time; no allocation.
 */
export function crc32(bytes: Uint8Array, previous = 0): number {
  const table = TABLES
  const { length } = bytes
  let crc = ~previous
  let i = 0
  for (; i + 8 <= length; i += 8) {
    crc ^= bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24)
    crc =
      table[1792 + (crc & 255)] ^
      table[1536 + ((crc >>> 8) & 255)] ^
      table[1280 + ((crc >>> 16) & 255)] ^
      table[1024 + (crc >>> 24)] ^
      table[768 + bytes[i + 4]] ^
      table[512 + bytes[i + 5]] ^
      table[256 + bytes[i + 6]] ^
      table[bytes[i + 7]]
  }
  for (; i < length; i++) crc = table[(crc ^ bytes[i]) & 255] ^ (crc >>> 8)
  return ~crc >>> 0
}

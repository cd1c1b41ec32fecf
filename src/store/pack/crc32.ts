/** The table of CRC-32 (polynomial 0xEDB88320), for ciphers that step it byte by byte; whole buffers go to node:zlib. */
export const CRC_TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  return crc
})

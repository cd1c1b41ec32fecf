import { CRC_TABLE } from './crc32.ts'

// The traditional encryption of ZIP (APPNOTE.TXT 6.3.10 §6.1): weak, and read by everything. It keeps scanners and
// double clicks off, not people.

const CHECK_HEADER_BYTES = 12

/** The state of the cipher. */
export interface ZipCrypto {
  /** Encrypts in place. */
  encrypt(bytes: Uint8Array): void
  /** The encrypted twelve bytes that stand before the data; the last one lets a reader check the password. */
  header(random: Uint8Array, check: number): Uint8Array
}

export function createZipCrypto(password: Uint8Array): ZipCrypto {
  let key0 = 0x12345678
  let key1 = 0x23456789
  let key2 = 0x34567890
  const update = (byte: number): void => {
    key0 = CRC_TABLE[(key0 ^ byte) & 0xff] ^ (key0 >>> 8)
    key1 = (Math.imul(key1 + (key0 & 0xff), 134775813) + 1) | 0
    key2 = CRC_TABLE[(key2 ^ (key1 >>> 24)) & 0xff] ^ (key2 >>> 8)
  }
  for (const byte of password) update(byte)
  const encrypt = (bytes: Uint8Array): void => {
    for (let at = 0; at < bytes.length; at++) {
      const plain = bytes[at]
      const temporary = (key2 & 0xffff) | 2
      bytes[at] = plain ^ (Math.imul(temporary, temporary ^ 1) >>> 8)
      update(plain)
    }
  }
  return {
    encrypt,
    header(random, check) {
      const header = Uint8Array.from(random.subarray(0, CHECK_HEADER_BYTES))
      header[CHECK_HEADER_BYTES - 1] = check
      encrypt(header)
      return header
    },
  }
}

import { u64le } from '../../bytes/index.ts'

/** Method number of AES-256 in 7z headers. */
const AES = [0x06, 0xf1, 0x07, 0x01]
const ENCODED_HEADER = 0x17
const SIGNATURE_HEADER = 32
const MAX_ENCODED_HEADER = 4096

/**
 * True for a 7z archive whose header is encrypted. 7-Zip answers a wrong password with an exception there, as it does
 * damage, so this is how the two are told apart. Source: 7zFormat.txt of the LZMA SDK.
 */
export function hasEncryptedHeader(bytes: Uint8Array): boolean {
  if (bytes.length < SIGNATURE_HEADER || bytes[0] !== 0x37 || bytes[1] !== 0x7a) return false
  const start = SIGNATURE_HEADER + u64le(bytes, 12)
  const header = bytes.subarray(start, start + Math.min(u64le(bytes, 20), MAX_ENCODED_HEADER))
  if (header[0] !== ENCODED_HEADER) return false
  for (let i = 1; i + AES.length <= header.length; i++) if (AES.every((byte, k) => header[i + k] === byte)) return true
  return false
}

import { u64le } from '../../bytes/index.ts'

/** Method number of AES-256 in 7z headers. */
const AES = [0x06, 0xf1, 0x07, 0x01]
const ENCODED_HEADER = 0x17
const SIGNATURE_HEADER = 32
const MAX_ENCODED_HEADER = 4096

/** Where RAR 4 archives keep the type and the flags of their first header, and the flag for encrypted headers. */
const RAR4_TYPE = 9
const RAR4_MAIN = 0x73
const RAR4_FLAGS = 10
const RAR4_ENCRYPTED = 0x80

/** True for a 7z archive or a RAR 4 archive whose headers are encrypted, so that 7-Zip cannot tell a wrong password. */
export function hasEncryptedHeader(bytes: Uint8Array, format: string): boolean {
  if (bytes.length < SIGNATURE_HEADER) return false
  if (format === 'rar') return bytes[RAR4_TYPE] === RAR4_MAIN && (bytes[RAR4_FLAGS] & RAR4_ENCRYPTED) !== 0
  return format === '7z' && isEncrypted7z(bytes)
}

/**
 * True for a 7z archive whose header is encrypted. 7-Zip answers a wrong password with an exception there, as it does
 * damage, so this is how the two are told apart. Source: 7zFormat.txt of the LZMA SDK.
 */
function isEncrypted7z(bytes: Uint8Array): boolean {
  const start = SIGNATURE_HEADER + u64le(bytes, 12)
  const header = bytes.subarray(start, start + Math.min(u64le(bytes, 20), MAX_ENCODED_HEADER))
  if (header[0] !== ENCODED_HEADER) return false
  for (let i = 1; i + AES.length <= header.length; i++) if (AES.every((byte, k) => header[i + k] === byte)) return true
  return false
}

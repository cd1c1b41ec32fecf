import { bytesOf, equalsAt } from '../../bytes/index.ts'
import { decodeBase64, isBase64Char } from '../../codecs/index.ts'

// What a run of base64 must begin with, decoded, to be taken for a file.

const MAGICS: readonly Uint8Array[] = [
  [0x4d, 0x5a], // MZ
  [0x50, 0x4b, 0x03, 0x04], // ZIP
  [0x25, 0x50, 0x44, 0x46, 0x2d], // %PDF-
  [0x7f, 0x45, 0x4c, 0x46], // ELF
  [0x52, 0x61, 0x72, 0x21, 0x1a], // Rar!
  [0x37, 0x7a, 0xbc, 0xaf, 0x27], // 7z
  [0x1f, 0x8b, 0x08], // gzip
  [0x42, 0x5a, 0x68], // bzip2
  [0xfd, 0x37, 0x7a, 0x58, 0x5a], // xz
  [0xd0, 0xcf, 0x11, 0xe0], // OLE2
  [0x4d, 0x53, 0x43, 0x46], // cabinet
  [0x7b, 0x5c, 0x72, 0x74], // RTF
  [0x23, 0x40, 0x7e, 0x5e], // encoded script
].map(magic => Uint8Array.from(magic))

/** First characters of these files in base64: the rest is not decoded to tell. */
const FIRST_CHARS: ReadonlySet<number> = new Set(bytesOf('/0HIJNQTUef'))
const HEAD_CHARS = 8

/** Characters of base64, and the breaks between its lines. */
export const isRunByte = (byte: number): boolean => isBase64Char(byte) || byte === 0x0a || byte === 0x0d

/** True where the characters at `at` decode to the start of a known format. */
export function isBlobStart(bytes: Uint8Array, at: number): boolean {
  if (!FIRST_CHARS.has(bytes[at])) return false
  for (const head of decodeBase64(bytes, at, Math.min(bytes.length, at + HEAD_CHARS)))
    return MAGICS.some(magic => equalsAt(head, 0, magic))
  return false
}

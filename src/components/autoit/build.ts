import { bytesOf, Writer } from '../../bytes/index.ts'
import { decryptMersenne, decryptRanrot } from '../../codecs/index.ts'

// Builds compiled scripts of AutoIt, for tests. The ciphers are their own inverse.

interface FileParts {
  readonly tag: string
  readonly data: Uint8Array
  readonly isCompressed?: boolean
}

const GUID = [0xa3, 0x48, 0x4b, 0xbe, 0x98, 0x6c, 0x4a, 0xa9, 0x99, 0x4c, 0x53, 0x0a, 0x86, 0xd6, 0x48, 0x7d]
/** Digest of the empty password: any bytes do, their sum counts. */
const DIGEST = Uint8Array.from({ length: 16 }, (_, i) => i * 16)
const DIGEST_SUM = 1920

const utf16 = (text: string): Uint8Array =>
  Uint8Array.from({ length: text.length * 2 }, (_, i) => (i % 2 === 0 ? text.charCodeAt(i / 2) & 0xff : 0))

/** A whole script, with the magic at its end. */
export function autoItScript(version: 'EA05' | 'EA06', files: readonly FileParts[]): Uint8Array {
  const isOld = version === 'EA05'
  const cipher = isOld ? decryptMersenne : decryptRanrot
  const encode = isOld ? bytesOf : utf16
  const [file, tagLength, tagKey, pathLength, pathKey, sizeKey, crcKey, content] = isOld
    ? [0x16fa, 0x29bc, 0xa25e, 0x29ac, 0xf25e, 0x45aa, 0xc3d2, 0x22af + DIGEST_SUM]
    : [0x18ee, 0xadbc, 0xb33f, 0xf820, 0xf479, 0x87bc, 0xa685, 0x2477]
  const out = new Writer()
    .bytes(Uint8Array.from(GUID))
    .bytes(bytesOf(`AU3!${version}`))
    .bytes(DIGEST)
  const path = 'C:\\x'
  for (const { tag, data, isCompressed = false } of files) {
    out.bytes(cipher(bytesOf('FILE'), file))
    out.u32(tag.length ^ tagLength).bytes(cipher(encode(tag), tagKey + tag.length))
    out.u32(path.length ^ pathLength).bytes(cipher(encode(path), pathKey + path.length))
    out.u8(isCompressed ? 1 : 0)
    out.u32(data.length ^ sizeKey).u32(data.length ^ sizeKey)
    out.u32(crcKey).u64(0).u64(0)
    out.bytes(cipher(data, content))
  }
  return out.bytes(bytesOf(`AU3!${version}`)).finish()
}

/** A name or text token of EA06. */
export function nameToken(kind: number, text: string): Uint8Array {
  const out = new Writer().u8(kind).u32(text.length)
  for (const character of text) out.u16(character.charCodeAt(0) ^ text.length)
  return out.finish()
}

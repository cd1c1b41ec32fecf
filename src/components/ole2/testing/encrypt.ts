import { bytesOf, u16le, Writer } from '../../../bytes/index.ts'
import { Rc4 } from '../../../codecs/index.ts'
import type { CryptoPort } from '../../../scan/index.ts'

// Encrypts streams of the binary formats for tests, from the writer's side of the specification. Not for production.

const SALT = Uint8Array.from({ length: 16 }, (_, i) => 17 * i + 3)
const VERIFIER = Uint8Array.from({ length: 16 }, (_, i) => 29 * i + 5)
const utf16 = (text: string) =>
  Uint8Array.from(text.split('').flatMap(c => [c.charCodeAt(0) & 255, c.charCodeAt(0) >> 8]))
const join = (...parts: readonly Uint8Array[]) => Uint8Array.from(parts.flatMap(part => [...part]))
const le32 = (value: number) => new Writer().u32(value).finish()

export interface TestCipher {
  /** Header as the formats store it. */
  readonly header: Uint8Array
  readonly key: (block: number) => Uint8Array
}

/** RC4 of Office 97. */
export function basicCipher(crypto: CryptoPort, password: string): TestCipher {
  const short = crypto.hash('md5', utf16(password)).subarray(0, 5)
  const base = crypto.hash('md5', join(...Array.from({ length: 16 }, () => join(short, SALT)))).subarray(0, 5)
  const key = (block: number) => crypto.hash('md5', join(base, le32(block)))
  const verifier = new Rc4(key(0)).apply(join(VERIFIER, crypto.hash('md5', VERIFIER)))
  return { header: join(new Writer().u16(1).u16(1).finish(), SALT, verifier), key }
}

/** RC4 by CryptoAPI. */
export function cryptoApiCipher(crypto: CryptoPort, password: string, keyBits: 40 | 128): TestCipher {
  const base = crypto.hash('sha1', join(SALT, utf16(password)))
  const key = (block: number) => {
    const digest = crypto.hash('sha1', join(base, le32(block))).subarray(0, keyBits / 8)
    return keyBits === 40 ? join(digest, new Uint8Array(11)) : digest
  }
  const verifier = new Rc4(key(0)).apply(join(VERIFIER, crypto.hash('sha1', VERIFIER)))
  const name = utf16('Microsoft Base Cryptographic Provider v1.0\0')
  const head = new Writer().u32(4).u32(0).u32(0x6801).u32(0x8004).u32(keyBits).u32(1).u32(0).u32(0).bytes(name).finish()
  const out = new Writer().u16(2).u16(2).u32(4).u32(head.length).bytes(head).u32(16).bytes(SALT)
  return { header: out.bytes(verifier.subarray(0, 16)).u32(20).bytes(verifier.subarray(16)).finish(), key }
}

const PLAIN = new Set([0x809, 0x2f, 0x194, 0x195, 0xe1, 0x196, 0x138])

/** Calls `change` for each byte of a workbook's stream that is encrypted. */
function eachRecord(stream: Uint8Array, change: (at: number, start: number, size: number) => void): void {
  for (let at = 0; at + 4 <= stream.length;) {
    const type = u16le(stream, at)
    const size = u16le(stream, at + 2)
    const from = type === 0x85 ? 4 : 0
    if (!PLAIN.has(type)) for (let i = from; i < size; i++) change(at + 4 + i, at + 4, size)
    at += 4 + size
  }
}

/** The key stream for every offset. */
function keyStream(size: number, blockSize: number, { key }: TestCipher): Uint8Array {
  const stream = new Uint8Array(size)
  for (let at = 0; at < size; at += blockSize) new Rc4(key(at / blockSize)).apply(stream.subarray(at, at + blockSize))
  return stream
}

/** A workbook's stream, which has the record that says "encrypted" already. */
export function encryptWorkbook(stream: Uint8Array, cipher: TestCipher): Uint8Array {
  const keys = keyStream(stream.length, 1024, cipher)
  const out = stream.slice()
  eachRecord(stream, at => void (out[at] ^= keys[at]))
  return out
}

/** Data of the record that says so, and the encrypted stream, for the password that Excel tries by itself. */
export const XOR_FILE_PASS = Uint8Array.of(0, 0, 0x59, 0xb3, 0x0a, 0x9a)
export function xorWorkbook(stream: Uint8Array): Uint8Array {
  const ror = (byte: number) => ((byte >> 1) | (byte << 7)) & 255
  const password = [...bytesOf('VelvetSweatshop'), 0xbb]
  const array = password.map((byte, i) => ror(byte ^ (i % 2 === 0 ? 0x59 : 0xb3)))
  const out = stream.slice()
  eachRecord(stream, (at, start, size) => {
    const rotated = ((stream[at] << 5) | (stream[at] >> 3)) & 255
    out[at] = rotated ^ array[(start + size + at - start) % 16]
  })
  return out
}

/** Streams of a Word document; `word` is at least as long as a FIB. */
export function encryptWord(
  word: Uint8Array,
  table: Uint8Array,
  cipher: TestCipher,
): { readonly word: Uint8Array; readonly table: Uint8Array } {
  const flagged = word.slice()
  flagged[0x0b] |= 1
  new DataView(flagged.buffer).setUint32(0x0e, cipher.header.length, true)
  const keys = keyStream(Math.max(word.length, cipher.header.length + table.length), 512, cipher)
  const head = cipher.header.length
  return {
    word: flagged.map((byte, i) => (i < 68 ? byte : byte ^ keys[i])),
    table: join(cipher.header, table).map((byte, i) => (i < head ? byte : byte ^ keys[i])),
  }
}

/** Streams of a presentation with one object, whose content is `object`, a whole record. */
export function encryptPresentation(
  object: Uint8Array,
  cipher: TestCipher,
): { readonly stream: Uint8Array; readonly user: Uint8Array } {
  const out = new Writer().bytes(new Rc4(cipher.key(1)).apply(object.slice()))
  const session = out.length
  out.u16(0x0f).u16(0x2f14).u32(cipher.header.length).bytes(cipher.header)
  const directory = out.length
  out
    .u16(0)
    .u16(0x1772)
    .u32(12)
    .u32((2 << 20) | 1)
    .u32(0)
    .u32(session)
  const edit = out.length
  out.u16(0).u16(0x0ff5).u32(32).u32(0).u16(0).u8(0).u8(3).u32(0).u32(directory).u32(1).u32(3).u16(0).u16(0).u32(2)
  const user = new Writer().u16(0).u16(0x0ff6).u32(24).u32(0x14).u32(0xf3d1_c4df).u32(edit).u16(0).u16(0x3f4)
  return { stream: out.finish(), user: user.u8(3).u8(0).u16(0).u32(8).finish() }
}

import { u16le } from '../../bytes/index.ts'
import { Rc4 } from '../../codecs/index.ts'
import { BIFF_RECORD, biffRecords } from '../../formats/index.ts'
import type { WordHeader } from '../../formats/index.ts'
import type { ComponentContext, CryptoPort } from '../../scan/index.ts'
import { concat, equal, passwordsOf, readCryptoApi, uint32, utf16, versionOf } from './password-hash.ts'

// Encryption of the binary formats: RC4 with a key for each block of the stream, and XOR of old workbooks.
// Source: [MS-OFFCRYPTO] 2.3.5 to 2.3.7, [MS-XLS] 2.2.10, [MS-DOC] 2.2.6.

const RC4_ALGORITHM = 0x6801
const WORKBOOK_BLOCK = 1024
const WORD_BLOCK = 512
/** Bytes of the FIB that stay in plain. */
const WORD_PLAIN = 68
/** Records that stay in plain. [MS-XLS] 2.2.10 */
const PLAIN_RECORDS: ReadonlySet<number> = new Set([
  BIFF_RECORD.bof,
  BIFF_RECORD.filePass,
  BIFF_RECORD.usrExcl,
  BIFF_RECORD.fileLock,
  BIFF_RECORD.interfaceHeader,
  BIFF_RECORD.rrdInfo,
  BIFF_RECORD.rrdHead,
])

/** A key that opened a document. */
export interface BlockCipher {
  readonly password: string
  /** Key of RC4 for one block. */
  key(block: number): Uint8Array
}

/** Finds the password by the verifier in an RC4 header. Undefined: none fits, or the header is not known. */
export function openRc4(header: Uint8Array, context: ComponentContext): BlockCipher | undefined {
  const [major, minor] = versionOf(header)
  if (major === 1 && minor === 1) return openBasic(header, context)
  return minor === 2 && major >= 2 && major <= 4 ? openCryptoApi(header, context) : undefined
}

function openBasic(header: Uint8Array, context: ComponentContext): BlockCipher | undefined {
  if (header.length < 52) return undefined
  const { crypto } = context
  const salt = header.subarray(4, 20)
  for (const password of passwordsOf(context)) {
    const first = crypto.hash('md5', utf16(password)).subarray(0, 5)
    const repeated = concat(...Array.from({ length: 16 }, () => concat(first, salt)))
    const base = crypto.hash('md5', repeated).subarray(0, 5)
    const key = (block: number): Uint8Array => crypto.hash('md5', concat(base, uint32(block)))
    if (verifies(crypto, 'md5', key(0), header.subarray(20, 36), header.subarray(36, 52))) return { password, key }
  }
  return undefined
}

function openCryptoApi(header: Uint8Array, context: ComponentContext): BlockCipher | undefined {
  const info = readCryptoApi(header, 4)
  if (info === undefined || info.algorithm !== RC4_ALGORITHM || info.keyBits < 8 || info.keyBits > 128) return undefined
  const { crypto } = context
  const size = info.keyBits >> 3
  for (const password of passwordsOf(context)) {
    const base = crypto.hash('sha1', concat(info.salt, utf16(password)))
    const key = (block: number): Uint8Array => {
      const digest = crypto.hash('sha1', concat(base, uint32(block))).subarray(0, size)
      return size === 5 ? concat(digest, new Uint8Array(11)) : digest
    }
    if (verifies(crypto, 'sha1', key(0), info.verifier, info.verifierHash.subarray(0, 20))) return { password, key }
  }
  return undefined
}

function verifies(
  crypto: CryptoPort,
  hash: 'md5' | 'sha1',
  key: Uint8Array,
  verifier: Uint8Array,
  expected: Uint8Array,
): boolean {
  const plain = new Rc4(key).apply(concat(verifier, expected))
  return equal(crypto.hash(hash, plain.subarray(0, verifier.length)), plain.subarray(verifier.length))
}

function decryptBlocks(bytes: Uint8Array, cipher: BlockCipher, blockSize: number): Uint8Array {
  const plain = bytes.slice()
  for (let at = 0, block = 0; at < plain.length; at += blockSize, block++)
    new Rc4(cipher.key(block)).apply(plain.subarray(at, at + blockSize))
  return plain
}

/** A workbook's stream in plain. */
export function decryptWorkbook(stream: Uint8Array, cipher: BlockCipher): Uint8Array {
  return withPlainRecords(stream, decryptBlocks(stream, cipher, WORKBOOK_BLOCK))
}

/** Puts back what was never encrypted: headers of records, some records, the places of sheets. */
function withPlainRecords(stream: Uint8Array, plain: Uint8Array): Uint8Array {
  for (const { type, at, data } of biffRecords(stream, 0)) {
    plain.set(stream.subarray(at - 4, at), at - 4)
    if (PLAIN_RECORDS.has(type)) plain.set(data, at)
    else if (type === BIFF_RECORD.boundSheet) plain.set(data.subarray(0, 4), at)
    if (type === BIFF_RECORD.filePass) plain.set(NO_FILE_PASS, at - 4)
  }
  return plain
}

/** In place of the record that says "encrypted": a number that no record has, so that the rest reads as it is. */
const NO_FILE_PASS = Uint8Array.of(0xff, 0x0f)

/** A Word document's stream, or its table or data stream, in plain. */
export function decryptWordStream(stream: Uint8Array, cipher: BlockCipher, header?: WordHeader): Uint8Array {
  const plain = decryptBlocks(stream, cipher, WORD_BLOCK)
  if (header === undefined) return plain
  plain.set(stream.subarray(0, WORD_PLAIN))
  // The flags for "encrypted" and "obfuscated" are taken back.
  plain[0x0b] &= 0x7e
  return plain
}

/** XOR obfuscation of a workbook: the stream in plain, where a password fits its verifier. [MS-OFFCRYPTO] 2.3.7 */
export function openXor(
  stream: Uint8Array,
  filePass: Uint8Array,
  context: ComponentContext,
): { readonly password: string; readonly plain: Uint8Array } | undefined {
  // Before BIFF8 the record has no kind in front.
  const at = filePass.length < 6 ? 0 : 2
  if (filePass.length < 4) return undefined
  const key = u16le(filePass, at)
  for (const password of passwordsOf(context)) {
    const bytes = ansi(password)
    if (bytes === undefined || xorVerifier(bytes) !== u16le(filePass, at + 2) || xorKey(bytes) !== key) continue
    return { password, plain: xorDecrypt(stream, xorArray(bytes, key)) }
  }
  return undefined
}

/** One to fifteen characters of one byte. */
function ansi(password: string): Uint8Array | undefined {
  if (password.length < 1 || password.length > 15) return undefined
  const bytes = Uint8Array.from(password, character => character.charCodeAt(0))
  return password.split('').every(character => character.charCodeAt(0) < 256) ? bytes : undefined
}

function xorVerifier(password: Uint8Array): number {
  let verifier = 0
  for (let i = password.length; i >= 0; i--) {
    const byte = i === 0 ? password.length : password[i - 1]
    verifier = (((verifier >> 14) & 1) | ((verifier << 1) & 0x7fff)) ^ byte
  }
  return verifier ^ 0xce4b
}

const INITIAL_CODES = [
  0xe1f0, 0x1d0f, 0xcc9c, 0x84c0, 0x110c, 0x0e10, 0xf1ce, 0x313e, 0x1872, 0xe139, 0xd40f, 0x84f9, 0x280c, 0xa96a, 0x4ec3,
] // prettier-ignore

/**
 * The table of [MS-OFFCRYPTO] 2.3.7.2 holds, for each bit of each character counted from the last, what a shift
 * register of 16 bits (feedback 0x1021) has after so many steps, eight for a character; so it is computed.
 */
function xorKey(password: Uint8Array): number {
  let key = INITIAL_CODES[password.length - 1]
  let element = 0x1021
  for (let i = password.length - 1; i >= 0; i--)
    for (let bit = 0; bit < 8; bit++) {
      if (bit < 7 && ((password[i] >> bit) & 1) !== 0) key ^= element
      element = feedback(element)
    }
  return key
}

const feedback = (value: number): number => ((value << 1) & 0xffff) ^ (value >= 0x8000 ? 0x1021 : 0)

const PADDING = [0xbb, 0xff, 0xff, 0xba, 0xff, 0xff, 0xb9, 0x80, 0x00, 0xbe, 0x0f, 0x00, 0xbf, 0x0f, 0x00]

function xorArray(password: Uint8Array, key: number): Uint8Array {
  return Uint8Array.from({ length: 16 }, (_, i) => {
    const byte = i < password.length ? password[i] : PADDING[i - password.length]
    const mixed = byte ^ (i % 2 === 0 ? key & 255 : key >> 8)
    return ((mixed >> 1) | (mixed << 7)) & 255
  })
}

function xorDecrypt(stream: Uint8Array, array: Uint8Array): Uint8Array {
  const plain = stream.slice()
  for (const { at, data } of biffRecords(stream, 0))
    for (let i = 0; i < data.length; i++) {
      const mixed = data[i] ^ array[(at + data.length + i) & 15]
      plain[at + i] = ((mixed >> 5) | (mixed << 3)) & 255
    }
  return withPlainRecords(stream, plain)
}

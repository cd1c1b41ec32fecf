import { u16le, u32le } from '../../bytes/index.ts'
import { crc32, CRC32_TABLE } from '../../codecs/index.ts'
import type { Reading } from './readings.ts'

// The encryptions of members that a password opens. Sources: APPNOTE.TXT 6.3.10, section 6.1 (classic, "ZipCrypto") and
// 7.2 (strong; keys derived as CryptDeriveKey does); WinZip "AES Encryption Information" 1.04 (AE-1, AE-2: PBKDF2, CTR
// with a little-endian counter, HMAC-SHA1). Not read: strong encryption by certificates, and with other ciphers than AES.

/** What is needed of the host's cryptography. */
export interface Cryptography {
  hmac(name: 'sha1', key: Uint8Array, bytes: Uint8Array): Uint8Array
  pbkdf2(name: 'sha1', password: Uint8Array, salt: Uint8Array, iterations: number, lengthBytes: number): Uint8Array
  hash(name: 'sha1', bytes: Uint8Array): Uint8Array
  aesDecrypt(mode: 'cbc', key: Uint8Array, iv: Uint8Array, bytes: Uint8Array): Uint8Array
  aesEncrypt(mode: 'ecb', key: Uint8Array, iv: Uint8Array, bytes: Uint8Array): Uint8Array
}

const CLASSIC_HEADER = 12
const AES_ITERATIONS = 1000
const AES_CHECK = 2
const AES_CODE = 10
/** Key stream is made in pieces of this many bytes. */
const STREAM_BYTES = 64 << 10
const NO_IV = new Uint8Array(0)

/** What a password opened. */
export interface Opened {
  /** The data as they were before encryption; owned. */
  readonly data: Uint8Array
  /** A message authentication code says that it is the right password, and that the data are whole. */
  readonly isProven: boolean
}

/** The encrypted data of a member, so many bytes that no more than their size is allocated. */
export interface Locked {
  readonly data: Uint8Array
  readonly reading: Reading
}

/** Opens with one password; undefined where a check says that it is the wrong one. */
export function open(locked: Locked, password: Uint8Array, crypto: Cryptography): Opened | undefined {
  if (locked.reading.encryption === 'aes') return openAes(locked, password, crypto)
  if (locked.reading.encryption === 'strong') return openStrong(locked, password, crypto)
  return openClassic(locked, password)
}

/** One chance in 128 that a wrong password passes: the caller looks at the checksum. */
function openClassic({ data, reading }: Locked, password: Uint8Array): Opened | undefined {
  if (data.length < CLASSIC_HEADER) return undefined
  const keys = classicKeys(password)
  const header = new Uint8Array(CLASSIC_HEADER)
  decryptClassic(data.subarray(0, CLASSIC_HEADER), header, keys)
  const check = header[CLASSIC_HEADER - 1]
  if (check !== reading.time >>> 8 && (reading.crc === undefined || check !== reading.crc >>> 24)) return undefined
  const plain = new Uint8Array(data.length - CLASSIC_HEADER)
  decryptClassic(data.subarray(CLASSIC_HEADER), plain, keys)
  return { data: plain, isProven: false }
}

function classicKeys(password: Uint8Array): Int32Array {
  const keys = Int32Array.of(0x12345678, 0x23456789, 0x34567890)
  for (const byte of password) {
    keys[0] = CRC32_TABLE[(keys[0] ^ byte) & 255] ^ (keys[0] >>> 8)
    keys[1] = Math.imul(keys[1] + (keys[0] & 255), 134_775_813) + 1
    keys[2] = CRC32_TABLE[(keys[2] ^ (keys[1] >>> 24)) & 255] ^ (keys[2] >>> 8)
  }
  return keys
}

function decryptClassic(input: Uint8Array, output: Uint8Array, keys: Int32Array): void {
  let [key0, key1, key2] = keys
  for (let i = 0; i < input.length; i++) {
    const mask = (key2 & 0xffff) | 2
    const byte = input[i] ^ ((Math.imul(mask, mask ^ 1) >>> 8) & 255)
    output[i] = byte
    key0 = CRC32_TABLE[(key0 ^ byte) & 255] ^ (key0 >>> 8)
    key1 = (Math.imul(key1 + (key0 & 255), 134_775_813) + 1) | 0
    key2 = CRC32_TABLE[(key2 ^ (key1 >>> 24)) & 255] ^ (key2 >>> 8)
  }
  keys[0] = key0
  keys[1] = key1
  keys[2] = key2
}

function openAes({ data, reading }: Locked, password: Uint8Array, crypto: Cryptography): Opened | undefined {
  const strength = reading.aes?.strength ?? 0
  if (strength < 1 || strength > 3) return undefined
  const keySize = 8 + 8 * strength
  const saltSize = keySize / 2
  const start = saltSize + AES_CHECK
  const end = data.length - AES_CODE
  if (end < start) return undefined
  const derived = crypto.pbkdf2('sha1', password, data.subarray(0, saltSize), AES_ITERATIONS, 2 * keySize + AES_CHECK)
  if (derived[2 * keySize] !== data[saltSize] || derived[2 * keySize + 1] !== data[saltSize + 1]) return undefined
  const body = data.subarray(start, end)
  const code = crypto.hmac('sha1', derived.subarray(keySize, 2 * keySize), body)
  const isProven = code.subarray(0, AES_CODE).every((byte, i) => byte === data[end + i])
  return { data: decryptAes(body, derived.subarray(0, keySize), crypto), isProven }
}

function decryptAes(input: Uint8Array, key: Uint8Array, crypto: Cryptography): Uint8Array {
  const output = new Uint8Array(input.length)
  const counters = new Uint8Array(Math.min(STREAM_BYTES, Math.ceil(input.length / 16) * 16))
  let counter = 0
  for (let at = 0; at < input.length; at += counters.length) {
    for (let block = 0; block < counters.length; block += 16) {
      counter++
      // Below 2^48: larger data do not exist.
      let rest = counter
      for (let i = 0; i < 6; i++) {
        counters[block + i] = rest & 255
        rest = Math.floor(rest / 256)
      }
    }
    const stream = crypto.aesEncrypt('ecb', key, NO_IV, counters)
    const size = Math.min(counters.length, input.length - at)
    for (let i = 0; i < size; i++) output[at + i] = input[at + i] ^ stream[i]
  }
  return output
}

/** AES in the numbering of Windows, and its key size in bytes. */
const STRONG_CIPHERS: ReadonlyMap<number, number> = new Map([
  [0x660e, 16],
  [0x660f, 24],
  [0x6610, 32],
])
const STRONG_VERSION = 3
const BLOCK = 16

interface StrongHeader {
  readonly iv: Uint8Array
  readonly keySize: number
  /** Encrypted random data from which the key of the file is made. */
  readonly random: Uint8Array
  /** Encrypted bytes and their checksum. */
  readonly validation: Uint8Array
  /** Offset of the encrypted data. */
  readonly end: number
}

/** The decryption header in front of the data; undefined where it is none that a password opens. */
function readStrong(data: Uint8Array): StrongHeader | undefined {
  if (data.length < 2 || u16le(data, 0) !== BLOCK || data.length < 2 + BLOCK + 14) return undefined
  const start = 2 + BLOCK + 4
  const end = start + u32le(data, start - 4)
  const keySize = STRONG_CIPHERS.get(u16le(data, start + 2))
  const randomEnd = start + 10 + u16le(data, start + 8)
  if (keySize === undefined || u16le(data, start) !== STRONG_VERSION) return undefined
  if (end > data.length || randomEnd + 6 > end || u32le(data, randomEnd) !== 0) return undefined
  const validation = data.subarray(randomEnd + 6, randomEnd + 6 + u16le(data, randomEnd + 4))
  const random = data.subarray(start + 10, randomEnd)
  if (random.length < 2 * BLOCK || random.length % BLOCK !== 0) return undefined
  if (validation.length < BLOCK || validation.length % BLOCK !== 0) return undefined
  return { iv: data.subarray(2, 2 + BLOCK), keySize, random, validation, end }
}

/** True where a password may open it. */
export const isOpenable = (data: Uint8Array): boolean => readStrong(data) !== undefined

function openStrong({ data }: Locked, password: Uint8Array, crypto: Cryptography): Opened | undefined {
  const header = readStrong(data)
  if (header === undefined) return undefined
  const { iv, keySize, end } = header
  const master = deriveStrong(crypto.hash('sha1', password), keySize, crypto)
  const random = crypto.aesDecrypt('cbc', master, iv, header.random)
  const seed = new Uint8Array(random.length)
  seed.set(iv)
  seed.set(random.subarray(0, random.length - BLOCK), BLOCK)
  const key = deriveStrong(crypto.hash('sha1', seed), keySize, crypto)
  const validation = crypto.aesDecrypt('cbc', key, iv, header.validation)
  const checked = validation.length - 4
  if (crc32(validation.subarray(0, checked)) !== u32le(validation, checked)) return undefined
  const size = data.length - end - ((data.length - end) % BLOCK)
  // The data go on where the validation ends: its last block is their vector.
  const padded = crypto.aesDecrypt('cbc', key, header.validation.subarray(-BLOCK), data.subarray(end, end + size))
  const padding = padded.at(-1) ?? 0
  return { data: padding <= BLOCK ? padded.subarray(0, padded.length - padding) : padded, isProven: false }
}

function deriveStrong(digest: Uint8Array, keySize: number, crypto: Cryptography): Uint8Array {
  const key = new Uint8Array(40)
  for (const [i, pad] of [0x36, 0x5c].entries()) {
    const block = new Uint8Array(64).fill(pad)
    for (let k = 0; k < digest.length; k++) block[k] ^= digest[k]
    key.set(crypto.hash('sha1', block), i * 20)
  }
  return key.subarray(0, keySize)
}

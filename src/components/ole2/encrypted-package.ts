import { ContentError, latin1, u64le } from '../../bytes/index.ts'
import { base64Pieces, localName, xmlAttributes, xmlTags } from '../../formats/index.ts'
import type { ComponentContext, CryptoPort, HashName } from '../../scan/index.ts'
import { concat, equal, passwordsOf, readCryptoApi, Rounds, spun, uint32, versionOf } from './password-hash.ts'

// OOXML documents under a password: the ZIP archive lies encrypted in a stream, the parameters in another.
// Source: [MS-OFFCRYPTO] 2.3.4. Not opened: extensible encryption, ciphers other than AES, rights management.

const STANDARD_ROUNDS = 50_000
const AES_ALGORITHMS: ReadonlySet<number> = new Set([0x660e, 0x660f, 0x6610])
const SEGMENT = 4096
/** Bytes that are decrypted at once in standard encryption. */
const PIECE = 64 << 10
const BLOCK_INPUT = Uint8Array.of(0xfe, 0xa7, 0xd2, 0x76, 0x3b, 0x4b, 0x9e, 0x79)
const BLOCK_VALUE = Uint8Array.of(0xd7, 0xaa, 0x0f, 0x6d, 0x30, 0x61, 0x34, 0x4e)
const BLOCK_KEY = Uint8Array.of(0x14, 0x6e, 0x0b, 0xe7, 0xab, 0xac, 0xd0, 0xd6)
const HASHES: ReadonlyMap<string, HashName> = new Map([
  ['MD5', 'md5'],
  ['SHA1', 'sha1'],
  ['SHA-1', 'sha1'],
  ['SHA256', 'sha256'],
  ['SHA-256', 'sha256'],
  ['SHA384', 'sha384'],
  ['SHA-384', 'sha384'],
  ['SHA512', 'sha512'],
  ['SHA-512', 'sha512'],
])

/** An opened package. */
export interface OpenedPackage {
  readonly password: string
  /** Pieces of the plain document. @throws ContentError malformed where it is cut off */
  content(encrypted: Uint8Array): Generator<Uint8Array, void>
}

/**
 * Tries the passwords. Undefined: none opens it.
 * @throws ContentError unsupported or malformed, where not even trying is possible
 */
export function openPackage(info: Uint8Array, context: ComponentContext): OpenedPackage | undefined {
  const [major, minor] = versionOf(info)
  if (minor === 2 && major >= 2 && major <= 4) return openStandard(info, context)
  if (minor === 4 && major === 4) return openAgile(info, context)
  throw new ContentError('unsupported', `Encryption of version ${major}.${minor} is not known`)
}

function openStandard(bytes: Uint8Array, context: ComponentContext): OpenedPackage | undefined {
  const info = readCryptoApi(bytes, 4)
  if (info === undefined) throw new ContentError('malformed', 'The encryption information is cut off')
  if (!AES_ALGORITHMS.has(info.algorithm) || ![128, 192, 256].includes(info.keyBits))
    throw new ContentError('unsupported', 'The cipher of the document is not known')
  const { crypto } = context
  const rounds = new Rounds()
  const none = new Uint8Array(0)
  for (const password of passwordsOf(context)) {
    if (!rounds.take(STANDARD_ROUNDS)) break
    const hashed = spun(crypto, 'sha1', info.salt, password, STANDARD_ROUNDS)
    const key = standardKey(crypto, hashed, info.keyBits / 8)
    const verifier = crypto.aesDecrypt('ecb', key, none, info.verifier)
    if (info.verifierHash.length < 32) throw new ContentError('malformed', 'The password verifier is cut off')
    const expected = crypto.aesDecrypt('ecb', key, none, info.verifierHash).subarray(0, 20)
    if (!equal(crypto.hash('sha1', verifier), expected)) continue
    const decrypt = (data: Uint8Array): Uint8Array => crypto.aesDecrypt('ecb', key, none, data)
    return { password, content: encrypted => decrypted(encrypted, PIECE, decrypt) }
  }
  return undefined
}

function standardKey(crypto: CryptoPort, hashed: Uint8Array, size: number): Uint8Array {
  const last = crypto.hash('sha1', concat(hashed, uint32(0)))
  const half = (fill: number): Uint8Array => {
    const buffer = new Uint8Array(64).fill(fill)
    for (let i = 0; i < last.length; i++) buffer[i] ^= last[i]
    return crypto.hash('sha1', buffer)
  }
  return concat(half(0x36), half(0x5c)).subarray(0, size)
}

/** One element of the XML with its parameters. */
interface AgileParameters {
  readonly salt: Uint8Array
  readonly blockSize: number
  readonly keyBytes: number
  readonly hash: HashName
  readonly attributes: ReadonlyMap<string, string>
}

function openAgile(bytes: Uint8Array, context: ComponentContext): OpenedPackage | undefined {
  const xml = latin1(bytes, 8)
  const data = agileParameters(xml, 'keyData')
  const encryptor = agileParameters(xml, 'encryptedKey')
  const spins = Number(encryptor.attributes.get('spinCount') ?? Number.NaN)
  if (!Number.isInteger(spins) || spins < 0) throw new ContentError('malformed', 'The number of rounds is missing')
  const part = (name: string): Uint8Array => base64(encryptor.attributes.get(name) ?? '')
  const input = part('encryptedVerifierHashInput')
  const value = part('encryptedVerifierHashValue')
  const keyValue = part('encryptedKeyValue')
  const { crypto } = context
  const rounds = new Rounds()
  const open = (hashed: Uint8Array, block: Uint8Array, cipher: Uint8Array): Uint8Array => {
    const key = fitted(crypto.hash(encryptor.hash, concat(hashed, block)), encryptor.keyBytes)
    return crypto.aesDecrypt('cbc', key, fitted(encryptor.salt, 16), whole(cipher))
  }
  for (const password of passwordsOf(context)) {
    if (!rounds.take(spins)) break
    const hashed = spun(crypto, encryptor.hash, encryptor.salt, password, spins)
    const verifier = open(hashed, BLOCK_INPUT, input)
    const expected = open(hashed, BLOCK_VALUE, value)
    const actual = crypto.hash(encryptor.hash, verifier.subarray(0, encryptor.salt.length))
    if (expected.length < actual.length || !equal(actual, expected.subarray(0, actual.length))) continue
    const key = fitted(open(hashed, BLOCK_KEY, keyValue), data.keyBytes)
    const decrypt = (piece: Uint8Array, segment: number): Uint8Array => {
      const iv = fitted(crypto.hash(data.hash, concat(data.salt, uint32(segment))), data.blockSize)
      return crypto.aesDecrypt('cbc', key, iv, piece)
    }
    return { password, content: encrypted => decrypted(encrypted, SEGMENT, decrypt) }
  }
  return undefined
}

function agileParameters(xml: string, element: string): AgileParameters {
  for (const tag of xmlTags(xml)) {
    if (tag.isClosing || localName(tag.name) !== element) continue
    const attributes = xmlAttributes(xml, tag)
    const hash = HASHES.get(attributes.get('hashAlgorithm') ?? '')
    const keyBytes = Number(attributes.get('keyBits')) / 8
    const blockSize = Number(attributes.get('blockSize'))
    const isAes = attributes.get('cipherAlgorithm') === 'AES' && attributes.get('cipherChaining') === 'ChainingModeCBC'
    if (hash === undefined || !isAes || ![16, 24, 32].includes(keyBytes) || blockSize !== 16)
      throw new ContentError('unsupported', 'The cipher of the document is not known')
    return { salt: base64(attributes.get('saltValue') ?? ''), blockSize, keyBytes, hash, attributes }
  }
  throw new ContentError('malformed', `The encryption information has no ${element}`)
}

/** Behind a size of 8 bytes: pieces of `unit` bytes, each decrypted by itself; the last may be short. */
function* decrypted(
  encrypted: Uint8Array,
  unit: number,
  decrypt: (piece: Uint8Array, number: number) => Uint8Array,
): Generator<Uint8Array, void> {
  if (encrypted.length < 8) throw new ContentError('malformed', 'The encrypted document is cut off')
  let left = u64le(encrypted, 0)
  for (let at = 8, number = 0; left > 0; at += unit, number++) {
    const piece = whole(encrypted.subarray(at, at + unit))
    if (piece.length === 0) throw new ContentError('malformed', 'The encrypted document is cut off')
    const plain = decrypt(piece, number)
    yield plain.subarray(0, Math.min(left, plain.length))
    left -= Math.min(left, plain.length)
    if (piece.length < unit && left > 0) throw new ContentError('malformed', 'The encrypted document is cut off')
  }
}

/** As many whole blocks of AES as there are. */
const whole = (bytes: Uint8Array): Uint8Array => bytes.subarray(0, bytes.length & ~15)

/** Cut, or filled with 0x36. */
function fitted(bytes: Uint8Array, size: number): Uint8Array {
  if (bytes.length >= size) return bytes.subarray(0, size)
  const result = new Uint8Array(size).fill(0x36)
  result.set(bytes)
  return result
}

/** Characters of a parameter; they are salts, keys and hashes. */
const MAX_PARAMETER = 4_096

const base64 = (text: string): Uint8Array => concat(...base64Pieces(text, 0, Math.min(text.length, MAX_PARAMETER)))

import { Rc4 } from '../../codecs/index.ts'
import { isDictionary, nameOf, PdfString } from './values.ts'
import type { PdfDictionary, PdfValue } from './values.ts'
import { keyFromPassword } from './passwords.ts'
import type { PasswordParts } from './passwords.ts'
import type { Resolve } from './filters.ts'

// The standard security handler, revisions 2 to 6. Sources: ISO 32000-1, 7.6; ISO 32000-2, 7.6.4 (revision 6).

/** Cryptography of the host; see CryptoPort in scan/component.ts. */
export interface PdfCrypto {
  hash(name: 'md5' | 'sha256' | 'sha384' | 'sha512', bytes: Uint8Array): Uint8Array
  aesDecrypt(mode: 'cbc', key: Uint8Array, iv: Uint8Array, bytes: Uint8Array): Uint8Array
  aesEncrypt(mode: 'cbc', key: Uint8Array, iv: Uint8Array, bytes: Uint8Array): Uint8Array
}

type Method = 'none' | 'rc4' | 'aes'

const METHODS = new Map<string, Method>([
  ['None', 'none'],
  ['V2', 'rc4'],
  ['AESV2', 'aes'],
  ['AESV3', 'aes'],
])
const AES_SALT = [0x73, 0x41, 0x6c, 0x54]
const BLOCK = 16

export interface Decryptor {
  /** The password that opened it. */
  readonly password: string
  /** The same for two that decrypt alike. */
  readonly identity: string
  string(bytes: Uint8Array, number: number, generation: number): Uint8Array
  /** @param dictionary - the stream's own, whose Type and Crypt filter choose the method */
  stream(bytes: Uint8Array, number: number, generation: number, dictionary: PdfDictionary): Uint8Array
}

/**
 * Opens the encryption of a file; undefined where no password fits or the handler is not the standard one.
 * @param encrypt - the Encrypt dictionary
 * @param id - first string of the trailer's ID
 */
export function openEncryption(
  encrypt: PdfDictionary,
  id: Uint8Array,
  crypto: PdfCrypto,
  passwords: readonly string[],
  resolve: Resolve,
): Decryptor | undefined {
  const integer = (key: string, otherwise: number): number => {
    const value = resolve(encrypt.get(key))
    return typeof value === 'number' ? value | 0 : otherwise
  }
  const text = (key: string): Uint8Array => {
    const value = resolve(encrypt.get(key))
    return value instanceof PdfString ? value.bytes : new Uint8Array(0)
  }
  const version = integer('V', 0)
  const revision = integer('R', 2)
  if (nameOf(resolve(encrypt.get('Filter'))) !== 'Standard' || version < 1 || version > 5) return undefined
  const parts: PasswordParts = {
    revision,
    keyBytes: keyBytesOf(version, integer('Length', 40)),
    owner: text('O'),
    user: text('U'),
    ownerKey: text('OE'),
    userKey: text('UE'),
    permissions: integer('P', 0),
    isMetadataEncrypted: resolve(encrypt.get('EncryptMetadata')) !== false,
    id,
  }
  for (const password of ['', ...passwords]) {
    const key = keyFromPassword(parts, password, crypto)
    if (key !== undefined) return decryptor(encrypt, version, key, password, parts.isMetadataEncrypted, crypto, resolve)
  }
  return undefined
}

function keyBytesOf(version: number, length: number): number {
  if (version === 1) return 5
  if (version === 4) return 16
  if (version === 5) return 32
  // Some writers give bytes instead of bits.
  const bits = length < 40 ? length * 8 : length
  return Math.min(16, Math.max(5, bits >> 3))
}

function decryptor(
  encrypt: PdfDictionary,
  version: number,
  key: Uint8Array,
  password: string,
  isMetadataEncrypted: boolean,
  crypto: PdfCrypto,
  resolve: Resolve,
): Decryptor {
  const filters = resolve(encrypt.get('CF'))
  const methodOf = (filter: string | undefined): Method => {
    if (version < 4) return 'rc4'
    if (filter === undefined || filter === 'Identity' || !isDictionary(filters)) return 'none'
    const given = resolve(filters.get(filter))
    const method = isDictionary(given) ? nameOf(resolve(given.get('CFM'))) : undefined
    return METHODS.get(method ?? 'None') ?? 'none'
  }
  const stringMethod = methodOf(nameOf(resolve(encrypt.get('StrF'))))
  const streamFilter = nameOf(resolve(encrypt.get('StmF')))
  const streamMethod = methodOf(streamFilter)
  const fileMethod = methodOf(nameOf(resolve(encrypt.get('EFF'))) ?? streamFilter)

  const decrypt = (method: Method, bytes: Uint8Array, number: number, generation: number): Uint8Array => {
    if (method === 'none') return bytes
    const own = version === 5 ? key : objectKey(key, number, generation, method === 'aes', crypto)
    return method === 'rc4' ? new Rc4(own).apply(new Uint8Array(bytes)) : aes(own, bytes, crypto)
  }
  const methodForStream = (dictionary: PdfDictionary): Method => {
    const type = nameOf(dictionary.get('Type'))
    if (type === 'XRef') return 'none'
    const own = cryptFilter(dictionary, resolve)
    if (own !== undefined) return methodOf(own)
    if (type === 'Metadata' && !isMetadataEncrypted) return 'none'
    return type === 'EmbeddedFile' ? fileMethod : streamMethod
  }
  return {
    password,
    identity: [version, stringMethod, streamMethod, fileMethod, isMetadataEncrypted, ...key].join(' '),
    string: (bytes, number, generation) => decrypt(stringMethod, bytes, number, generation),
    stream: (bytes, number, generation, dictionary) => decrypt(methodForStream(dictionary), bytes, number, generation),
  }
}

/** Name of the crypt filter that a stream chooses for itself. */
function cryptFilter(dictionary: PdfDictionary, resolve: Resolve): string | undefined {
  const first = (value: PdfValue | undefined): PdfValue | undefined =>
    Array.isArray(value) ? resolve(value[0] as PdfValue) : value
  if (nameOf(first(resolve(dictionary.get('Filter')))) !== 'Crypt') return undefined
  const parameters = first(resolve(dictionary.get('DecodeParms')))
  return (isDictionary(parameters) ? nameOf(resolve(parameters.get('Name'))) : undefined) ?? 'Identity'
}

/** Algorithm 1. */
function objectKey(key: Uint8Array, number: number, generation: number, isAes: boolean, crypto: PdfCrypto): Uint8Array {
  const tail = [number, number >> 8, number >> 16, generation, generation >> 8, ...(isAes ? AES_SALT : [])]
  return crypto.hash('md5', Uint8Array.from([...key, ...tail])).subarray(0, Math.min(16, key.length + 5))
}

/** CBC with its vector in front and padding behind; a last block that is cut off is dropped. */
function aes(key: Uint8Array, bytes: Uint8Array, crypto: PdfCrypto): Uint8Array {
  const size = (bytes.length - BLOCK) & ~(BLOCK - 1)
  if (size <= 0) return new Uint8Array(0)
  const plain = crypto.aesDecrypt('cbc', key, bytes.subarray(0, BLOCK), bytes.subarray(BLOCK, BLOCK + size))
  const padding = plain[plain.length - 1]
  return padding >= 1 && padding <= BLOCK ? plain.subarray(0, plain.length - padding) : plain
}

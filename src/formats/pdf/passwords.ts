import { Rc4 } from '../../codecs/index.ts'
import type { PdfCrypto } from './encryption.ts'

// From a password to the key of the file. Sources: ISO 32000-1, 7.6.3; ISO 32000-2, 7.6.4.3.

export interface PasswordParts {
  readonly revision: number
  readonly keyBytes: number
  readonly owner: Uint8Array
  readonly user: Uint8Array
  readonly ownerKey: Uint8Array
  readonly userKey: Uint8Array
  readonly permissions: number
  readonly isMetadataEncrypted: boolean
  readonly id: Uint8Array
}

const PADDING = Uint8Array.from([
  0x28, 0xbf, 0x4e, 0x5e, 0x4e, 0x75, 0x8a, 0x41, 0x64, 0x00, 0x4e, 0x56, 0xff, 0xfa, 0x01, 0x08, 0x2e, 0x2e, 0x00,
  0xb6, 0xd0, 0x68, 0x3e, 0x80, 0x2f, 0x0c, 0xa9, 0xfe, 0x64, 0x53, 0x69, 0x7a,
])
const MAX_PASSWORD_BYTES = 127
const NO_VECTOR = new Uint8Array(16)

/** Key of the file, where `password` is its user's or its owner's. */
export function keyFromPassword(parts: PasswordParts, password: string, crypto: PdfCrypto): Uint8Array | undefined {
  if (parts.revision >= 5)
    return modernKey(parts, new TextEncoder().encode(password).subarray(0, MAX_PASSWORD_BYTES), crypto)
  const padded = pad(passwordBytes(password))
  return userKey(parts, padded, crypto) ?? userKey(parts, ownersUserPassword(parts, padded, crypto), crypto)
}

/** One byte per character where that is possible, as these revisions know no Unicode. */
function passwordBytes(password: string): Uint8Array {
  for (let i = 0; i < password.length; i++) if (password.charCodeAt(i) > 255) return new TextEncoder().encode(password)
  return Uint8Array.from(password, letter => letter.charCodeAt(0))
}

const pad = (password: Uint8Array): Uint8Array => joined(password, PADDING).slice(0, 32)

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((size, part) => size + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

const equal = (a: Uint8Array, b: Uint8Array, size: number): boolean =>
  a.length >= size && b.length >= size && a.subarray(0, size).every((byte, i) => byte === b[i])

// `slice` of a Buffer would be a view, and RC4 works in place.
const encrypted = (key: Uint8Array, bytes: Uint8Array): Uint8Array => new Rc4(key).apply(new Uint8Array(bytes))

/** Algorithms 2, 4, 5 and 6. */
function userKey(parts: PasswordParts, padded: Uint8Array, crypto: PdfCrypto): Uint8Array | undefined {
  const { revision, keyBytes, permissions } = parts
  const flags = Uint8Array.from([permissions, permissions >> 8, permissions >> 16, permissions >> 24])
  const open = revision >= 4 && !parts.isMetadataEncrypted ? Uint8Array.of(255, 255, 255, 255) : new Uint8Array(0)
  let key = crypto.hash('md5', joined(padded, parts.owner.subarray(0, 32), flags, parts.id, open)).subarray(0, keyBytes)
  if (revision >= 3) for (let i = 0; i < 50; i++) key = crypto.hash('md5', key).subarray(0, keyBytes)
  if (revision < 3) return equal(encrypted(key, PADDING), parts.user, 32) ? key : undefined
  let check = crypto.hash('md5', joined(PADDING, parts.id))
  for (let i = 0; i < 20; i++)
    check = encrypted(
      key.map(byte => byte ^ i),
      check,
    )
  return equal(check, parts.user, 16) ? key : undefined
}

/** Algorithm 7: the user's password, padded, that the owner's password decrypts. */
function ownersUserPassword(parts: PasswordParts, padded: Uint8Array, crypto: PdfCrypto): Uint8Array {
  let key = crypto.hash('md5', padded)
  if (parts.revision >= 3) for (let i = 0; i < 50; i++) key = crypto.hash('md5', key)
  key = key.subarray(0, parts.keyBytes)
  let password = parts.owner.subarray(0, 32)
  if (parts.revision < 3) return encrypted(key, password)
  for (let i = 19; i >= 0; i--)
    password = encrypted(
      key.map(byte => byte ^ i),
      password,
    )
  return password
}

/** Algorithm 2.A: both passwords have a salt to check them and one to make the key. */
function modernKey(parts: PasswordParts, password: Uint8Array, crypto: PdfCrypto): Uint8Array | undefined {
  const user = parts.user.subarray(0, 48)
  const kinds = [
    { stored: parts.user, sealed: parts.userKey, more: new Uint8Array(0) },
    { stored: parts.owner, sealed: parts.ownerKey, more: user },
  ]
  for (const { stored, sealed, more } of kinds) {
    if (stored.length < 48 || sealed.length < 32) continue
    const digest = (salt: Uint8Array): Uint8Array => {
      const input = joined(password, salt, more)
      return parts.revision === 5 ? crypto.hash('sha256', input) : hardened(password, input, more, crypto)
    }
    if (equal(digest(stored.subarray(32, 40)), stored, 32))
      return crypto.aesDecrypt('cbc', digest(stored.subarray(40, 48)), NO_VECTOR, sealed.subarray(0, 32))
  }
  return undefined
}

const HASHES = ['sha256', 'sha384', 'sha512'] as const
const ROUNDS = 64
/** Each round ends with a chance of at least one half from here on; a file cannot choose more than luck gives. */
const MAX_ROUNDS = 1024

/** Algorithm 2.B. */
function hardened(password: Uint8Array, input: Uint8Array, more: Uint8Array, crypto: PdfCrypto): Uint8Array {
  let key = crypto.hash('sha256', input)
  let last = 0
  for (let round = 0; round < ROUNDS || (last > round - 32 && round < MAX_ROUNDS); round++) {
    const once = joined(password, key, more)
    const repeated = new Uint8Array(64 * once.length)
    for (let i = 0; i < 64; i++) repeated.set(once, i * once.length)
    const encrypted = crypto.aesEncrypt('cbc', key.subarray(0, 16), key.subarray(16, 32), repeated)
    let sum = 0
    for (let i = 0; i < 16; i++) sum += encrypted[i]
    key = crypto.hash(HASHES[sum % 3], encrypted)
    last = encrypted[encrypted.length - 1]
  }
  return key.subarray(0, 32)
}

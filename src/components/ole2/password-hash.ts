import { u16le, u32le } from '../../bytes/index.ts'
import type { ComponentContext, CryptoPort, HashName } from '../../scan/index.ts'

// How passwords of Office become keys. Source: [MS-OFFCRYPTO] 2.3.4.7, 2.3.4.11, 2.3.5.2, 2.3.6.2.

/** Excel encrypts with it where a workbook is to be protected, not closed; every Excel opens such workbooks unasked. */
const DEFAULT_PASSWORD = 'VelvetSweatshop'
/** Passwords that are tried. */
const MAX_PASSWORDS = 64
/** Rounds of hashing for all passwords of one document, about five seconds; Office itself makes 100,000 for one. */
const MAX_ROUNDS = 1_500_000

export const concat = (...parts: readonly Uint8Array[]): Uint8Array => {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}

export const uint32 = (value: number): Uint8Array =>
  Uint8Array.of(value & 255, (value >> 8) & 255, (value >> 16) & 255, value >>> 24)

export const equal = (one: Uint8Array, other: Uint8Array): boolean =>
  one.length === other.length && one.every((byte, i) => byte === other[i])

export const utf16 = (text: string): Uint8Array => {
  const bytes = new Uint8Array(2 * text.length)
  for (let i = 0; i < text.length; i++) {
    bytes[2 * i] = text.charCodeAt(i) & 255
    bytes[2 * i + 1] = text.charCodeAt(i) >> 8
  }
  return bytes
}

/** Passwords to try, each once, in order. */
export const passwordsOf = ({ passwords }: ComponentContext): readonly string[] => [
  ...new Set([...passwords.slice(0, MAX_PASSWORDS), DEFAULT_PASSWORD, '']),
]

/** Counts the rounds that a document costs. */
export class Rounds {
  #left = MAX_ROUNDS

  /** False: no more. */
  take(count: number): boolean {
    this.#left -= count
    return this.#left >= 0
  }
}

/** Hash of salt and password, then `rounds` times of a counter and what there is. */
export function spun(
  crypto: CryptoPort,
  hash: HashName,
  salt: Uint8Array,
  password: string,
  rounds: number,
): Uint8Array {
  let value = crypto.hash(hash, concat(salt, utf16(password)))
  const buffer = new Uint8Array(4 + value.length)
  for (let i = 0; i < rounds; i++) {
    buffer[0] = i & 255
    buffer[1] = (i >> 8) & 255
    buffer[2] = (i >> 16) & 255
    buffer[3] = i >>> 24
    buffer.set(value, 4)
    value = crypto.hash(hash, buffer)
  }
  return value
}

/** Header and verifier of standard encryption and of RC4 by CryptoAPI. */
export interface CryptoApiInfo {
  readonly algorithm: number
  readonly keyBits: number
  readonly salt: Uint8Array
  readonly verifier: Uint8Array
  readonly verifierHash: Uint8Array
}

/** Reads from behind the version on; undefined where it is cut off. [MS-OFFCRYPTO] 2.3.2, 2.3.3 */
export function readCryptoApi(bytes: Uint8Array, start: number): CryptoApiInfo | undefined {
  if (start + 8 + 32 > bytes.length) return undefined
  const at = start + 8 + u32le(bytes, start + 4)
  if (at + 56 > bytes.length) return undefined
  return {
    algorithm: u32le(bytes, start + 16),
    keyBits: u32le(bytes, start + 24) || 40,
    salt: bytes.subarray(at + 4, at + 20),
    verifier: bytes.subarray(at + 20, at + 36),
    verifierHash: bytes.subarray(at + 40, at + 72),
  }
}

/** Version of encryption information: major, minor. */
export const versionOf = (bytes: Uint8Array): readonly [major: number, minor: number] =>
  bytes.length < 4 ? [0, 0] : [u16le(bytes, 0), u16le(bytes, 2)]

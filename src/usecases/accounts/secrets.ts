import type { Hashes, Random } from '../ports/host.ts'

// Tokens and keys: 256 random bits, so that a plain hash protects them (OWASP ASVS 5.0, 6.5.2). They are shown once.

const TOKEN_BYTES = 32
const PREFIX_BYTES = 6
const KEY_PATTERN = /^lzk_([A-Za-z0-9_-]{8})_[A-Za-z0-9_-]{43}$/
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** Base64url without padding (RFC 4648 §5). */
export function base64url(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 3) {
    const group = (bytes[at] << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0)
    for (let digit = 0; digit <= Math.min(3, bytes.length - at); digit++)
      text += ALPHABET[(group >> (18 - 6 * digit)) & 63]
  }
  return text
}

/** For sessions and the link of the first start. */
export const newToken = (random: Random): string => base64url(random.bytes(TOKEN_BYTES))

/** `lzk_<prefix>_<secret>`: the prefix finds the key, and tells people and secret scanners what it is. */
export function newKeySecret(random: Random): { readonly prefix: string; readonly secret: string } {
  const prefix = base64url(random.bytes(PREFIX_BYTES))
  return { prefix, secret: `lzk_${prefix}_${newToken(random)}` }
}

/** The prefix of what may be a key. */
export const prefixOf = (secret: string): string | undefined => KEY_PATTERN.exec(secret)?.[1]

/** Takes as long whatever differs. Both are hashes, so their length tells nothing. */
export function sameText(one: string, other: string): boolean {
  if (one.length !== other.length) return false
  let difference = 0
  for (let at = 0; at < one.length; at++) difference |= one.charCodeAt(at) ^ other.charCodeAt(at)
  return difference === 0
}

/** The CSRF token of a session, for a page that was loaded again: only who has the session token can make it, and the server need not store it. */
export const csrfOf = (hashes: Hashes, sessionToken: string): string => hashes.hmac(sessionToken, 'csrf')

// Small ways to write bytes for test content.

/** Bytes from hexadecimal digits; white space is ignored. */
export function hex(digits: string): Uint8Array {
  const clean = digits.replaceAll(/\s+/g, '')
  const bytes = new Uint8Array(clean.length >> 1)
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(clean.slice(i * 2, i * 2 + 2), 16)
  return bytes
}

/** Bytes of a text, one byte per character (code points below 256). */
export function latin(text: string): Uint8Array {
  return Uint8Array.from(text, character => character.charCodeAt(0))
}

/** Bytes of a text in UTF-16LE without a byte order mark. */
export function wide(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length * 2)
  const view = new DataView(bytes.buffer)
  for (let i = 0; i < text.length; i++) view.setUint16(i * 2, text.charCodeAt(i), true)
  return bytes
}

/** Hexadecimal digits, lower case, of bytes or of a text. */
export function toHex(bytes: Uint8Array | string): string {
  const source = typeof bytes === 'string' ? latin(bytes) : bytes
  let digits = ''
  for (const byte of source) digits += byte.toString(16).padStart(2, '0')
  return digits
}

/** One piece after another. */
export function join(...pieces: readonly (Uint8Array | string)[]): Uint8Array {
  const parts = pieces.map(piece => (typeof piece === 'string' ? latin(piece) : piece))
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

/** `length` times the same byte. */
export function fill(length: number, byte: number): Uint8Array {
  return new Uint8Array(length).fill(byte)
}

/**
 * `length` bytes that no recogniser takes for a type or for text, and that hardly any signature matches: a fixed
 * pseudo-random sequence over 0x80-0xbf with a control byte 0x01-0x06 in every eighth place, from the first byte on.
 * The same seed gives the same bytes.
 */
export function noise(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length)
  let state = (seed * 0x9e3779b1) >>> 0 || 1
  for (let i = 0; i < length; i++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    bytes[i] = (i & 7) === 0 ? 1 + ((state >>> 8) % 6) : 0x80 | ((state >>> 8) & 0x3f)
  }
  if (length >= 20) bytes.fill(0, 9, 12)
  return bytes
}

/** A copy with `patch` written at `offset`, longer where needed. */
export function patched(bytes: Uint8Array, offset: number, patch: Uint8Array): Uint8Array {
  const copy = new Uint8Array(Math.max(bytes.length, offset + patch.length))
  copy.set(bytes)
  copy.set(patch, offset)
  return copy
}

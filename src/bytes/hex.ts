import { textOfCodes } from './read.ts'

const DIGITS = Uint8Array.from('0123456789abcdef', digit => digit.charCodeAt(0))

/** Value of the hexadecimal digit with this character code, or -1. */
export function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const lower = code | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}

/** Lower-case hexadecimal text, two digits per byte. */
export function encodeHex(bytes: Uint8Array): string {
  const codes = new Uint8Array(bytes.length * 2)
  for (let i = 0; i < bytes.length; i++) {
    codes[2 * i] = DIGITS[bytes[i] >> 4]
    codes[2 * i + 1] = DIGITS[bytes[i] & 15]
  }
  return textOfCodes(codes)
}

/** Bytes of hexadecimal text in either case; undefined for an odd number of digits or anything else than digits. */
export function decodeHex(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (text.length % 2 !== 0) return undefined
  const bytes = new Uint8Array(text.length / 2)
  for (let i = 0; i < bytes.length; i++) {
    const high = hexDigit(text.charCodeAt(2 * i))
    const low = hexDigit(text.charCodeAt(2 * i + 1))
    if (high < 0 || low < 0) return undefined
    bytes[i] = (high << 4) | low
  }
  return bytes
}

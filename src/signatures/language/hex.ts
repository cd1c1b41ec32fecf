// Hexadecimal digits of signature text.

const DIGITS = new Int8Array(128).fill(-1)
for (let digit = 0; digit < 16; digit++) {
  const text = digit.toString(16)
  DIGITS[text.charCodeAt(0)] = digit
  DIGITS[text.toUpperCase().charCodeAt(0)] = digit
}

/** Value of one hexadecimal digit given as character code, or -1. */
export function digitValue(code: number): number {
  return code < 128 ? DIGITS[code] : -1
}

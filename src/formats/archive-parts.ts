// What readers of plain archives have in common: archives that store members as they are, one header before each.

const UTF8 = new TextDecoder('utf-8', { fatal: true })

/** Longer names are cut: no system takes them, and each is carried through the whole report. */
export const MAX_NAME_BYTES = 4096

/**
 * A name as text: UTF-8 where it is valid, ISO 8859-1 otherwise, so that no two names become one. Ends at the first
 * zero byte and after MAX_NAME_BYTES.
 */
export function nameText(bytes: Uint8Array): string {
  const zero = bytes.indexOf(0)
  const name = bytes.subarray(0, Math.min(zero < 0 ? bytes.length : zero, MAX_NAME_BYTES))
  try {
    return UTF8.decode(name)
  } catch {
    return String.fromCharCode(...name)
  }
}

/** Offset of the first byte in [start, end) that is not zero, or `end`. */
export function skipZeros(bytes: Uint8Array, start: number, end = bytes.length): number {
  let at = start
  while (at < end && bytes[at] === 0) at++
  return at
}

/**
 * Digits of `base` (at most 16) in [start, end) as a number: spaces before are skipped, and the first other byte ends
 * it, as all tools read such fields. Undefined where there is no digit at all; no more than 2^53 - 1.
 */
export function digits(bytes: Uint8Array, start: number, end: number, base: 8 | 10 | 16): number | undefined {
  let at = start
  while (at < end && bytes[at] === 0x20) at++
  const first = at
  let value = 0
  for (; at < end; at++) {
    const digit = DIGIT[bytes[at]]
    if (digit >= base) break
    value = value * base + digit
  }
  return at === first ? undefined : Math.min(value, Number.MAX_SAFE_INTEGER)
}

const DIGIT = new Uint8Array(256).fill(255)
for (let i = 0; i < 10; i++) DIGIT[0x30 + i] = i
for (let i = 0; i < 6; i++) DIGIT[0x41 + i] = DIGIT[0x61 + i] = 10 + i

// Classes of characters. Source: ISO 32000-1, 7.2.2.

const REGULAR = 0
const WHITE = 1
const DELIMITER = 2
const DIGIT = 3

const CLASS = new Uint8Array(256)
for (const code of [0, 9, 10, 12, 13, 32]) CLASS[code] = WHITE
for (const letter of '()<>[]{}/%') CLASS[letter.charCodeAt(0)] = DELIMITER
for (let code = 0x30; code < 0x3a; code++) CLASS[code] = DIGIT

export const isWhite = (code: number): boolean => CLASS[code] === WHITE
export const isDigit = (code: number): boolean => CLASS[code] === DIGIT
/** Letters, digits and whatever else may stand inside a name or a keyword. */
export const isRegular = (code: number): boolean => CLASS[code] === REGULAR || CLASS[code] === DIGIT

/** Offset of the first byte from `at` on that is neither white space nor in a comment; at most `end`. */
export function skipWhite(bytes: Uint8Array, at: number, end: number): number {
  while (at < end) {
    const code = bytes[at]
    if (CLASS[code] === WHITE) at++
    else if (code === 0x25) at = lineEnd(bytes, at, end)
    else break
  }
  return at
}

/** Offset of the first line feed or carriage return from `at` on; at most `end`. */
export function lineEnd(bytes: Uint8Array, at: number, end: number): number {
  while (at < end && bytes[at] !== 10 && bytes[at] !== 13) at++
  return at
}

/** True where the ASCII text `word` stands at `at`, before `end`. */
export function wordAt(bytes: Uint8Array, at: number, word: string, end = bytes.length): boolean {
  if (at + word.length > end) return false
  for (let i = 0; i < word.length; i++) if (bytes[at + i] !== word.charCodeAt(i)) return false
  return true
}

import { hexDigit } from '../../bytes/index.ts'

/** Letters of a control word; Word ends one there. */
const MAX_LETTERS = 255
const MAX_DIGITS = 10

/** A control word or symbol. */
export interface Control {
  /** Without the backslash; `'` for a character by its number. */
  readonly word: string
  readonly value: number | undefined
  /** Offset of the backslash. */
  readonly start: number
  /** Offset behind it, its number, the space that ends it, and the data of \bin. */
  readonly end: number
  /** Offset of the data of \bin; `end` for every other word. */
  readonly dataStart: number
}

/** The control at a backslash. Data of \bin that leads out of the document is none. */
export function controlAt(bytes: Uint8Array, start: number): Control {
  let at = start + 1
  const first = bytes[at] ?? 0x20
  if (!isLetter(first)) {
    const word = String.fromCharCode(first)
    if (word !== "'") return { word, value: undefined, start, end: at + 1, dataStart: at + 1 }
    const high = hexDigit(bytes[at + 1] ?? 0)
    const low = hexDigit(bytes[at + 2] ?? 0)
    const isNumber = high >= 0 && low >= 0
    const end = isNumber ? at + 3 : at + 1
    return { word, value: isNumber ? 16 * high + low : undefined, start, end, dataStart: end }
  }
  let word = ''
  while (at < bytes.length && isLetter(bytes[at]) && word.length < MAX_LETTERS) word += String.fromCharCode(bytes[at++])
  const digits = at + (bytes[at] === 0x2d ? 1 : 0)
  let number = digits
  let value = 0
  while (number < bytes.length && number < digits + MAX_DIGITS && isDigit(bytes[number]))
    value = 10 * value + bytes[number++] - 0x30
  const hasValue = number > digits
  if (hasValue) {
    if (digits > at) value = -value
    at = number
  }
  if (bytes[at] === 0x20) at++
  const isData = word === 'bin' && hasValue && value > 0 && at + value <= bytes.length
  return { word, value: hasValue ? value : undefined, start, end: isData ? at + value : at, dataStart: at }
}

const isLetter = (code: number): boolean => (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a
const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39

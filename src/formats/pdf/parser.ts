import { ContentError, hexDigit, latin1 } from '../../bytes/index.ts'
import { isDigit, isRegular, isWhite, skipWhite, wordAt } from './characters.ts'
import { internedName, LONG_STRING_BYTES, MARK_LONG_STRING } from './names.ts'
import { PdfName, PdfRef, PdfString } from './values.ts'
import type { PdfValue } from './values.ts'

/** Nesting of arrays and dictionaries; deeper ones are read as if they stood at this depth. */
const MAX_DEPTH = 100
/** Nesting of parentheses needs no stack; a string is bounded by the file and the work. */
const MAX_NUMBER_DIGITS = 20

/** How many bytes may be read again: each byte of a sound file is read two to four times. */
export class Work {
  #left: number

  constructor(bytes: number) {
    this.#left = bytes
  }

  /** Allows for more text than was known of. */
  allow(bytes: number): void {
    this.#left += bytes
  }

  /** @throws ContentError too-large when more is read than a sound file needs */
  spend(bytes: number): void {
    this.#left -= bytes
    if (this.#left < 0) throw new ContentError('too-large', 'Its objects lie over each other too often')
  }
}

/** A keyword that ends a value: not consumed. */
const END = Symbol('end')
/** Anything that is no object; consumed. */
const JUNK = Symbol('junk')
const CLOSE_ARRAY = Symbol(']')
const CLOSE_DICTIONARY = Symbol('>>')
type Token = PdfValue | typeof END | typeof JUNK | typeof CLOSE_ARRAY | typeof CLOSE_DICTIONARY

const ENDS = ['endobj', 'endstream', 'stream', 'obj', 'xref', 'trailer', 'startxref']
/** These end a value even where what follows is glued to them. */
const GLUED = 3
const WORDS = new Map([
  ['true', true],
  ['false', false],
])
const LONGEST_WORD = 5

/** Reads objects one after the other. Never fails for content: what is no object is passed over. */
export class Parser {
  readonly bytes: Uint8Array
  readonly end: number
  /** Where the next token is looked for. */
  at: number
  /** What names stood there since it was last reset; see names.ts. */
  marks = 0
  /** Some key stood twice in one dictionary. */
  hasRepeatedKey = false
  /** Something was nested deeper than MAX_DEPTH. */
  isDeep = false
  readonly #work: Work

  constructor(bytes: Uint8Array, at: number, end: number, work: Work) {
    this.bytes = bytes
    this.at = at
    this.end = end
    this.#work = work
  }

  /** The next object; undefined at a keyword that ends one (it is not consumed) and at the end. @throws ContentError */
  value(): PdfValue | undefined {
    const start = this.at
    let token = this.#token(0)
    while (token === JUNK || token === CLOSE_ARRAY || token === CLOSE_DICTIONARY) token = this.#token(0)
    this.#work.spend(this.at - start + 1)
    return token === END ? undefined : token
  }

  #token(depth: number): Token {
    const { bytes, end } = this
    const at = (this.at = skipWhite(bytes, this.at, end))
    if (at >= end) return END
    const code = bytes[at]
    switch (code) {
      case 0x2f:
        return this.#name()
      case 0x28:
        return this.#literal()
      case 0x3c:
        if (bytes[at + 1] !== 0x3c || at + 1 >= end) return this.#hexadecimal()
        this.at += 2
        return this.#nested(depth, false)
      case 0x3e:
        this.at += bytes[at + 1] === 0x3e ? 2 : 1
        return bytes[at + 1] === 0x3e ? CLOSE_DICTIONARY : JUNK
      case 0x5b:
        this.at++
        return this.#nested(depth, true)
      case 0x5d:
        this.at++
        return CLOSE_ARRAY
      case 0x29:
      case 0x7b:
      case 0x7d:
        this.at++
        return JUNK
      default:
        return isDigit(code) || code === 0x2b || code === 0x2d || code === 0x2e ? this.#number() : this.#word()
    }
  }

  #nested(depth: number, isArray: boolean): Token {
    if (depth < MAX_DEPTH) return isArray ? this.#array(depth + 1) : this.#dictionary(depth + 1)
    this.isDeep = true
    return JUNK
  }

  #array(depth: number): readonly PdfValue[] {
    const values: PdfValue[] = []
    for (;;) {
      const before = this.at
      const token = this.#token(depth)
      if (token === END || token === CLOSE_ARRAY) return values
      if (token === CLOSE_DICTIONARY) {
        this.at = before
        return values
      }
      if (token !== JUNK) values.push(token)
    }
  }

  #dictionary(depth: number): ReadonlyMap<string, PdfValue> {
    const values = new Map<string, PdfValue>()
    for (;;) {
      const key = this.#token(depth)
      if (key === END || key === CLOSE_DICTIONARY) return values
      if (!(key instanceof PdfName)) continue
      const value = this.#token(depth)
      if (value === END || value === CLOSE_DICTIONARY) return values
      if (value === JUNK || value === CLOSE_ARRAY) continue
      const before = values.get(key.text)
      if (before !== undefined) {
        this.hasRepeatedKey = true
        values.set(`${key.text}\0${values.size}`, before)
      }
      values.set(key.text, value)
    }
  }

  #name(): PdfName {
    const { bytes, end } = this
    const start = this.at + 1
    let at = start
    let isEscaped = false
    for (; at < end && isRegular(bytes[at]); at++) if (bytes[at] === 0x23) isEscaped = true
    this.at = at
    const { name, mark } = internedName(bytes, start, at, isEscaped)
    this.marks |= mark
    return name
  }

  #literal(): PdfString {
    const { bytes, end } = this
    const start = this.at + 1
    let isPlain = true
    let depth = 1
    let at = start
    for (; at < end; at++) {
      const code = bytes[at]
      if (code === 0x28) depth++
      else if (code === 0x29) {
        if (--depth === 0) break
      } else if (code === 0x5c) {
        isPlain = false
        at++
      } else if (code === 0x0d) isPlain = false
    }
    const close = Math.min(at, end)
    this.at = Math.min(close + 1, end)
    if (close - start >= LONG_STRING_BYTES) this.marks |= MARK_LONG_STRING
    return new PdfString(
      isPlain ? new Uint8Array(bytes.subarray(start, close)) : unescaped(bytes, start, close),
      isPlain,
    )
  }

  #hexadecimal(): PdfString {
    const { bytes, end } = this
    const start = this.at + 1
    let close = start
    while (close < end && bytes[close] !== 0x3e) close++
    const out = new Uint8Array((close - start + 1) >> 1)
    let digits = 0
    for (let i = start; i < close; i++) {
      const digit = hexDigit(bytes[i])
      if (digit < 0) continue
      out[digits >> 1] |= digits % 2 === 0 ? digit << 4 : digit
      digits++
    }
    this.at = Math.min(close + 1, end)
    if (digits >= 2 * LONG_STRING_BYTES) this.marks |= MARK_LONG_STRING
    return new PdfString(out.subarray(0, (digits + 1) >> 1), false)
  }

  #number(): Token {
    const { bytes, end } = this
    const start = this.at
    let at = start
    let value = 0
    while (at < end && isDigit(bytes[at])) value = value * 10 + bytes[at++] - 0x30
    if (at > start && (at >= end || !isRegular(bytes[at]))) {
      this.at = at
      return this.#reference(value) ?? value
    }
    while (at < end && isRegular(bytes[at])) at++
    this.at = at
    let text = ''
    for (let i = start; i < Math.min(at, start + MAX_NUMBER_DIGITS); i++) text += String.fromCharCode(bytes[i])
    const parsed = Number.parseFloat(text.replace(/^[+-]*-/, '-'))
    return Number.isNaN(parsed) ? JUNK : parsed
  }

  /** `N G R` where `N` has just been read. */
  #reference(number: number): PdfRef | undefined {
    const { bytes, end } = this
    let at = this.at
    if (at >= end || !isWhite(bytes[at])) return undefined
    while (at < end && isWhite(bytes[at])) at++
    const start = at
    let generation = 0
    while (at < end && isDigit(bytes[at]) && at - start < MAX_NUMBER_DIGITS)
      generation = generation * 10 + bytes[at++] - 0x30
    if (at === start || at >= end || !isWhite(bytes[at])) return undefined
    at = skipWhite(bytes, at, end)
    if (bytes[at] !== 0x52 || at >= end || (at + 1 < end && isRegular(bytes[at + 1]))) return undefined
    this.at = at + 1
    return new PdfRef(number, generation)
  }

  #word(): Token {
    const { bytes, end } = this
    const start = this.at
    let at = start
    while (at < end && isRegular(bytes[at])) at++
    for (let i = 0; i < ENDS.length; i++)
      if (bytes[start] === ENDS[i].charCodeAt(0) && wordAt(bytes, start, ENDS[i], i < GLUED ? end : at))
        if (i < GLUED || at - start === ENDS[i].length) return END
    this.at = at
    return (at - start <= LONGEST_WORD ? WORDS.get(latin1(bytes, start, at)) : undefined) ?? this.#nullOrJunk(start, at)
  }

  #nullOrJunk(start: number, at: number): Token {
    return at - start === 4 && wordAt(this.bytes, start, 'null', at) ? null : JUNK
  }
}

/** Letters behind a backslash: n, r, t, b, f. */
const ESCAPES = new Map([
  [0x6e, 10],
  [0x72, 13],
  [0x74, 9],
  [0x62, 8],
  [0x66, 12],
])

/** Bytes of a literal string with escapes. Source: ISO 32000-1, 7.3.4.2 */
function unescaped(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const out = new Uint8Array(end - start)
  let size = 0
  for (let i = start; i < end; i++) {
    let code = bytes[i]
    if (code === 0x0d) {
      if (bytes[i + 1] === 0x0a && i + 1 < end) i++
      code = 0x0a
    } else if (code === 0x5c) {
      if (++i >= end) break
      code = bytes[i]
      if (code >= 0x30 && code <= 0x37) {
        let value = code - 0x30
        for (let k = 0; k < 2 && i + 1 < end && bytes[i + 1] >= 0x30 && bytes[i + 1] <= 0x37; k++)
          value = value * 8 + bytes[++i] - 0x30
        code = value
      } else if (code === 0x0d || code === 0x0a) {
        if (code === 0x0d && bytes[i + 1] === 0x0a && i + 1 < end) i++
        continue
      } else code = ESCAPES.get(code) ?? code
    }
    out[size++] = code
  }
  return out.subarray(0, size)
}

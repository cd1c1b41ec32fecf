import { decodeExtended } from './encoded-words.ts'

// Values such as `multipart/mixed; boundary="x"; name*0*=utf-8''a; name*1=b`, read the way of the standards and the
// ways of careless readers. Sources: RFC 2045 section 5.1, RFC 2231 sections 3 and 4.

/** Parameters of one value that are read; real messages have fewer than ten. */
const MAX_PARAMETERS = 200
/** Pieces of one continued parameter. */
const MAX_PIECES = 200

export interface Parameter {
  /** Lower case, with the marks of RFC 2231 still on it. */
  readonly name: string
  readonly value: string
}

export interface StructuredValue {
  /** Lower case: `multipart/mixed`, `attachment`. */
  readonly main: string
  readonly parameters: readonly Parameter[]
}

/** How comments and backslashes are taken. */
export interface ReadingStyle {
  readonly comments: boolean
  readonly escapes: boolean
}

export const STANDARD: ReadingStyle = { comments: true, escapes: true }

/** Splits a value at its semicolons, outside of quotes and comments. Linear. */
export function readStructured(value: string, style: ReadingStyle = STANDARD): StructuredValue {
  const scanner = new Scanner(value, style)
  const main = scanner.until(';').trim().toLowerCase().replace(/\s+/g, '')
  const parameters: Parameter[] = []
  while (!scanner.isDone && parameters.length < MAX_PARAMETERS) {
    scanner.skip()
    const name = scanner.until('=;').trim().toLowerCase().replace(/\s+/g, '')
    if (!scanner.isAt('=')) continue
    scanner.skip()
    parameters.push({ name, value: scanner.until(';').trim() })
  }
  return { main, parameters }
}

class Scanner {
  readonly #text: string
  readonly #style: ReadingStyle
  #at = 0

  constructor(text: string, style: ReadingStyle) {
    this.#text = text
    this.#style = style
  }

  get isDone(): boolean {
    return this.#at >= this.#text.length
  }

  isAt(char: string): boolean {
    return this.#text[this.#at] === char
  }

  skip(): void {
    this.#at++
  }

  /** Text up to one of these characters, without quotes and comments. White space in quotes stays by a detour. */
  until(stops: string): string {
    const text = this.#text
    let out = ''
    let quoted = ''
    let wasQuoted = false
    while (this.#at < text.length) {
      const char = text[this.#at]
      if (stops.includes(char)) break
      if (char === '"') {
        quoted += this.#quoted()
        wasQuoted = true
      } else if (char === '(' && this.#style.comments) this.#comment()
      else {
        out += char === '\\' && this.#style.escapes && this.#at + 1 < text.length ? text[++this.#at] : char
        this.#at++
      }
    }
    // `"a"b` is `ab` for one reader and `a` for another; quoted text goes first, and alone where nothing else is there.
    return wasQuoted && out.trim() === '' ? quoted : wasQuoted ? quoted + out.trim() : out
  }

  #quoted(): string {
    const text = this.#text
    let out = ''
    for (this.#at++; this.#at < text.length; this.#at++) {
      const char = text[this.#at]
      if (char === '"') {
        this.#at++
        return out
      }
      out += char === '\\' && this.#style.escapes && this.#at + 1 < text.length ? text[++this.#at] : char
    }
    return out
  }

  /** A comment that never closes takes the rest with it; the reading without comments sees that. */
  #comment(): void {
    const text = this.#text
    let depth = 0
    for (let i = this.#at; i < text.length; i++) {
      const char = text[i]
      if (char === '\\') i++
      else if (char === '(') depth++
      else if (char === ')' && --depth === 0) {
        this.#at = i + 1
        return
      }
    }
    this.#at = text.length
  }
}

/** Every value that a parameter may have: `raw` ones of one character per byte, and `decoded` ones of RFC 2231. */
export interface ParameterValues {
  readonly raw: readonly string[]
  readonly decoded: readonly string[]
}

export function parameterValues(parameters: readonly Parameter[], name: string): ParameterValues {
  const raw: string[] = []
  const decoded: string[] = []
  const pieces = new Map<number, Piece>()
  for (const parameter of parameters) {
    if (parameter.name === name) raw.push(parameter.value)
    else if (parameter.name === `${name}*`) decoded.push(decodeExtended(parameter.value))
    else if (parameter.name.startsWith(`${name}*`)) {
      const match = /^(\d{1,4})(\*?)$/.exec(parameter.name.slice(name.length + 1))
      if (match === null || pieces.size >= MAX_PIECES || pieces.has(Number(match[1]))) continue
      pieces.set(Number(match[1]), { value: parameter.value, encoded: match[2] === '*' })
    }
  }
  const ordered = [...pieces].sort(([a], [b]) => a - b).map(([, piece]) => piece)
  if (ordered.some(piece => piece.encoded)) decoded.push(decodePieces(ordered))
  else if (ordered.length > 0) raw.push(ordered.map(piece => piece.value).join(''))
  return { raw, decoded }
}

interface Piece {
  readonly value: string
  readonly encoded: boolean
}

/** What is not marked as encoded must survive the decoding of the whole. */
const decodePieces = (pieces: readonly Piece[]): string =>
  decodeExtended(
    pieces
      .map(({ value, encoded }) => (encoded ? value : value.replaceAll('%', '%25').replaceAll("'", '%27')))
      .join(''),
  )

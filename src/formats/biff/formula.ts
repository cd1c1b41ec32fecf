import { latin1, u16le } from '../../bytes/index.ts'
import { commandName, functionArity, functionName } from './functions.ts'
import { unicodeText } from './records.ts'
import type { BiffWorkbook } from './workbook.ts'

// Parsed formulas, as text again: tokens in reverse Polish order. What is not known ends the text with a mark, and what
// was read stays. Source: [MS-XLS] 2.5.198.

/** Characters of one formula that are written; tokens may double it at each step. */
const MAX_TEXT = 32_768
const OPERATORS = ['+', '-', '*', '/', '^', '&', '<', '<=', '=', '>=', '>', '<>', ' ', ',', ':'] as const
const ERRORS: Readonly<Record<number, string>> = {
  0x00: '#NULL!', 0x07: '#DIV/0!', 0x0f: '#VALUE!', 0x17: '#REF!', 0x1d: '#NAME?', 0x24: '#NUM!', 0x2a: '#N/A',
} // prettier-ignore
const COMMAND = 0x8000
const USER_FUNCTION = 255

/** Sizes of tokens that are skipped, in BIFF8 and before; behind the token's own byte. */
const SKIPPED: Readonly<Record<number, readonly [biff8: number, before: number]>> = {
  0x01: [4, 3], 0x02: [4, 3], 0x18: [5, 5], 0x1a: [10, 10], 0x1b: [4, 4], 0x20: [7, 7], 0x26: [6, 6], 0x27: [6, 6],
  0x28: [6, 6], 0x29: [2, 2],
} // prettier-ignore

/** The formula as text, without a leading `=`. */
export function formulaText(tokens: Uint8Array, workbook: BiffWorkbook): string {
  return new Formula(tokens, workbook).text()
}

class Formula {
  readonly #tokens: Uint8Array
  readonly #workbook: BiffWorkbook
  readonly #stack: string[] = []
  #at = 0
  #length = 0

  constructor(tokens: Uint8Array, workbook: BiffWorkbook) {
    this.#tokens = tokens
    this.#workbook = workbook
  }

  text(): string {
    let isKnown = true
    while (isKnown && this.#at < this.#tokens.length && this.#length < MAX_TEXT) isKnown = this.#token()
    const text = this.#stack.join(' ')
    return isKnown && this.#length < MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)} …`
  }

  /** False where the token is not known, or does not fit. */
  #token(): boolean {
    const tokens = this.#tokens
    const raw = tokens[this.#at++]
    const token = raw < 0x20 ? raw : (raw & 0x1f) | 0x20
    const wide = this.#workbook.isBiff8
    const size = SKIPPED[token]?.[wide ? 0 : 1]
    if (size !== undefined) {
      this.#at += size
      if (token === 0x20) this.#push('{…}')
      return true
    }
    if (token >= 0x03 && token <= 0x11) return this.#binary(OPERATORS[token - 3])
    if (token === 0x12 || token === 0x13) return this.#push((token === 0x12 ? '+' : '-') + this.#pop())
    if (token === 0x14) return this.#push(`${this.#pop()}%`)
    if (token === 0x15) return this.#push(`(${this.#pop()})`)
    if (token === 0x16) return this.#push('')
    if (token === 0x19) return this.#attribute()
    return token < 0x20 ? this.#constant(token) : this.#operand(token, wide)
  }

  #constant(token: number): boolean {
    const tokens = this.#tokens
    const at = this.#at
    if (token === 0x17) {
      const count = tokens[at] ?? 0
      const isWide = this.#workbook.isBiff8 && (tokens[at + 1] & 1) === 1
      const text = this.#workbook.isBiff8 ? unicodeText(tokens, at + 1, count) : latin1(tokens, at + 1, at + 1 + count)
      this.#at += 1 + (this.#workbook.isBiff8 ? 1 : 0) + count * (isWide ? 2 : 1)
      return this.#push(`"${text.replaceAll('"', '""')}"`)
    }
    const size = token === 0x1f ? 8 : token === 0x1e ? 2 : 1
    if (token < 0x1c || at + size > tokens.length) return false
    this.#at += size
    if (token === 0x1c) return this.#push(ERRORS[tokens[at]] ?? '#ERR!')
    if (token === 0x1d) return this.#push(tokens[at] === 0 ? 'FALSE' : 'TRUE')
    if (token === 0x1e) return this.#push(String(u16le(tokens, at)))
    return this.#push(String(doubleAt(tokens, at)))
  }

  #operand(token: number, wide: boolean): boolean {
    const tokens = this.#tokens
    const at = this.#at
    const { names, externSheets } = this.#workbook
    const fits = (size: number): boolean => {
      this.#at = at + size
      return this.#at <= tokens.length
    }
    switch (token) {
      case 0x21:
        return fits(2) && this.#call(functionName(u16le(tokens, at)), functionArity(u16le(tokens, at)))
      case 0x22: {
        if (!fits(3)) return false
        const index = u16le(tokens, at + 1)
        const count = tokens[at] & 0x7f
        if (index === USER_FUNCTION) return this.#callUser(count)
        const isCommand = (index & COMMAND) !== 0
        return this.#call(isCommand ? commandName(index & ~COMMAND) : functionName(index), count)
      }
      case 0x23: {
        if (!fits(wide ? 4 : 14)) return false
        const index = u16le(tokens, at)
        return this.#push(names[index - 1]?.name ?? `NAME.${index}`)
      }
      case 0x24:
      case 0x2c:
        return fits(wide ? 4 : 3) && this.#push(this.#cell(at, wide))
      case 0x25:
      case 0x2d:
        return fits(wide ? 8 : 6) && this.#push(this.#area(at, wide))
      case 0x2a:
        return fits(wide ? 4 : 3) && this.#push('#REF!')
      case 0x2b:
        return fits(wide ? 8 : 6) && this.#push('#REF!')
      case 0x39:
        return fits(wide ? 6 : 24) && this.#push(`EXTERN.${u16le(tokens, at)}.${u16le(tokens, at + 2)}`)
      case 0x3a:
      case 0x3c:
        return (
          fits(wide ? 6 : 17) &&
          this.#push(`${sheetName(externSheets, u16le(tokens, at))}!${this.#cell(at + (wide ? 2 : 14), wide)}`)
        )
      case 0x3b:
      case 0x3d:
        return (
          fits(wide ? 10 : 20) &&
          this.#push(`${sheetName(externSheets, u16le(tokens, at))}!${this.#area(at + (wide ? 2 : 14), wide)}`)
        )
      default:
        return false
    }
  }

  /** Attributes steer evaluation; only the one for a sum of one argument makes text. */
  #attribute(): boolean {
    const kind = this.#tokens[this.#at] ?? 0
    if (this.#at + 3 > this.#tokens.length) return false
    const count = u16le(this.#tokens, this.#at + 1)
    this.#at += 3
    if ((kind & 0x04) !== 0) this.#at += 2 * (count + 1)
    return (kind & 0x10) === 0 || this.#call('SUM', 1)
  }

  #binary(operator: string): boolean {
    const right = this.#pop()
    return this.#push(`${this.#pop()}${operator}${right}`)
  }

  #call(name: string, count: number): boolean {
    return this.#push(`${name}(${this.#arguments(count).join(',')})`)
  }

  /** The first argument is the function. */
  #callUser(count: number): boolean {
    const [name = 'USER', ...rest] = this.#arguments(count)
    return this.#push(`${name}(${rest.join(',')})`)
  }

  #arguments(count: number): string[] {
    return this.#stack.splice(Math.max(0, this.#stack.length - count), count)
  }

  #pop(): string {
    return this.#stack.pop() ?? ''
  }

  #push(text: string): boolean {
    this.#length = Math.max(this.#length, text.length)
    this.#stack.push(text)
    return true
  }

  #cell(at: number, wide: boolean): string {
    const column = wide ? u16le(this.#tokens, at + 2) & 0x3fff : this.#tokens[at + 2]
    return cellName(u16le(this.#tokens, at) & (wide ? 0xffff : 0x3fff), column)
  }

  #area(at: number, wide: boolean): string {
    const tokens = this.#tokens
    const column = (place: number): number =>
      wide ? u16le(tokens, at + 4 + 2 * place) & 0x3fff : tokens[at + 4 + place]
    const mask = wide ? 0xffff : 0x3fff
    return `${cellName(u16le(tokens, at) & mask, column(0))}:${cellName(u16le(tokens, at + 2) & mask, column(1))}`
  }
}

const sheetName = (sheets: BiffWorkbook['externSheets'], index: number): string =>
  sheets[index]?.name ?? `SHEET.${index}`

/** `A1` for row 0, column 0. */
export function cellName(row: number, column: number): string {
  let letters = ''
  for (let rest = column; rest >= 0; rest = Math.floor(rest / 26) - 1)
    letters = String.fromCharCode(65 + (rest % 26)) + letters
  return letters + (row + 1)
}

/** IEEE double, least significant byte first. */
export function doubleAt(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset + at, 8).getFloat64(0, true)
}

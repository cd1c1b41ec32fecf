import { ReportError } from '../check.ts'
import { NOT_XML_CHAR } from './escape.ts'

// The part of XML 1.0 that reports need: elements, attributes, the predefined entities, character references,
// comments and processing instructions (skipped). Refused: DOCTYPE, CDATA, other entities. Time is linear.

/** Attributes in one element; the largest of ours has nine. */
export const MAX_ATTRIBUTES = 64

/** A start tag; an empty element (`<a/>`) has no end tag. */
export interface StartTag {
  readonly kind: 'start'
  readonly name: string
  readonly attributes: ReadonlyMap<string, string>
  readonly empty: boolean
  /** Offset of the tag in the document. */
  readonly at: number
}
export type Token =
  | StartTag
  | { readonly kind: 'end'; readonly name: string; readonly at: number }
  | { readonly kind: 'text'; readonly at: number }
  | { readonly kind: 'eof'; readonly at: number }

const SPACE = /[ \t\r\n]*/y
const NAME = /[A-Za-z_][A-Za-z0-9_.:-]*/y
const REFERENCE = /&(?:([A-Za-z]{1,32})|#([0-9]{1,7})|#x([0-9A-Fa-f]{1,6}));|&/g
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
const HIGHEST_CODE_POINT = 0x10ffff

/** Walks over one document. */
export class Tokens {
  readonly #text: string
  #at: number

  /**
   * @param text - the document, decoded; a byte order mark is skipped
   * @throws ReportError if it contains a character that XML does not allow
   */
  constructor(text: string) {
    const illegal = text.search(NOT_XML_CHAR)
    if (illegal >= 0) throw new ReportError('Character that XML does not allow', `offset ${illegal}`)
    this.#text = text
    this.#at = text.startsWith('\uFEFF') ? 1 : 0
    if (text.startsWith('<?xml ', this.#at)) this.#skipTo('?>')
  }

  /** The next token; white space, comments and processing instructions are skipped. Throws ReportError. */
  next(): Token {
    for (;;) {
      this.#match(SPACE)
      const at = this.#at
      if (at >= this.#text.length) return { kind: 'eof', at }
      if (this.#text[at] !== '<') {
        const end = this.#text.indexOf('<', at)
        this.#at = end < 0 ? this.#text.length : end
        return { kind: 'text', at }
      }
      const next = this.#text[at + 1]
      if (next === '?') this.#skipInstruction()
      else if (next === '!') this.#skipComment()
      else return next === '/' ? this.#endTag() : this.#startTag()
    }
  }

  /** An error at an offset, by default here. */
  fault(what: string, at = this.#at): ReportError {
    return new ReportError(what, `offset ${at}`)
  }

  #startTag(): StartTag {
    const at = this.#at++
    const name = this.#name()
    const attributes = new Map<string, string>()
    for (;;) {
      const space = this.#match(SPACE)
      if (this.#take('/>')) return { kind: 'start', name, attributes, empty: true, at }
      if (this.#take('>')) return { kind: 'start', name, attributes, empty: false, at }
      if (space === '') throw this.fault('Needs white space or the end of the tag')
      if (attributes.size === MAX_ATTRIBUTES) throw this.fault(`More than ${MAX_ATTRIBUTES} attributes`)
      const attribute = this.#name()
      if (attributes.has(attribute)) throw this.fault(`Attribute ${attribute} given twice`)
      attributes.set(attribute, this.#attributeValue())
    }
  }

  #attributeValue(): string {
    this.#match(SPACE)
    if (!this.#take('=')) throw this.fault('Needs =')
    this.#match(SPACE)
    const quote = this.#text[this.#at]
    if (quote !== '"' && quote !== "'") throw this.fault('Needs a quoted value')
    const from = this.#at + 1
    const end = this.#text.indexOf(quote, from)
    if (end < 0) throw this.fault('Quote without its end')
    const raw = this.#text.slice(from, end)
    if (raw.includes('<')) throw this.fault('< in an attribute')
    this.#at = end + 1
    // A parser hands white space in attributes on as spaces (sections 2.11 and 3.3.3).
    const value = raw.replace(/\r\n|[\t\r\n]/g, ' ')
    return value.includes('&') ? value.replace(REFERENCE, (...found: string[]) => this.#reference(found, from)) : value
  }

  #reference([whole, entity, decimal, hexadecimal]: string[], at: number): string {
    if (entity !== undefined && Object.hasOwn(ENTITIES, entity)) return ENTITIES[entity]
    const code = Number(decimal ?? `0x${hexadecimal}`)
    const char = code <= HIGHEST_CODE_POINT ? String.fromCodePoint(code) : ''
    if (char === '' || NOT_XML_CHAR.test(char)) throw this.fault(`Unknown reference ${whole}`, at)
    return char
  }

  #endTag(): Token {
    const at = this.#at
    this.#at += 2
    const name = this.#name()
    this.#match(SPACE)
    if (!this.#take('>')) throw this.fault('Needs >')
    return { kind: 'end', name, at }
  }

  #skipInstruction(): void {
    if (/^<\?xml[\s?]/i.test(this.#text.slice(this.#at, this.#at + 6)))
      throw this.fault('XML declaration not at the start')
    this.#skipTo('?>')
  }

  #skipComment(): void {
    if (!this.#take('<!--')) throw this.fault('DOCTYPE and CDATA are not taken')
    this.#skipTo('--')
    if (!this.#take('>')) throw this.fault('-- in a comment')
  }

  #skipTo(end: string): void {
    const found = this.#text.indexOf(end, this.#at)
    if (found < 0) throw this.fault(`Needs ${end}`)
    this.#at = found + end.length
  }

  #name(): string {
    const name = this.#match(NAME)
    if (name === '') throw this.fault('Needs a name')
    return name
  }

  /** Takes what a sticky expression matches here; an expression that does not match takes nothing. */
  #match(sticky: RegExp): string {
    sticky.lastIndex = this.#at
    const found = sticky.exec(this.#text)?.[0] ?? ''
    this.#at += found.length
    return found
  }

  #take(literal: string): boolean {
    if (!this.#text.startsWith(literal, this.#at)) return false
    this.#at += literal.length
    return true
  }
}

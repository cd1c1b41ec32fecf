import { UseCaseError } from '../errors.ts'
import { MAX_QUERY_CHARS, OPERATORS, type Operator } from './syntax.ts'

// The words of a query. Forgiving where completion needs it: a quote that is not closed ends with the query.

export type Token =
  | { readonly kind: 'open' | 'close' | 'and' | 'or' | 'not'; readonly from: number; readonly to: number }
  | {
      readonly kind: 'text'
      readonly from: number
      readonly to: number
      /** Without quotes and escapes; where a wildcard stood between two parts, they are two. */
      readonly parts: readonly string[]
      readonly quoted: boolean
    }
  | { readonly kind: 'operator'; readonly operator: Operator; readonly from: number; readonly to: number }

const KEYWORDS: ReadonlyMap<string, 'and' | 'or' | 'not'> = new Map([
  ['AND', 'and'],
  ['OR', 'or'],
  ['NOT', 'not'],
])
const SIGNS: ReadonlyMap<string, 'open' | 'close'> = new Map([
  ['(', 'open'],
  [')', 'close'],
])
/** Longest first. */
const OPERATOR_TEXTS = [...OPERATORS].sort((a, b) => b.length - a.length)
const ENDS_WORD = new Set([' ', '\t', '\r', '\n', '(', ')', '"', ...OPERATOR_TEXTS.map(text => text[0])])

/** @throws UseCaseError invalid-query */
export function tokensOf(query: string): Token[] {
  if (query.length > MAX_QUERY_CHARS)
    throw new UseCaseError('invalid-query', {
      detail: `longer than ${MAX_QUERY_CHARS} characters`,
      where: MAX_QUERY_CHARS,
    })
  const tokens: Token[] = []
  let at = 0
  while (at < query.length) {
    if (/\s/.test(query[at])) {
      at++
      continue
    }
    const token = tokenAt(query, at, tokens.at(-1))
    tokens.push(token)
    at = token.to
  }
  return tokens
}

function tokenAt(query: string, at: number, before: Token | undefined): Token {
  const sign = SIGNS.get(query[at])
  if (sign !== undefined) return { kind: sign, from: at, to: at + 1 }
  const inValue = before?.kind === 'operator' && before.to === at
  if (query[at] === '-' && !inValue) return { kind: 'not', from: at, to: at + 1 }
  const operator = OPERATOR_TEXTS.find(text => query.startsWith(text, at))
  if (operator !== undefined && !inValue) return { kind: 'operator', operator, from: at, to: at + operator.length }
  return query[at] === '"' ? quotedAt(query, at) : wordAt(query, at, inValue)
}

function quotedAt(query: string, from: number): Token {
  let text = ''
  let at = from + 1
  for (; at < query.length && query[at] !== '"'; at++) {
    if (query[at] === '\\' && at + 1 < query.length) at++
    text += query[at]
  }
  return { kind: 'text', parts: [text], quoted: true, from, to: Math.min(at + 1, query.length) }
}

/** In a value the signs of operators are ordinary: names of files and times have colons. */
function wordAt(query: string, from: number, inValue: boolean): Token {
  const parts = ['']
  let at = from
  for (; at < query.length; at++) {
    const sign = query[at]
    if (ENDS_WORD.has(sign) && !(inValue && !/[\s()"]/.test(sign))) break
    if (sign === '*') parts.push('')
    else parts[parts.length - 1] += sign === '\\' && at + 1 < query.length ? query[++at] : sign
  }
  // What no rule takes is a word of one character, so that reading always goes on.
  if (at === from) parts[0] = query[at++]
  const keyword = inValue ? undefined : KEYWORDS.get(query.slice(from, at))
  if (keyword !== undefined) return { kind: keyword, from, to: at }
  return { kind: 'text', parts, quoted: false, from, to: at }
}

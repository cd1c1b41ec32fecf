import { SEARCH_FIELDS, type SearchField } from './fields.ts'
import { MAX_QUERY_DEPTH, MAX_QUERY_TESTS, type Operator, type SearchNode } from './syntax.ts'
import { tokensOf, type Token } from './tokens.ts'
import { invalid, valueOf } from './values.ts'

// The grammar, by descent; docs/search.md has it as text.
//
//   query  = [ either ]
//   either = both { "OR" both }
//   both   = one { [ "AND" ] one }
//   one    = ( "NOT" | "-" ) one | "(" either ")" | test
//   test   = field operator value | value

/** A text that is a whole digest is looked for as one. */
const WHOLE_DIGEST = /^(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})$/i

/**
 * Reads a query.
 * @param nowMs - what times such as `2h` are counted from
 * @throws UseCaseError invalid-query with the position
 */
export function parseQuery(query: string, nowMs: number): SearchNode {
  const reader = new Reader(tokensOf(query), query.length, nowMs)
  return reader.query()
}

class Reader {
  readonly #tokens: readonly Token[]
  readonly #end: number
  readonly #nowMs: number
  #at = 0
  #tests = 0

  constructor(tokens: readonly Token[], end: number, nowMs: number) {
    this.#tokens = tokens
    this.#end = end
    this.#nowMs = nowMs
  }

  query(): SearchNode {
    if (this.#tokens.length === 0) return { kind: 'all' }
    const node = this.#either(0)
    const rest = this.#peek()
    if (rest !== undefined) throw invalid(rest.kind === 'close' ? 'there is no ( for this )' : 'unexpected', rest.from)
    return node
  }

  #either(depth: number): SearchNode {
    if (depth > MAX_QUERY_DEPTH) throw invalid(`nested deeper than ${MAX_QUERY_DEPTH}`, this.#position())
    const nodes = [this.#both(depth)]
    while (this.#take('or')) nodes.push(this.#both(depth))
    return nodes.length === 1 ? nodes[0] : { kind: 'or', nodes }
  }

  #both(depth: number): SearchNode {
    const nodes = [this.#one(depth)]
    for (;;) {
      const next = this.#peek()
      if (next === undefined || next.kind === 'or' || next.kind === 'close') break
      this.#take('and')
      nodes.push(this.#one(depth))
    }
    return nodes.length === 1 ? nodes[0] : { kind: 'and', nodes }
  }

  #one(depth: number): SearchNode {
    let negations = 0
    while (this.#take('not')) negations++
    const node = this.#take('open') ? this.#inside(depth) : this.#test()
    return negations % 2 === 1 ? { kind: 'not', node } : node
  }

  #inside(depth: number): SearchNode {
    const node = this.#either(depth + 1)
    if (!this.#take('close')) throw invalid('a ) is missing', this.#position())
    return node
  }

  #test(): SearchNode {
    const token = this.#peek()
    if (token?.kind !== 'text') throw invalid('a word, a field or a ( is expected', this.#position())
    if (++this.#tests > MAX_QUERY_TESTS) throw invalid(`more than ${MAX_QUERY_TESTS} conditions`, token.from)
    this.#at++
    const operator = this.#peek()
    if (operator?.kind !== 'operator' || token.quoted) return bare(token)
    this.#at++
    return this.#fieldTest(token, operator.operator)
  }

  #fieldTest(name: Token & { kind: 'text' }, operator: Operator): SearchNode {
    const field = name.parts.join('*').toLowerCase()
    if (!Object.hasOwn(SEARCH_FIELDS, field)) throw invalid(`there is no field ${field}`, name.from)
    const value = this.#peek()
    if (value?.kind !== 'text') throw invalid('a value is expected', this.#position())
    this.#at++
    const span = { from: name.from, to: value.to }
    const raw = { parts: value.parts, quoted: value.quoted, span: { from: value.from, to: value.to } }
    const node: SearchNode = {
      kind: 'test',
      field: field as SearchField,
      value: valueOf(SEARCH_FIELDS[field as SearchField], operator, raw, this.#nowMs),
      span,
    }
    return operator === '!=' ? { kind: 'not', node } : node
  }

  #peek(): Token | undefined {
    return this.#tokens[this.#at]
  }

  #take(kind: Token['kind']): boolean {
    if (this.#peek()?.kind !== kind) return false
    this.#at++
    return true
  }

  #position(): number {
    return this.#peek()?.from ?? this.#end
  }
}

/** A value without a field: a digest, or part of a name. */
function bare({ parts, quoted, from, to }: Token & { kind: 'text' }): SearchNode {
  const text = parts.join('*')
  if (text === '') throw invalid('a value is missing', from)
  const span = { from, to }
  return !quoted && WHOLE_DIGEST.test(text)
    ? { kind: 'test', field: 'hash', value: { kind: 'digest', hex: text.toLowerCase(), prefix: false }, span }
    : { kind: 'test', field: 'name', value: { kind: 'text', parts }, span }
}

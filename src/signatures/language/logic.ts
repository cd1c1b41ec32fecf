import type { Comparison, Expression } from './ir.ts'
import { LineError } from './problems.ts'

// Logical expressions of .ldb signatures. There is no precedence: the first operator at the top level splits, so that
// 0&1|2 is 0&(1|2) and 0|1&2 is 0|(1&2).

const MAX_DEPTH = 128
export const MAX_SUBSIGNATURES = 64
const MAX_COUNT = 0xffffffff

class LogicReader {
  readonly text: string
  position = 0
  constructor(text: string) {
    this.text = text
  }

  expression(depth: number): Expression {
    if (depth > MAX_DEPTH) throw new LineError('bad-expression', 'too deep')
    const left = this.term(depth)
    const operator = this.text[this.position]
    if (operator !== '&' && operator !== '|') return left
    this.position++
    return { kind: operator === '&' ? 'and' : 'or', left, right: this.expression(depth + 1) }
  }

  term(depth: number): Expression {
    if (this.text[this.position] === '(') {
      this.position++
      const inner = this.expression(depth + 1)
      if (this.text[this.position++] !== ')') throw new LineError('bad-expression', 'a parenthesis is not closed')
      const { comparison, count, distinct } = this.comparison()
      if (comparison === undefined) return inner
      if (inner.kind === 'leaf') throw new LineError('bad-expression', 'a count on a block of one subsignature')
      return { kind: 'block', inner, comparison, count, distinct }
    }
    const id = this.number()
    if (id >= MAX_SUBSIGNATURES) throw new LineError('subsignature-count')
    let counted = this.counted()
    // Of several counts on one subsignature the last is valid.
    for (let next = this.counted(); next.comparison !== undefined; next = this.counted()) counted = next
    const { comparison, count } = counted
    return comparison === undefined ? { kind: 'leaf', id, count: 0 } : { kind: 'leaf', id, comparison, count }
  }

  /** The count on a subsignature, where `>=2`, `<=2` and `==2` all mean `=2`: so ClamAV reads them. */
  counted(): { comparison?: Comparison; count: number } {
    const odd = /^[=<>]=/.test(this.text.slice(this.position, this.position + 2))
    if (odd) this.position++
    return this.comparison()
  }

  comparison(): { comparison?: Comparison; count: number; distinct: number } {
    const comparison = this.text[this.position]
    if (comparison !== '=' && comparison !== '>' && comparison !== '<') return { count: 0, distinct: 0 }
    this.position++
    const count = this.number()
    let distinct = 0
    if (this.text[this.position] === ',') {
      this.position++
      // `0=2,` with nothing behind the comma stands in official signatures.
      if (/\d/.test(this.text[this.position] ?? '')) distinct = this.number()
    }
    return { comparison, count, distinct }
  }

  number(): number {
    const start = this.position
    while (this.position < this.text.length && this.text[this.position] >= '0' && this.text[this.position] <= '9')
      this.position++
    const value = Number(this.text.slice(start, this.position))
    if (start === this.position || value > MAX_COUNT)
      throw new LineError('bad-expression', `a number is missing or too large at character ${start + 1}`)
    return value
  }
}

/** @throws LineError */
export function parseExpression(text: string): Expression {
  const reader = new LogicReader(text.replaceAll(' ', ''))
  const expression = reader.expression(0)
  if (reader.position !== reader.text.length)
    throw new LineError('bad-expression', `unexpected text at character ${reader.position + 1}`)
  return expression
}

/** Every subsignature number in an expression, each once, ascending. */
export function subsignatureIds(expression: Expression): number[] {
  const ids = new Set<number>()
  const visit = (node: Expression): void => {
    if (node.kind === 'leaf') ids.add(node.id)
    else if (node.kind === 'block') visit(node.inner)
    else {
      visit(node.left)
      visit(node.right)
    }
  }
  visit(expression)
  return [...ids].sort((a, b) => a - b)
}

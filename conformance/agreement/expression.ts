// Reads logical expressions and plans counts of subsignatures that make them true. There is no precedence: the first
// operator at a level splits, so everything is grouped from the right.

/** `=n`, `>n` or `<n` with, on a block, the number of different subsignatures. */
export interface Count {
  readonly sign: '=' | '>' | '<'
  readonly number: number
  readonly distinct: number
}

export type Expression =
  | { readonly kind: 'id'; readonly id: number; readonly count: Count | undefined }
  | { readonly kind: 'and'; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'or'; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'block'; readonly inner: Expression; readonly count: Count | undefined }

/** Subsignature id → how often it is to occur; absent: not at all. */
export type Counts = ReadonlyMap<number, number>

export class ExpressionError extends Error {}

/** Reads an expression. @throws ExpressionError */
export function readExpression(text: string): Expression {
  const [expression, rest] = readChain(text.replaceAll(' ', ''))
  if (rest !== '') throw new ExpressionError(`unexpected ${rest}`)
  return expression
}

function readChain(text: string): [Expression, string] {
  const [left, afterLeft] = readTerm(text)
  const operator = afterLeft[0]
  if (operator !== '&' && operator !== '|') return [left, afterLeft]
  const [right, rest] = readChain(afterLeft.slice(1))
  return [{ kind: operator === '&' ? 'and' : 'or', left, right }, rest]
}

function readTerm(text: string): [Expression, string] {
  if (text.startsWith('(')) {
    const [inner, rest] = readChain(text.slice(1))
    if (!rest.startsWith(')')) throw new ExpressionError('unclosed parenthesis')
    const [count, after] = readCount(rest.slice(1))
    return [{ kind: 'block', inner, count }, after]
  }
  const id = /^\d+/.exec(text)
  if (id === null) throw new ExpressionError(`no subsignature at ${text}`)
  const [count, after] = readCount(text.slice(id[0].length))
  return [{ kind: 'id', id: Number(id[0]), count }, after]
}

function readCount(text: string): [Count | undefined, string] {
  // Of several signs the last one counts.
  const match = /^[=<>]*([=<>])(\d+)(?:,(\d*))?/.exec(text)
  if (match === null) return [undefined, text]
  const count = { sign: match[1] as Count['sign'], number: Number(match[2]), distinct: Number(match[3] || 0) }
  return [count, text.slice(match[0].length)]
}

/** Ids of an expression, each once. */
export function idsOf(expression: Expression): number[] {
  if (expression.kind === 'id') return [expression.id]
  if (expression.kind === 'block') return idsOf(expression.inner)
  return [...new Set([...idsOf(expression.left), ...idsOf(expression.right)])]
}

const MAX_PLANS = 8

/** Ways to make an expression true, the most obvious first; at most eight. */
export function plansOf(expression: Expression): Counts[] {
  if (expression.kind === 'id') {
    const number = expression.count === undefined ? 1 : fitting(expression.count)
    return [new Map([[expression.id, number]])]
  }
  if (expression.kind === 'or') {
    return [...plansOf(expression.left), ...plansOf(expression.right)].slice(0, MAX_PLANS)
  }
  if (expression.kind === 'and') {
    const right = plansOf(expression.right)
    return plansOf(expression.left)
      .flatMap(plan => right.map(other => merge(plan, other)))
      .filter(plan => plan !== undefined)
      .slice(0, MAX_PLANS)
  }
  return expression.count === undefined ? plansOf(expression.inner) : blockPlans(expression.inner, expression.count)
}

function fitting({ sign, number }: Count): number {
  return sign === '=' ? number : sign === '>' ? number + 1 : Math.max(0, number - 1)
}

function blockPlans(inner: Expression, count: Count): Counts[] {
  const ids = idsOf(inner)
  const goal = fitting(count)
  if (goal === 0) return [new Map(ids.map(id => [id, 0]))]
  const isOr = inner.kind === 'or'
  const bases: Counts[] = isOr
    ? [new Map(ids.slice(0, Math.max(1, count.distinct)).map(id => [id, 1]))]
    : plansOf(inner)
  return bases.flatMap(base => {
    const used = [...base].filter(([, times]) => times > 0)
    const sum = used.reduce((total, [, times]) => total + times, 0)
    if (used.length === 0 || sum > goal) return count.sign === '<' ? [] : [base]
    return [new Map([...base, [used[0][0], used[0][1] + goal - sum]])]
  })
}

/** Both at once; undefined where one wants a subsignature that the other forbids. */
function merge(one: Counts, other: Counts): Counts | undefined {
  const both = new Map(one)
  for (const [id, times] of other) {
    const before = both.get(id)
    if (before !== undefined && (before === 0) !== (times === 0)) return undefined
    both.set(id, Math.max(before ?? 0, times))
  }
  return both
}

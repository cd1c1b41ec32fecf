import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeExpression } from '../signatures/compile/encode-logic.ts'
import { GrowableBytes } from '../signatures/compile/growable.ts'
import { chooseTriggers } from '../signatures/compile/triggers.ts'
import type { Comparison, Expression } from '../signatures/language/ir.ts'
import { parseExpression } from '../signatures/language/logic.ts'
import { expressionHolds } from './logic.ts'

// The evaluator of programs against a plain one over the tree, and the promise that triggers make.

const SUBS = 6
const leaf = fc.record({ kind: fc.constant('leaf' as const), id: fc.nat(SUBS - 1), count: fc.constant(0) })
const comparison = fc.constantFrom<Comparison>('=', '>', '<')
const countedLeaf = fc.record({
  kind: fc.constant('leaf' as const),
  id: fc.nat(SUBS - 1),
  comparison,
  count: fc.nat(3),
})

const { expression } = fc.letrec<{ expression: Expression }>(tie => ({
  expression: fc.oneof(
    { maxDepth: 4 },
    leaf,
    countedLeaf,
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      left: tie('expression'),
      right: tie('expression'),
    }),
    fc.record({
      kind: fc.constant('block' as const),
      inner: tie('expression'),
      comparison,
      count: fc.nat(4),
      distinct: fc.nat(3),
    }),
  ),
}))

interface Outcome {
  truth: boolean
  count: number
  ids: Set<number>
}
const NO: Outcome = { truth: false, count: 0, ids: new Set() }
const compare = (value: number, how: Comparison | undefined, wanted: number): boolean =>
  how === undefined ? value > 0 : how === '=' ? value === wanted : how === '>' ? value > wanted : value < wanted

/** What ClamAV's rule says, written down without any haste. */
function evaluateReference(node: Expression, counts: readonly number[]): Outcome {
  if (node.kind === 'leaf') {
    const count = counts[node.id]
    return compare(count, node.comparison, node.count) ? { truth: true, count, ids: new Set([node.id]) } : NO
  }
  if (node.kind === 'block') {
    const inner = evaluateReference(node.inner, counts)
    const holds = compare(inner.count, node.comparison, node.count) && inner.ids.size >= node.distinct
    return holds ? { ...inner, truth: true } : NO
  }
  const left = evaluateReference(node.left, counts)
  const right = evaluateReference(node.right, counts)
  const truth = node.kind === 'and' ? left.truth && right.truth : left.truth || right.truth
  return truth ? { truth, count: left.count + right.count, ids: new Set([...left.ids, ...right.ids]) } : NO
}

const countsArbitrary = fc.array(fc.nat(5), { minLength: SUBS, maxLength: SUBS })
const costs = fc.array(fc.double({ min: 1e-9, max: 1, noNaN: true }), { minLength: SUBS, maxLength: SUBS })

test('programs say what the tree says, with counts asked for only as far as needed', () => {
  fc.assert(
    fc.property(expression, countsArbitrary, costs, (tree, counts, cost) => {
      const out = new GrowableBytes()
      encodeExpression(tree, id => cost[id], out)
      const holds = expressionHolds(out.view(), 0, (id, limit) => Math.min(counts[id], limit))
      expect(holds).toBe(evaluateReference(tree, counts).truth)
    }),
    { numRuns: 3000 },
  )
})

test('no expression is true without a match of one of its triggers', () => {
  fc.assert(
    fc.property(expression, countsArbitrary, costs, (tree, counts, cost) => {
      const triggers = chooseTriggers(tree, id => cost[id])
      const silenced = counts.map((count, id) => (triggers?.ids.includes(id) === true ? 0 : count))
      if (triggers !== undefined) expect(evaluateReference(tree, silenced).truth).toBe(false)
    }),
    { numRuns: 3000 },
  )
})

test.each([
  ['0&1|2', [0, 0, 1], false],
  ['0&1|2', [1, 0, 1], true],
  ['0|1&2', [1, 0, 0], true],
  ['0|1&2', [0, 1, 0], false],
  ['(0|1|2)>1,2', [2, 0, 0], false],
  ['(0|1|2)>1,2', [1, 1, 0], true],
  ['(0&1)=0', [1, 0, 0], true],
  ['0=0', [0, 0, 0], true],
  ['0>1&1<2', [2, 1, 0], true],
] as const)('%s with counts %j is %s', (text, counts, expected) => {
  expect(evaluateReference(parseExpression(text), counts).truth).toBe(expected)
})

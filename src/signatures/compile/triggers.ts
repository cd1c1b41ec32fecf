import type { Expression } from '../language/ir.ts'

// Triggers: a cheapest set of subsignatures without which an expression cannot be true. Only these are searched for;
// the others are looked up when a trigger has matched.

/** Subsignatures to search for, and what they cost together; `undefined` stands for "may be true without any match". */
export interface Triggers {
  readonly ids: readonly number[]
  readonly cost: number
}

type Maybe = Triggers | undefined

function union(left: Maybe, right: Maybe): Maybe {
  if (left === undefined || right === undefined) return undefined
  return { ids: [...new Set([...left.ids, ...right.ids])], cost: left.cost + right.cost }
}

function cheaper(left: Maybe, right: Maybe): Maybe {
  if (left === undefined || right === undefined) return left ?? right
  return right.cost < left.cost ? right : left
}

/** Subsignatures of an expression, or undefined where one may hold, and count as different, without a match. */
function countable(node: Expression): number[] | undefined {
  if (node.kind === 'leaf') return node.comparison === undefined || node.comparison === '>' ? [node.id] : undefined
  if (node.kind === 'block') return node.comparison === '>' ? countable(node.inner) : undefined
  const left = countable(node.left)
  const right = countable(node.right)
  return left === undefined || right === undefined ? undefined : [...left, ...right]
}

/** Least number of hits that a comparison demands; 0 where none are needed. */
function demanded(node: { comparison?: string; count: number }): number {
  if (node.comparison === undefined || node.comparison === '>') return node.count + 1
  return node.comparison === '=' ? node.count : 0
}

/**
 * @param costOf - expected matches of a subsignature per byte; Infinity where it cannot be searched for
 */
export function chooseTriggers(expression: Expression, costOf: (id: number) => number): Maybe {
  const visit = (node: Expression): Maybe => {
    switch (node.kind) {
      case 'leaf':
        return demanded(node) > 0 ? { ids: [node.id], cost: costOf(node.id) } : undefined
      case 'and':
        return cheaper(visit(node.left), visit(node.right))
      case 'or':
        return union(visit(node.left), visit(node.right))
      default: {
        if (demanded(node) === 0) return undefined
        const inner = visit(node.inner)
        const all = node.distinct > 1 ? countable(node.inner) : undefined
        if (all === undefined) return inner
        // m different ones of n must match: the m - 1 commonest need not be searched for.
        const ids = [...new Set(all)].sort((a, b) => costOf(a) - costOf(b))
        const needed = ids.slice(0, Math.max(1, ids.length - node.distinct + 1))
        return cheaper(inner, { ids: needed, cost: needed.reduce((sum, id) => sum + costOf(id), 0) })
      }
    }
  }
  return visit(expression)
}

import { COMPARISONS, LOGIC } from '../signatures/index.ts'

// Evaluates logical expressions. Subsignatures are asked for lazily and only as far as the expression needs their
// counts: outside of counting blocks an AND stops at its first false operand.

const u16 = (bytes: Uint8Array, at: number): number => bytes[at] | (bytes[at + 1] << 8)
const u32 = (bytes: Uint8Array, at: number): number => (u16(bytes, at) | (u16(bytes, at + 2) << 16)) >>> 0

/** Number of matches of a subsignature, counted up to `limit`. */
export type CountPort = (id: number, limit: number) => number

/** Truth of an expression, the matches that its true branches have, and which subsignatures they are of. */
interface Outcome {
  readonly truth: boolean
  readonly count: number
  readonly ids: ReadonlySet<number>
}

const NO_IDS: ReadonlySet<number> = new Set()
const FALSE: Outcome = { truth: false, count: 0, ids: NO_IDS }

function compare(value: number, comparison: number, wanted: number): boolean {
  switch (COMPARISONS[comparison]) {
    case '=':
      return value === wanted
    case '>':
      return value > wanted
    case '<':
      return value < wanted
    default:
      return value > 0
  }
}

/**
 * @param need - 0: only the truth is asked for; else counts up to this number
 */
function evaluate(logic: Uint8Array, pc: number, port: CountPort, need: number): Outcome {
  switch (logic[pc]) {
    case LOGIC.LEAF: {
      const comparison = logic[pc + 2]
      const wanted = u32(logic, pc + 3)
      const count = port(logic[pc + 1], Math.max(need, comparison === 0 ? 1 : wanted + 1))
      if (!compare(count, comparison, wanted)) return FALSE
      return need === 0 ? { truth: true, count, ids: NO_IDS } : { truth: true, count, ids: new Set([logic[pc + 1]]) }
    }
    case LOGIC.BLOCK: {
      const wanted = u32(logic, pc + 2)
      const distinct = logic[pc + 6]
      const inner = evaluate(logic, pc + 7, port, Math.max(need, wanted + 1))
      const holds = compare(inner.count, logic[pc + 1], wanted) && inner.ids.size >= distinct
      return holds ? { truth: true, count: inner.count, ids: inner.ids } : FALSE
    }
    default:
      return both(logic, pc, port, need)
  }
}

function both(logic: Uint8Array, pc: number, port: CountPort, need: number): Outcome {
  const isAnd = logic[pc] === LOGIC.AND
  const left = evaluate(logic, pc + 3, port, need)
  if (isAnd && !left.truth) return FALSE
  if (!isAnd && left.truth && need === 0) return left
  const right = evaluate(logic, pc + 3 + u16(logic, pc + 1), port, need)
  if (isAnd && !right.truth) return FALSE
  if (need === 0) return right
  return {
    truth: left.truth || right.truth,
    count: left.count + right.count,
    ids: new Set([...left.ids, ...right.ids]),
  }
}

/** True where the expression at `pc` holds. */
export function expressionHolds(logic: Uint8Array, pc: number, port: CountPort): boolean {
  return evaluate(logic, pc, port, 0).truth
}

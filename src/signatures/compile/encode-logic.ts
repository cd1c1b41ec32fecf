import type { Conditions, Expression, Range } from '../language/ir.ts'
import { LineError } from '../language/problems.ts'
import { COMPARISONS, CONDITION, LOGIC } from '../image/program.ts'
import type { GrowableBytes } from './growable.ts'

// Writes expressions and conditions as the programs of image/program.ts.

function operands(node: Expression, kind: 'and' | 'or'): Expression[] {
  return node.kind === kind ? [...operands(node.left, kind), ...operands(node.right, kind)] : [node]
}

/**
 * Appends an expression. The operands of an AND are written cheapest first: the matcher stops at the first false one.
 * @param costOf - expected matches of a subsignature per byte
 */
export function encodeExpression(node: Expression, costOf: (id: number) => number, out: GrowableBytes): void {
  switch (node.kind) {
    case 'leaf':
      out.u8(LOGIC.LEAF)
      out.u8(node.id)
      out.u8(COMPARISONS.indexOf(node.comparison ?? ''))
      out.u32(node.count)
      return
    case 'block':
      out.u8(LOGIC.BLOCK)
      out.u8(COMPARISONS.indexOf(node.comparison ?? ''))
      out.u32(node.count)
      out.u8(Math.min(255, node.distinct))
      encodeExpression(node.inner, costOf, out)
      return
    default: {
      const nodes = operands(node, node.kind)
      if (node.kind === 'and') nodes.sort((a, b) => expressionCost(a, costOf) - expressionCost(b, costOf))
      encodeChain(nodes, node.kind === 'and' ? LOGIC.AND : LOGIC.OR, costOf, out)
    }
  }
}

function encodeChain(
  nodes: readonly Expression[],
  operator: number,
  costOf: (id: number) => number,
  out: GrowableBytes,
): void {
  nodes.forEach((node, index) => {
    if (index === nodes.length - 1) return encodeExpression(node, costOf, out)
    out.u8(operator)
    const at = out.length
    out.u16(0)
    encodeExpression(node, costOf, out)
    if (out.length - at - 2 > 0xffff) throw new LineError('bad-expression', 'too long')
    out.setU16(at, out.length - at - 2)
  })
}

function expressionCost(node: Expression, costOf: (id: number) => number): number {
  if (node.kind === 'leaf') return node.comparison === '=' || node.comparison === '<' ? 1 : costOf(node.id)
  if (node.kind === 'block') return expressionCost(node.inner, costOf) + 1e-9
  const left = expressionCost(node.left, costOf)
  const right = expressionCost(node.right, costOf)
  return node.kind === 'and' ? Math.min(left, right) : left + right
}

/** Appends conditions; `typeIndex` gives the number of a type name in the image. Nothing is written where there are none. */
export function encodeConditions(
  conditions: Conditions,
  typeIndex: (name: string) => number,
  out: GrowableBytes,
): void {
  const range = (key: number, value: Range | undefined): void => {
    if (value === undefined) return
    out.u8(key)
    out.u32(Math.min(value.min, 0xffffffff))
    out.u32(Math.min(value.max, 0xffffffff))
  }
  range(CONDITION.FILE_SIZE, conditions.fileSizeBytes)
  range(CONDITION.ENTRY_POINT, conditions.entryPoint)
  range(CONDITION.SECTIONS, conditions.sections)
  if (conditions.container !== undefined) {
    out.u8(CONDITION.CONTAINER)
    out.u16(typeIndex(conditions.container))
  }
  if (conditions.intermediates !== undefined) {
    out.u8(CONDITION.INTERMEDIATES)
    out.u8(conditions.intermediates.length)
    for (const name of conditions.intermediates) out.u16(typeIndex(name))
  }
  out.u8(CONDITION.END)
}

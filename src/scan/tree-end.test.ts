import { expect, test } from 'vitest'
import { Findings } from './findings.ts'
import { TREE_LIMITS, type TreeLimits } from './limits.ts'
import { TreeBudget } from './tree-budget.ts'
import { TreeEnd } from './tree-end.ts'
import type { Node } from './tree-node.ts'

const endOf = (limits: Partial<TreeLimits>, deadlineMs = Infinity): TreeEnd =>
  new TreeEnd(new TreeBudget({ ...TREE_LIMITS, ...limits }, 0, deadlineMs))
const nodeAt = (depth: number): Node => ({ depth, findings: new Findings('x', true) }) as Node
const reasons = ({ findings }: Node) => findings.notSeen.map(({ reason }) => reason)

test('the end of the members is said once of each artifact, and nothing is taken behind it', () => {
  const end = endOf({ maxArtifacts: 3 })
  const [node, other] = [nodeAt(0), nodeAt(0)]
  end.sayOf(other)
  expect([0, 1, 2, 3].map(() => end.takeMember(node))).toEqual([true, true, false, false])
  expect(end.takeBytes(node, 1, 0)).toBe(false)
  expect(reasons(other)).toEqual([])
  end.sayOf(other)
  end.sayOf(other)
  expect([reasons(node), reasons(other)]).toEqual([['too-large'], ['too-large']])
})

test('depth ends nothing but what lies so deep', () => {
  const end = endOf({ maxDepth: 2 })
  const deep = nodeAt(2)
  expect([end.takeMember(deep), end.takeMember(deep), end.takeMember(nodeAt(1))]).toEqual([false, false, true])
  expect(reasons(deep)).toEqual(['too-deep'])
  expect(end.isReached).toBe(false)
})

test('output is charged before it is taken', () => {
  const end = endOf({ maxOutputBytes: 10 })
  const node = nodeAt(0)
  expect([end.takeBytes(node, 10, 0), end.isReached]).toEqual([true, false])
  expect([end.takeBytes(node, 1, 10), end.isReached]).toEqual([false, true])
  expect(reasons(node)).toEqual(['too-large'])
})

test('time ends it, and the reason stays what it was first', () => {
  const end = endOf({}, 0)
  const node = nodeAt(0)
  expect(end.takeMember(node)).toBe(false)
  end.reach('output', node)
  expect(reasons(node)).toEqual(['time'])
})

import { describe, expect, test } from 'vitest'
import { typeByName, type FileTypeName } from '../formats/index.ts'
import { Findings } from './findings.ts'
import { ContentDigests } from './match-digests.ts'
import { NODE_PORTS } from './testing/harness.ts'
import { isInside, NodeList, type Node, type NodeHead } from './tree-node.ts'

const add = (
  list: NodeList,
  parent: Node | undefined,
  type: FileTypeName,
  text: string,
  more: Partial<NodeHead> = {},
) =>
  list.add(
    parent,
    { relation: parent === undefined ? 'root' : 'extracted', name: text, size: text.length, ...more },
    new Findings(text, true),
    { type: typeByName(type), digests: new ContentDigests(Buffer.from(text), NODE_PORTS), marks: [] },
  )

describe('artifacts of a tree', () => {
  test('are twins by content, type, standing and kind of place', () => {
    const list = new NodeList(true)
    const root = add(list, undefined, 'zip', 'root')
    const first = add(list, root, 'data', 'a')
    expect(add(list, root, 'data', 'a').twin).toBe(first)
    expect(add(list, root, 'data', 'b').twin).toBeUndefined()
    expect(add(list, root, 'text', 'a').twin).toBeUndefined()
    const guess = add(list, root, 'data', 'a', { guess: true })
    expect(guess.twin).toBeUndefined()
    expect(add(list, root, 'data', 'a', { guess: true }).twin).toBe(guess)
    const [zip, other, tar] = [add(list, root, 'zip', 'z'), add(list, root, 'zip', 'y'), add(list, root, 'tar', 't')]
    const inZip = add(list, zip, 'data', 'a')
    expect(inZip.twin).toBeUndefined()
    expect(add(list, other, 'data', 'a').twin).toBe(inZip)
    expect(add(list, tar, 'data', 'a').twin).toBeUndefined()
    expect(list.all.map(({ id }) => id)).toEqual(list.all.map((_, index) => index))
  })

  test('know what their members lie in, and share it', () => {
    const list = new NodeList(true)
    const root = add(list, undefined, 'zip', 'root')
    const [a, b] = [add(list, root, 'tar', 'a'), add(list, root, 'tar', 'b')]
    expect(a.inside.containers).toEqual([typeByName('zip').clamType, typeByName('tar').clamType])
    expect(b.inside).toBe(a.inside)
  })

  test('that contain themselves are told from those that only repeat', () => {
    const list = new NodeList(true)
    const root = add(list, undefined, 'zip', 'x')
    const member = add(list, root, 'zip', 'y')
    expect(isInside(member)).toBe(false)
    expect(isInside(add(list, member, 'zip', 'x'))).toBe(true)
    expect(isInside(add(list, root, 'zip', 'y'))).toBe(false)
  })

  test('are identified as is asked for; views never', () => {
    expect(add(new NodeList(false), undefined, 'data', 'a').sha256).toBeUndefined()
    const list = new NodeList(true)
    const root = add(list, undefined, 'data', 'a')
    expect(root.sha256).toMatch(/^[0-9a-f]{64}$/)
    const view = add(list, root, 'data', 'a', { relation: 'view' })
    expect([view.sha256, view.twin]).toEqual([undefined, undefined])
  })
})

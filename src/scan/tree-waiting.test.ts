import { expect, test } from 'vitest'
import type { ComponentManifest } from './component.ts'
import { Shelf } from './shelf.ts'
import type { Node } from './tree-node.ts'
import { WaitingStack } from './tree-waiting.ts'

const component = (place: 'engine' | 'sandbox'): ComponentManifest => ({
  name: 'x',
  version: '1',
  description: 'For tests',
  accepts: ['*'],
  stage: 'extract',
  place,
})
const NODE = {} as Node
const stack = (root = new Uint8Array(8)) => {
  const window = new Uint8Array(new SharedArrayBuffer(64))
  return { window, root, waiting: new WaitingStack(window, new Shelf(1 << 30), root.buffer) }
}

test('content in the window is kept before it is overwritten, for a sandbox in shared memory', () => {
  const { window, waiting } = stack()
  window.set([1, 2, 3])
  const here = waiting.push(NODE, window.subarray(0, 3), [component('engine')])
  const there = waiting.push(NODE, window.subarray(0, 3), [component('engine'), component('sandbox')])
  window.fill(0)
  expect([[...here.content], [...there.content]]).toEqual([
    [1, 2, 3],
    [1, 2, 3],
  ])
  expect(there.content.buffer).toBeInstanceOf(SharedArrayBuffer)
  expect(here.content.buffer).not.toBeInstanceOf(SharedArrayBuffer)
})

test('content that lies elsewhere is not copied', () => {
  const { root, waiting } = stack()
  const shared = new Uint8Array(new SharedArrayBuffer(8))
  expect(waiting.push(NODE, root, [component('engine')]).content).toBe(root)
  expect(waiting.push(NODE, shared, [component('sandbox')]).content).toBe(shared)
})

test('what waits has a limit; the uppermost one has always room, and what goes makes room', () => {
  const { waiting } = stack()
  const large = new Uint8Array(new SharedArrayBuffer(128 << 20))
  const lower = waiting.push(NODE, new Uint8Array(1), [component('engine')])
  expect(waiting.hasRoom(lower)).toBe(true)
  const upper = waiting.push(NODE, large, [component('sandbox')])
  expect([waiting.hasRoom(lower), waiting.hasRoom(upper)]).toEqual([false, true])
  expect([waiting.remove(upper), waiting.remove(upper)]).toEqual([true, false])
  expect([waiting.top, waiting.hasRoom(lower)]).toEqual([lower, true])
})

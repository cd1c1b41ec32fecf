import { expect, test } from 'vitest'
import { missingLayers } from './missing-layers.ts'
import { readFromEngine } from './wire.ts'

const standing = { name: 'limits', active: true, why: 'bounded memory' } as const
const missing = { name: 'namespaces', active: false, why: 'bwrap is not installed', advice: 'install it' } as const

test('a line for each wall that is missing, and none where all stand', () => {
  expect(missingLayers([standing], '')).toEqual([])
  expect(missingLayers([standing, missing, { name: 'seccomp', active: false, why: 'a\nb' }], '')).toEqual([
    'sandbox: without namespaces: bwrap is not installed; to have it: install it',
    'sandbox: without seccomp: a\\nb',
  ])
  expect(missingLayers([], 'no sandbox can be started: x')).toEqual([
    'sandbox: archives are not taken apart: no sandbox can be started: x',
  ])
})

test.each([
  [[standing, missing], true],
  [[], true],
  [[{ ...standing, name: 'moat' }], false],
  [[{ ...standing, active: 1 }], false],
  [[{ ...missing, advice: 1 }], false],
  [Array.from({ length: 5 }, () => standing), false],
  ['limits', false],
])('an engine may say so: %j %s', (layers, isGood) => {
  expect(readFromEngine({ event: 'layers', layers, message: '' }) !== undefined).toBe(isGood)
})

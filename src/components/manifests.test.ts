import { expect, test } from 'vitest'
import { ENGINE_COMPONENTS } from './engine.ts'
import { MANIFESTS } from './manifests.generated.ts'
import { COMPONENTS } from './registry.ts'
import { allManifests } from './testing/manifests.ts'

test('the table of manifests says what the components say; else run scripts/generate-manifests.ts', () => {
  expect(MANIFESTS).toEqual(allManifests())
})

test('the components of the engine are those that name it as their place', () => {
  expect(ENGINE_COMPONENTS).toEqual(COMPONENTS.filter(({ manifest }) => manifest.place === 'engine'))
})

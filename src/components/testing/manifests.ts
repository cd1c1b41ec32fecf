import type { ComponentManifest } from '../../scan/index.ts'
import { COMPONENTS } from '../registry.ts'
import { sevenZipComponent } from '../seven-zip/index.ts'

/** The manifest of every component, as the components themselves say it. */
export const allManifests = (): readonly ComponentManifest[] =>
  [...COMPONENTS, sevenZipComponent(() => Promise.reject(new Error('only for its manifest')))].map(
    ({ manifest }) => manifest,
  )

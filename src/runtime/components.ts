import { COMPONENTS, sevenZipComponent } from '../components/index.ts'
import type { Component } from '../scan/index.ts'

// Components as an engine knows them.

/** Components that only a sandbox can run stand here for their manifests. */
const ELSEWHERE: readonly Component[] = [
  sevenZipComponent(() => Promise.reject(new Error('7-Zip runs in a sandbox only'))),
]

/** Every component, to be planned with; those of the engine can be run. */
export const installedComponents: readonly Component[] = [...COMPONENTS, ...ELSEWHERE]

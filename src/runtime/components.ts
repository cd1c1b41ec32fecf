import { COMPONENTS, sevenZipComponent } from '../components/index.ts'
import { DEFAULT_COMPONENT_BUDGET } from '../scan/index.ts'
import type { Component, ComponentBudget, ComponentContext, ComponentManifest } from '../scan/index.ts'
import { componentCrypto } from './component-crypto.ts'

// Components as this host can run them.

/** Components that only a sandbox can run stand here for their manifests. */
const ELSEWHERE: readonly Component[] = [
  sevenZipComponent(() => Promise.reject(new Error('7-Zip runs in a sandbox only'))),
]

/** Every component, to be planned with; those of the engine can be run. */
export const installedComponents: readonly Component[] = [...COMPONENTS, ...ELSEWHERE]

/** What a component is given beside its input. */
export function componentContext(
  manifest: ComponentManifest,
  passwords: readonly string[],
  chosen: { readonly options?: ComponentContext['options']; readonly budget?: ComponentBudget } = {},
): ComponentContext {
  const defaults = (manifest.options ?? []).map(option => [option.name, option.default] as const)
  return {
    passwords,
    options: { ...Object.fromEntries(defaults), ...chosen.options },
    budget: chosen.budget ?? { ...DEFAULT_COMPONENT_BUDGET, ...manifest.budget },
    crypto: componentCrypto,
  }
}

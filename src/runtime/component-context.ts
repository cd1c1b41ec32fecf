import { DEFAULT_COMPONENT_BUDGET } from '../scan/index.ts'
import type { ComponentBudget, ComponentContext, ComponentManifest } from '../scan/index.ts'
import { componentCrypto } from './component-crypto.ts'

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

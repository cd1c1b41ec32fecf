import { COMPONENTS } from '../components/index.ts'
import { DEFAULT_COMPONENT_BUDGET } from '../scan/index.ts'
import type { Component, ComponentBudget, ComponentContext, ComponentManifest } from '../scan/index.ts'
import { componentCrypto } from './component-crypto.ts'

// Components as this host can run them.

/** Every component, with what it needs of the host. */
export const installedComponents = (): readonly Component[] => COMPONENTS

/** The component of that name, or undefined. */
export const findComponent = (name: string): Component | undefined =>
  installedComponents().find(({ manifest }) => manifest.name === name)

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

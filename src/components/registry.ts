import type { Component } from '../scan/index.ts'
import { asarComponent } from './asar.ts'
import { zipComponent } from './zip/index.ts'

/** Every component there is, in the order in which those of one stage are run. */
export const COMPONENTS: readonly Component[] = [zipComponent, asarComponent]

/** The component of that name, or undefined. */
export const componentNamed = (name: string): Component | undefined =>
  COMPONENTS.find(component => component.manifest.name === name)

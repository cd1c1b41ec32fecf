import type { Component } from '../scan/index.ts'
import { pdf } from './pdf/pdf.ts'

/** Every component there is, in the order in which those of one stage are run. */
export const COMPONENTS: readonly Component[] = [pdf]

/** The component of that name, or undefined. */
export const componentNamed = (name: string): Component | undefined =>
  COMPONENTS.find(component => component.manifest.name === name)

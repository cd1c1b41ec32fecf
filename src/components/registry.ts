import type { Component } from '../scan/index.ts'
import { compressedComponents } from './compressed/index.ts'
import { lnk } from './lnk.ts'
import { pdf } from './pdf/pdf.ts'
import { peResources } from './pe-resources.ts'
import { swf } from './swf.ts'
import { xdp } from './xdp.ts'

/** Every component there is, in the order in which those of one stage are run. */
export const COMPONENTS: readonly Component[] = [...compressedComponents, pdf, swf, xdp, lnk, peResources]

/** The component of that name, or undefined. */
export const componentNamed = (name: string): Component | undefined =>
  COMPONENTS.find(component => component.manifest.name === name)

import type { Component } from '../scan/index.ts'
import { arComponent } from './ar/ar.ts'
import { cpioComponent } from './cpio/cpio.ts'
import { installShieldComponent } from './installshield/installshield.ts'
import { sisComponent } from './sis/sis.ts'
import { tarComponent } from './tar/tar.ts'

/** Every component there is, in the order in which those of one stage are run. */
export const COMPONENTS: readonly Component[] = [
  tarComponent,
  cpioComponent,
  arComponent,
  sisComponent,
  installShieldComponent,
]

/** The component of that name, or undefined. */
export const componentNamed = (name: string): Component | undefined =>
  COMPONENTS.find(component => component.manifest.name === name)

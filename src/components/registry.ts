import type { Component } from '../scan/index.ts'
import { arComponent } from './ar/ar.ts'
import { cpioComponent } from './cpio/cpio.ts'
import { embedded } from './embedded/embedded.ts'
import { tarComponent } from './tar/tar.ts'
import { zipComponent } from './zip/index.ts'

/** Every component there is, in the order in which those of one stage are run. */
export const COMPONENTS: readonly Component[] = [embedded, zipComponent, tarComponent, cpioComponent, arComponent]

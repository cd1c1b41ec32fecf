import { visible } from '../report/index.ts'
import type { SandboxLayer } from './sandbox/layers.ts'

/** Warnings for the log: a line for each wall that is missing, or one where nothing can be taken apart at all. */
export const missingLayers = (layers: readonly SandboxLayer[], message: string): readonly string[] => {
  if (layers.length === 0) return [`sandbox: archives are not taken apart: ${visible(message)}`]
  return layers
    .filter(({ active }) => !active)
    .map(({ name, why, advice }) => {
      const remedy = advice === undefined ? '' : `; to have it: ${advice}`
      return visible(`sandbox: without ${name}: ${why}${remedy}`)
    })
}

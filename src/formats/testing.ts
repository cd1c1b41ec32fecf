// Builders of minimal valid executables, so that tests and benches of every layer can forge files. Not for production.
export { buildOle2 } from './ole2/build.ts'
export { buildPe } from './pe/build.ts'
export type { PeRecipe } from './pe/build.ts'
export { buildElf } from './elf/build.ts'
export type { ElfRecipe } from './elf/build.ts'
export { buildMachO, buildUniversal } from './macho/build.ts'
export type { MachORecipe } from './macho/build.ts'

// VBA projects: their list of modules, source without a list, telling words.
export { readVbaProject } from './project.ts'
export type { VbaModule, VbaProject } from './project.ts'
export { vbaModuleName, vbaSourceOffsets } from './source.ts'
export { vbaKeywords } from './keywords.ts'

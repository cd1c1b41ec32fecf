// The formats layer: what content is, and the headers of executables as ClamAV computes them. Pure, bounded, and
// without errors: what cannot be read is undefined.
export type { Anomaly, ExecutableLayout, FileType, Section } from './types.ts'
export { identify } from './identify/identify.ts'
export { FILE_TYPES, typeByClamName, typeByName } from './identify/file-types.ts'
export type { FileTypeName } from './identify/file-types.ts'
export { readExecutable } from './executable.ts'
export { universalSlices } from './macho/universal.ts'
export type { Slice } from './macho/universal.ts'
export { importTable } from './pe/index.ts'
export type { ImportTable } from './pe/index.ts'
export * as asar from './asar/asar.ts'
export * as zip from './zip/index.ts'

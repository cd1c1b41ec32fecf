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
export { expandSparse, readTar } from './tar/index.ts'
export type { TarMember } from './tar/index.ts'
export { readCpio } from './cpio/index.ts'
export type { CpioMember } from './cpio/index.ts'
export { readAr } from './ar/index.ts'
export { readSisPackage } from './sis/index.ts'
export {
  cabinetBlocks,
  cabinetFiles,
  decodeSetupFile,
  describesFiles,
  isCabinet,
  setupChain,
  setupMsi,
} from './installshield/index.ts'
export type { CabinetFile, SetupFile } from './installshield/index.ts'

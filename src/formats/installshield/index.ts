// InstallShield: what its setup programs carry, and its cabinets.
export { cabinetBlocks, cabinetFiles, describesFiles, isCabinet } from './cabinet.ts'
export type { CabinetFile } from './cabinet.ts'
export { decodeSetupFile, setupChain, setupMsi } from './setup.ts'
export type { SetupFile } from './setup.ts'

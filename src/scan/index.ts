export * from './ports.ts'
export type { EnginePorts, EngineThread, ScanRequest } from './engine-thread.ts'
export { createEngineThread, type EngineThreadParts } from './pipeline.ts'

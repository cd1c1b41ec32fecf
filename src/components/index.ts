// The components layer: what plugs into the pipeline by the contract in scan/. Pure; components do not know each other.
export { ENGINE_COMPONENTS } from './engine.ts'
export { MANIFESTS } from './manifests.generated.ts'
export { COMPONENTS, componentNamed } from './registry.ts'
export { sevenZipComponent } from './seven-zip/index.ts'
export type { SevenZipModule } from './seven-zip/index.ts'

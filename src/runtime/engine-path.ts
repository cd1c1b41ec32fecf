import { fileURLToPath } from 'node:url'
import { siblingModule } from './modules.ts'

/** Path of the module that an engine process starts with. */
export const ENGINE_PATH = fileURLToPath(siblingModule(import.meta.url, { source: 'engine-main', bundle: 'engine' }))

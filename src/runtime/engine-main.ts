// Entry of the engine process.

import { runEngine } from './engine-run.ts'
import { imageParts } from './image.ts'
import { siblingModule } from './modules.ts'

runEngine(imageParts, siblingModule(import.meta.url, { source: 'engine-worker', bundle: 'engine-worker' }))

import { runEngine } from '../engine-run.ts'
import { siblingModule } from '../modules.ts'
import { fakeParts } from './fake-parts.ts'

runEngine(fakeParts, siblingModule(import.meta.url, { source: 'fake-worker', bundle: 'fake-worker' }))

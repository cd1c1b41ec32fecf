import { runEngineThread } from '../engine-run.ts'
import { fakeParts } from './fake-parts.ts'

runEngineThread(fakeParts)

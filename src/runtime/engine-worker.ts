// Entry of a scanning thread, in an engine process or beside a local scan.

import { runEngineThread } from './engine-run.ts'
import { imageParts } from './image.ts'

runEngineThread(imageParts)

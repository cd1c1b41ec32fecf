// Entry of a sandbox child.

import { serveSandbox } from './child.ts'
import { sandboxComponents } from './components.ts'

await serveSandbox(sandboxComponents())

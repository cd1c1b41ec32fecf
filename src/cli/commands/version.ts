import { VERSION } from '../../client/index.ts'
import { EXIT } from '../commands.ts'
import type { Run } from '../commands.ts'

/** `lazaret version`. */
export const version: Run = ({ settings, stdout }) => {
  const text = settings.json
    ? JSON.stringify({ name: 'lazaret', version: VERSION, node: process.versions.node })
    : `lazaret ${VERSION}`
  stdout.write(`${text}\n`)
  return Promise.resolve(EXIT.clean)
}

import { createHash } from 'node:crypto'
import type { Hash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { FILE_TYPES, identify } from '../../formats/index.ts'
import type { FileTypeName } from '../../formats/index.ts'
import { visible } from '../../report/index.ts'
import { componentContext, sandboxComponents } from '../../runtime/index.ts'
import { runComponent } from '../../scan/index.ts'
import type { ChildHead, ComponentManifest, PlainEmission } from '../../scan/index.ts'
import { EXIT } from '../commands.ts'
import type { Run } from '../commands.ts'
import { CliError } from '../errors.ts'
import { jsonText, writerTo } from '../output.ts'

/** `lazaret component list`. */
export const componentList: Run = async ({ settings, stdout }) => {
  const manifests = [...sandboxComponents().values()].map(({ manifest }) => manifest)
  const write = writerTo(stdout)
  if (settings.json) await write(jsonText(manifests))
  else for (const manifest of manifests) await write(`${manifestText(manifest)}\n`)
  return EXIT.clean
}

const manifestText = ({
  name,
  version,
  stage,
  place = 'sandbox',
  description,
  accepts,
  marks,
}: ComponentManifest): string => {
  const only = marks === undefined ? '' : `\n    where it holds ${marks.join(', ')}`
  return `${name} ${version} (${stage}, ${place}): ${description}\n    accepts ${accepts.join(', ')}${only}`
}

/** What is written of a child: its bytes are counted and hashed, not kept. */
interface Told extends ChildHead {
  readonly bytes: number
  readonly sha256: string
}

/** `lazaret component run NAME FILE`: one component over one file in this process, outside of any sandbox. */
export const componentRun: Run = async ({ settings, operands, stdout }) => {
  const [name, path] = operands
  const component = sandboxComponents().get(name)
  if (component === undefined) throw new CliError('unknown-component', { what: JSON.stringify(name) })
  const bytes = await readFile(path).catch((error: Error) => {
    throw new CliError('file-unreadable', { what: path, detail: error.message })
  })
  const type = typeOf(settings.type, bytes)
  const lines: string[] = []
  let emissions = 0
  const tell = (emission: PlainEmission | Told): void => {
    emissions++
    lines.push(settings.json ? JSON.stringify(emission) : emissionText(emission))
  }
  let head: ChildHead | undefined
  let hash: Hash = createHash('sha256')
  let size = 0
  await runComponent(
    component,
    { bytes, type, name: basename(path) },
    componentContext(component.manifest, settings.password),
    {
      emission: tell,
      child: next => {
        head = next
        hash = createHash('sha256')
        size = 0
        return true
      },
      data: piece => {
        hash.update(piece)
        size += piece.length
        return true
      },
      childEnd: () => {
        if (head !== undefined) tell({ ...head, bytes: size, sha256: hash.digest('hex') })
      },
    },
  )
  const write = writerTo(stdout)
  for (const line of lines) await write(`${line}\n`)
  if (!settings.json) await write(`${emissions} emissions from ${bytes.length} bytes of type ${type}\n`)
  return EXIT.clean
}

function typeOf(wanted: string | undefined, bytes: Uint8Array): FileTypeName {
  if (wanted === undefined) return identify(bytes).name as FileTypeName
  if (FILE_TYPES.some(({ name }) => name === wanted)) return wanted as FileTypeName
  throw new CliError('unknown-type', { what: JSON.stringify(wanted) })
}

/** One line; content may hold anything, so everything in it is made visible. */
function emissionText(emission: PlainEmission | Told): string {
  const { emit, ...rest } = emission
  const words = Object.entries(rest).map(
    ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  )
  return visible(`${emit} ${words.join(' ')}`)
}

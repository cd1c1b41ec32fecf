import { ContentError } from '../../bytes/index.ts'
import { inflate, zlibInflate } from '../../codecs/index.ts'
import {
  cabinetBlocks,
  cabinetFiles,
  decodeSetupFile,
  describesFiles,
  identify,
  isCabinet,
  readExecutable,
  setupChain,
  setupMsi,
} from '../../formats/index.ts'
import type { CabinetFile, SetupFile } from '../../formats/index.ts'
import type { ChildContent, Component, ComponentInput, Emission } from '../../scan/index.ts'
import { cutMember } from '../archive-emissions.ts'

/** Setup programs of InstallShield, and its cabinets. */
export const installShieldComponent: Component = {
  manifest: {
    name: 'installshield',
    version: '1',
    description: 'Takes apart what InstallShield setup programs carry, and InstallShield cabinets',
    accepts: ['pe', 'ishield-msi', 'cab-installshield'],
    marks: ['installshield'],
    stage: 'extract',
  },
  process: takeApart,
}

function* takeApart({ bytes, type }: ComponentInput): Generator<Emission> {
  if (type === 'cab-installshield') yield* lonelyCabinet(bytes)
  else if (type === 'ishield-msi') for (const file of setupMsi(bytes, 0)) yield* setupFile(file)
  else yield* setupProgram(bytes)
}

/** A cabinet without its neighbours: all of it only where it describes its own files. */
function* lonelyCabinet(bytes: Uint8Array): Generator<Emission> {
  if (describesFiles(bytes)) {
    const count = yield* members(bytes, new Map([[1, bytes]]))
    if (count === 0)
      yield { emit: 'missed', reason: 'malformed', detail: 'No file with content was found in the cabinet' }
  } else {
    const detail = 'The header of this cabinet is a file of its own; scan the setup program, or an archive of both'
    yield { emit: 'missed', reason: 'unsupported', detail }
  }
}

function* setupProgram(bytes: Uint8Array): Generator<Emission> {
  const layout = readExecutable(identify(bytes), bytes)
  if (layout === undefined) return
  const overlay = Math.max(0, ...layout.sections.map(({ rawOffset, rawSize }) => rawOffset + rawSize))
  if (overlay === 0 || overlay >= bytes.length) return
  const files = [...setupChain(bytes, overlay)]
  const sets = cabinetSets(files)
  const known = new Set([...sets].flatMap(set => [...set.parts]))
  for (const file of files.length > 0 ? files : setupMsi(bytes, overlay)) {
    // A cabinet that is taken apart here cannot be taken apart alone.
    yield* known.has(file) ? part(file) : setupFile(file)
  }
  for (const { header, volumes } of sets) yield* members(header, volumes)
}

interface CabinetSet {
  readonly header: Uint8Array
  readonly volumes: ReadonlyMap<number, Uint8Array>
  readonly parts: readonly SetupFile[]
}

const NUMBERED = /^(?<stem>.*?)(?<number>\d{1,4})\.(?<kind>cab|hdr)$/i

/** Cabinets with a header beside them: data1.hdr with data1.cab, data2.cab and so on. */
function cabinetSets(files: readonly SetupFile[]): readonly CabinetSet[] {
  const byStem = new Map<
    string,
    { header: Uint8Array | undefined; volumes: Map<number, Uint8Array>; parts: SetupFile[] }
  >()
  for (const file of files) {
    const { stem, number, kind } = NUMBERED.exec(file.name)?.groups ?? {}
    if (stem === undefined || !isCabinet(file.data)) continue
    const set = byStem.get(stem) ?? { header: undefined, volumes: new Map<number, Uint8Array>(), parts: [] }
    byStem.set(stem, set)
    set.parts.push(file)
    if (kind.toLowerCase() === 'hdr') set.header = file.data
    else set.volumes.set(Number(number), file.data)
  }
  return [...byStem.values()].flatMap(({ header, volumes, parts }) =>
    header !== undefined && describesFiles(header) ? [{ header, volumes, parts }] : [],
  )
}

function* part({ name, data, missingBytes }: SetupFile): Generator<Emission> {
  yield { emit: 'child', name, relation: 'view', content: data }
  if (missingBytes > 0) yield cutMember(name, missingBytes)
}

function* setupFile(file: SetupFile): Generator<Emission> {
  const { name, data, missingBytes, encoding } = file
  yield { emit: 'child', name, content: encoding === 'plain' ? data : zlibInflate(decodeSetupFile(file), 0) }
  if (missingBytes > 0) yield cutMember(name, missingBytes)
}

/** Answers how many have content. */
function* members(header: Uint8Array, volumes: ReadonlyMap<number, Uint8Array>): Generator<Emission, number> {
  let count = 0
  for (const file of cabinetFiles(header, volumes)) {
    if (file.data.length > 0) count++
    yield { emit: 'child', name: file.name, content: content(file) }
    if (file.missingBytes > 0) {
      const detail = `${file.missingBytes} bytes of it lie in a volume that is not there`
      yield { emit: 'missed', reason: 'malformed', detail, member: file.name }
    }
  }
  return count
}

function content({ data, isCompressed }: CabinetFile): ChildContent {
  return isCompressed ? inflated(data) : data
}

function* inflated(data: Uint8Array): Generator<Uint8Array> {
  let reached = 0
  for (const { start, end } of cabinetBlocks(data)) {
    reached = end
    if (end > data.length) throw new ContentError('malformed', 'A block of the member is cut short', start)
    yield* inflate(data.subarray(0, end), start)
  }
  if (reached < data.length) throw new ContentError('malformed', 'The last block of the member is cut short', reached)
}

import { identify, readPeResources } from '../formats/index.ts'
import type { FileTypeName, PeResource } from '../formats/index.ts'
import type { Component, ComponentInput, Emission } from '../scan/index.ts'

/** Smaller resources hold no content of their own. */
const MIN_BYTES = 65
/** All children together, in sizes of the program: resources that lie over each other are a trap. */
const MAX_FACTOR = 4
const LEAST_OUTPUT_BYTES = 1 << 20

const RT_RCDATA = 10
/** Predefined types, as they are shown. */
const TYPE_NAMES: ReadonlyMap<number | string, string> = new Map([
  [1, 'CURSOR'],
  [2, 'BITMAP'],
  [3, 'ICON'],
  [4, 'MENU'],
  [5, 'DIALOG'],
  [6, 'STRING'],
  [7, 'FONTDIR'],
  [8, 'FONT'],
  [9, 'ACCELERATOR'],
  [RT_RCDATA, 'RCDATA'],
  [11, 'MESSAGETABLE'],
  [12, 'GROUP_CURSOR'],
  [14, 'GROUP_ICON'],
  [16, 'VERSION'],
  [17, 'DLGINCLUDE'],
  [19, 'PLUGPLAY'],
  [20, 'VXD'],
  [21, 'ANICURSOR'],
  [22, 'ANIICON'],
  [23, 'HTML'],
  [24, 'MANIFEST'],
])
/** Programs, which are no containers. */
const PROGRAMS: ReadonlySet<string> = new Set<FileTypeName>([
  'pe',
  'dos',
  'elf',
  'macho',
  'dex',
  'lnk',
  'java-class',
  'swf',
])

/** Programs, containers and raw data among the resources of Windows programs. */
export const peResources: Component = {
  manifest: {
    name: 'pe-resources',
    version: '1',
    description: 'Programs, containers and raw data among the resources of Windows programs',
    accepts: ['pe'],
    marks: ['zip', 'rar', '7z', 'cab', 'ole2', 'pdf', 'xz', 'gzip', 'lha', 'pe', 'elf'],
    stage: 'extract',
    place: 'engine',
  },
  process,
}

function* process({ bytes }: ComponentInput): Generator<Emission, void, void> {
  const found = readPeResources(bytes)
  if (found === undefined) return
  let left = Math.max(LEAST_OUTPUT_BYTES, MAX_FACTOR * bytes.length)
  const seen = new Set<string>()
  for (const resource of found.resources) {
    const { offset, size } = resource
    const place = `${offset} ${size}`
    if (size < MIN_BYTES || seen.has(place)) continue
    seen.add(place)
    const content = bytes.subarray(offset, offset + size)
    if (!isContent(resource, content)) continue
    left -= size
    if (left < 0) {
      yield { emit: 'missed', reason: 'too-large', detail: 'Its resources lie over each other' }
      return
    }
    const properties = [{ name: 'pe.resource-offset', value: String(offset) }]
    // Raw data among them may look like anything.
    yield { emit: 'child', name: nameOf(resource), content, properties, guess: true }
  }
  if (found.isCut) yield { emit: 'missed', reason: 'too-large', detail: 'It has more resources than are read' }
}

function isContent({ type }: PeResource, content: Uint8Array): boolean {
  if (type === RT_RCDATA) return true
  const { name, container } = identify(content)
  return container || PROGRAMS.has(name)
}

const nameOf = ({ type, name, language }: PeResource): string =>
  `.rsrc/${TYPE_NAMES.get(type) ?? type}/${name}/${language}`

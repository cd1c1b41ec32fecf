import { ContentError } from '../../bytes/index.ts'
import { applyFilters, filtersOf, IMAGE_FILTERS, isDictionary, nameOf } from '../../formats/index.ts'
import type { FilterStep, IndirectObject, PdfDictionary, PdfFile, PdfValue } from '../../formats/index.ts'
import type { ChildEmission, Emission } from '../../scan/index.ts'
import type { Findings, Role } from './findings.ts'

// Every stream of a file as a child, decoded.

/** Streams of which a second reading is given; each may be as long as the file. */
const MAX_SECOND_READINGS = 64

export class StreamEmitter {
  readonly #file: PdfFile
  readonly #findings: Findings
  #secondReadings = 0
  /** Second readings that were left out. */
  isCut = false

  constructor(file: PdfFile, findings: Findings) {
    this.#file = file
    this.#findings = findings
  }

  /** All readings of one stream. */
  *emissions(object: IndirectObject): Generator<Emission, void, void> {
    const { value, stream } = object
    if (stream === undefined || stream.claimedEnd === stream.start) return
    const dictionary: PdfDictionary = isDictionary(value) ? value : new Map()
    const role = this.#findings.roles.get(object.number)
    yield this.#child(object, dictionary, role, stream.end, '')
    const first = firstFilters(dictionary)
    if (stream.claimedEnd === stream.end && first === undefined) return
    if (++this.#secondReadings > MAX_SECOND_READINGS) {
      this.isCut = true
      return
    }
    const detail = `Object ${object.number} ${object.generation} has ${first === undefined ? 'two ends' : 'two filters'}`
    yield { emit: 'anomaly', code: 'ambiguous', detail, offset: object.offset }
    if (stream.claimedEnd !== stream.end) yield this.#child(object, dictionary, role, stream.claimedEnd, '-by-length')
    if (first !== undefined) yield this.#child(object, first, role, stream.end, '-by-first-filter')
  }

  /** The filters; none, and why, where there are too many. */
  #filters(dictionary: PdfDictionary): { steps: readonly FilterStep[]; fault: ContentError | undefined } {
    try {
      return { steps: filtersOf(dictionary, this.#file.resolve), fault: undefined }
    } catch (error) {
      if (error instanceof ContentError) return { steps: [], fault: error }
      throw error
    }
  }

  #child(
    object: IndirectObject,
    dictionary: PdfDictionary,
    role: Role | undefined,
    end: number,
    suffix: string,
  ): ChildEmission {
    const file = this.#file
    const { steps, fault } = this.#filters(dictionary)
    const last = steps.find(step => IMAGE_FILTERS.has(step.name))
    const plain = `obj-${object.number}-${object.generation}${suffix}`
    const extension = role?.kind === 'file' ? '' : (role?.name ?? extensionOf(dictionary, last?.name))
    const name = role?.kind === 'file' && role.name !== '' ? role.name : plain + extension
    const content = decoded(() => applyFilters(file.data(object, end), steps, file.resolve), fault)
    if (steps.length === 0) return { emit: 'child', name, content }
    const filters = steps.map(step => step.name).join(' ')
    return { emit: 'child', name, content, properties: [{ name: 'pdf.filters', value: filters }] }
  }
}

/** Nothing is decrypted for content that nobody asks for. */
function* decoded(
  make: () => Iterable<Uint8Array>,
  fault: ContentError | undefined,
): Generator<Uint8Array, void, void> {
  yield* make()
  if (fault !== undefined) throw fault
}

const EXTENSIONS = new Map([
  ['XML', '.xml'],
  ['U3D', '.u3d'],
  ['PRC', '.prc'],
  ['JavaScript', '.js'],
])

function extensionOf(dictionary: PdfDictionary, imageFilter: string | undefined): string {
  if (imageFilter !== undefined) return IMAGE_FILTERS.get(imageFilter)!
  return EXTENSIONS.get(nameOf(dictionary.get('Subtype')) ?? '') ?? ''
}

/** The dictionary as a viewer reads it that takes the first of several filters; undefined where there are not several. */
function firstFilters(dictionary: PdfDictionary): PdfDictionary | undefined {
  let first: Map<string, PdfValue> | undefined
  for (const [key, value] of dictionary) {
    const end = key.indexOf('\0')
    const name = end < 0 ? '' : key.slice(0, end)
    if (name !== 'Filter' && name !== 'DecodeParms') continue
    if (first?.has(`${name}\0`) === true) continue
    first ??= new Map(dictionary)
    first.set(name, value).set(`${name}\0`, value)
  }
  return first
}

import { ContentError } from '../../bytes/index.ts'
import {
  applyFilters,
  filtersOf,
  IMAGE_FILTERS,
  isDictionary,
  nameOf,
  textElements,
  wholeOf,
} from '../../formats/index.ts'
import type { FilterStep, IndirectObject, PdfDictionary, PdfFile, PdfValue } from '../../formats/index.ts'
import type { ChildEmission, Emission } from '../../scan/index.ts'
import type { Findings, Role } from './findings.ts'

// Every stream of a file as a child, decoded.

/** Forms are some megabytes at most; larger ones are only scanned as a whole. */
const MAX_FORM_BYTES = 16 << 20

type Reading = PdfFile['readings'][number]

/** Streams without an end, and second readings of streams; each may be as long as the file. */
const MAX_LONG_READINGS = 64

export class StreamEmitter {
  readonly #file: PdfFile
  readonly #findings: Findings
  #longReadings = 0
  /** Some were left out. */
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
    if (stream.isOpen && ++this.#longReadings > MAX_LONG_READINGS) {
      this.isCut = true
      return
    }
    const { readings } = this.#file
    for (const [i, reading] of readings.entries())
      yield* this.#child(object, dictionary, role, stream.end, reading, i === 0 ? '' : `-reading-${i + 1}`)
    const first = object.hasRepeatedKey ? firstFilters(dictionary) : undefined
    if (stream.claimedEnd === stream.end && first === undefined) return
    if (++this.#longReadings > MAX_LONG_READINGS) {
      this.isCut = true
      return
    }
    const detail = `Object ${object.number} ${object.generation} has ${first === undefined ? 'two ends' : 'two filters'}`
    yield { emit: 'anomaly', code: 'ambiguous', detail, offset: object.offset }
    for (const reading of readings) {
      if (stream.claimedEnd !== stream.end)
        yield* this.#child(object, dictionary, role, stream.claimedEnd, reading, '-by-length')
      if (first !== undefined) yield* this.#child(object, first, role, stream.end, reading, '-by-first-filter')
    }
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

  *#child(
    object: IndirectObject,
    dictionary: PdfDictionary,
    role: Role | undefined,
    end: number,
    reading: Reading,
    suffix: string,
  ): Generator<ChildEmission, void, void> {
    const file = this.#file
    const { steps, fault } = this.#filters(dictionary)
    const last = steps.find(step => IMAGE_FILTERS.has(step.name))
    const plain = `obj-${object.number}-${object.generation}${suffix}`
    const extension = role?.kind === 'file' ? '' : (role?.name ?? extensionOf(dictionary, last?.name))
    const name = role?.kind === 'file' && role.name !== '' ? role.name : plain + extension
    let rest: Uint8Array | undefined
    const data = (): Uint8Array => file.data(object, end, reading)
    const content = decoded(() => applyFilters(data(), steps, file.resolve, found => (rest ??= found)), fault)
    const filters = steps.map(step => step.name).join(' ')
    if (steps.length === 0) yield { emit: 'child', name, content }
    else yield { emit: 'child', name, content, properties: [{ name: 'pdf.filters', value: filters }] }
    if (role?.kind === 'form') yield* scripts(plain, applyFilters(data(), steps, file.resolve))
    // The content was taken before this point was reached.
    if (rest !== undefined) yield { emit: 'child', name: `${plain}-rest`, content: rest }
  }
}

/** Scripts of a form (XFA), whose text is XML. */
function* scripts(name: string, form: Iterable<Uint8Array>): Generator<ChildEmission, void, void> {
  for (const { text } of textElements(wholeOf(form, MAX_FORM_BYTES).bytes, ['script']))
    if (text.length > 0) yield { emit: 'child', name: `${name}.js`, content: text }
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

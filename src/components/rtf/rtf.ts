import { indexOf } from '../../bytes/index.ts'
import { cutContent, readOleObject, readOlePackage, readRtf, readRtfData, rtfReadings } from '../../formats/index.ts'
import type { OleObject, RtfDocument, RtfSpan } from '../../formats/index.ts'
import type { Component, Emission } from '../../scan/index.ts'

const COMPOUND = Uint8Array.of(0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1)
/** Data in data may be read again for each level, up to this many times the document's size altogether. */
const MAX_DATA_FACTOR = 8
/** Behind an object: less is padding. */
const MIN_REST = 16
const MAX_ROWS = 200

/** RTF documents: embedded objects however they are written, pictures, what stands behind the document. */
export const rtf: Component = {
  manifest: {
    name: 'rtf',
    version: '1',
    description: 'Takes embedded objects and pictures out of RTF documents, and names links and commands in them',
    accepts: ['rtf'],
    stage: 'extract',
  },
  *process({ bytes }) {
    const document = readRtf(bytes)
    yield* facts(document)
    const rows: string[][] = []
    let budget = MAX_DATA_FACTOR * bytes.length
    for (const [index, span] of document.spans.entries()) {
      budget -= span.end - span.start
      if (budget < 0) {
        yield { emit: 'missed', reason: 'malformed', detail: 'Data in the document is nested too often' }
        break
      }
      yield* spanEmissions(bytes, span, index + 1, rows)
      if (!span.isClosed)
        yield {
          emit: 'missed',
          reason: 'malformed',
          detail: 'Data in the document is cut off',
          member: `${span.kind}-${index + 1}`,
        }
    }
    if (document.isCut)
      yield {
        emit: 'missed',
        reason: 'too-large',
        detail: `The document has more than ${document.spans.length} objects`,
      }
    if (rows.length > 0) {
      const columns = ['Object', 'Class', 'Kind', 'Bytes']
      yield { emit: 'section', section: { kind: 'table', title: 'Objects', columns, rows: rows.slice(0, MAX_ROWS) } }
    }
    const rest = bytes.subarray(document.end)
    if (rest.some(byte => byte > 0x20))
      yield { emit: 'child', name: 'trailing', relation: 'supplementary', content: rest }
  },
}

function* facts({ texts, dde }: RtfDocument): Generator<Emission, void> {
  for (const [word, text] of texts.slice(0, MAX_ROWS)) {
    yield { emit: 'property', name: `rtf.${word}`, value: text }
    if (word === 'template' && /:\/\/|^\\\\/.test(text))
      yield { emit: 'anomaly', code: 'external-template', detail: 'The template lies elsewhere' }
  }
  if (dde.length === 0) return
  yield { emit: 'anomaly', code: 'dde', detail: 'The document talks to another program (DDE)' }
  yield { emit: 'section', section: { kind: 'text', title: 'DDE', text: dde.join('\n') } }
}

function* spanEmissions(
  bytes: Uint8Array,
  { kind, start, end }: RtfSpan,
  number: number,
  rows: string[][],
): Generator<Emission, void> {
  const name = `${kind}-${number}`
  if (kind !== 'objdata') {
    const { data } = readRtfData(bytes, start, end, { groups: 'skip-ignorable', quoteDropsNibble: false })
    if (data.length > 0) yield { emit: 'child', name, content: data }
    return
  }
  const readings = rtfReadings(bytes, start, end)
  if (readings.length > 1)
    yield { emit: 'anomaly', code: 'ambiguous', detail: 'An object can be read in more than one way', offset: start }
  for (const [index, data] of readings.entries())
    if (data.length > 0) yield* objectEmissions(data, index === 0 ? name : `${name}.${index}`, rows)
}

function* objectEmissions(data: Uint8Array, name: string, rows: string[][]): Generator<Emission, void> {
  const object = readOleObject(data, 0)
  if (object === undefined) {
    rows.push([name, '', 'damaged', String(data.length)])
    yield { emit: 'child', name, content: data }
    const at = indexOf(data, COMPOUND, 1)
    if (at > 0) yield { emit: 'child', name: `${name}/storage`, content: data.subarray(at) }
    return
  }
  rows.push([name, object.className, object.isLinked ? 'linked' : 'embedded', String(object.data.length)])
  yield { emit: 'property', name: 'rtf.object', value: object.className }
  if (object.isLinked) yield* linkEmissions(object)
  else yield* embeddedEmissions(object, name)
  const rest = data.subarray(object.end)
  if (rest.length >= MIN_REST && rest.some(byte => byte !== 0))
    yield { emit: 'child', name: `${name}/presentation`, relation: 'supplementary', content: rest }
}

function* linkEmissions({ topic, item }: OleObject): Generator<Emission, void> {
  yield { emit: 'property', name: 'rtf.link', value: `${topic} ${item}`.trim() }
  yield { emit: 'anomaly', code: 'external-object', detail: 'An object of the document lies elsewhere' }
}

function* embeddedEmissions({ className, data, missing }: OleObject, name: string): Generator<Emission, void> {
  const found = readOlePackage(data, 0)
  if (found === undefined) {
    yield { emit: 'child', name: `${name}/${className || 'object'}`, content: cutContent(data, missing) }
    return
  }
  const label = found.label || found.path || 'package'
  const properties = [
    { name: 'package.label', value: found.label },
    { name: 'package.path', value: found.path },
  ]
  const child = label.slice(Math.max(label.lastIndexOf('\\'), label.lastIndexOf('/')) + 1)
  yield { emit: 'child', name: `${name}/${child}`, properties, content: cutContent(found.data, found.missing) }
}

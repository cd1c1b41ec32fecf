import { isElsewhere } from '../formats/index.ts'
import type { ExternalReference } from '../formats/index.ts'
import type { Emission } from '../scan/index.ts'

/** Rows of a table in a report; more tell a person nothing. */
const MAX_ROWS = 200
const MAX_PROPERTIES = 16
/** Relationships that Office follows when it opens a document. */
const FOLLOWED: ReadonlySet<string> = new Set([
  'oleObject',
  'frame',
  'image',
  'subDocument',
  'externalLinkPath',
  'video',
  'audio',
  'media',
  'package',
])

/** What a document refers to, as facts and anomalies; `prefix` begins the names of properties. */
export function* referenceEmissions(
  prefix: string,
  external: readonly ExternalReference[],
  dde: readonly string[],
): Generator<Emission, void> {
  const elsewhere = external.filter(({ target }) => isElsewhere(target))
  if (elsewhere.some(({ type }) => type === 'attachedTemplate'))
    yield { emit: 'anomaly', code: 'external-template', detail: 'The template lies elsewhere' }
  if (elsewhere.some(({ type }) => FOLLOWED.has(type)))
    yield { emit: 'anomaly', code: 'external-object', detail: 'An object of the document lies elsewhere' }
  for (const { type, target } of elsewhere.slice(0, MAX_PROPERTIES))
    yield { emit: 'property', name: `${prefix}.external.${type}`, value: target }
  if (external.length > 0) {
    const rows = external.slice(0, MAX_ROWS).map(({ type, target }) => [type, target])
    yield {
      emit: 'section',
      section: { kind: 'table', title: 'External references', columns: ['Kind', 'Target'], rows },
    }
  }
  if (dde.length === 0) return
  yield { emit: 'anomaly', code: 'dde', detail: 'The document talks to another program (DDE)' }
  for (const command of dde.slice(0, MAX_PROPERTIES)) yield { emit: 'property', name: `${prefix}.dde`, value: command }
  yield { emit: 'section', section: { kind: 'text', title: 'DDE', text: dde.slice(0, MAX_ROWS).join('\n') } }
}

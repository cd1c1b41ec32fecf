import type { Section } from '../../report/index.ts'
import type { ChildHead, PlainEmission } from '../../scan/index.ts'
import { MAX_COLUMNS, MAX_NAME, MAX_PROPERTIES, MAX_ROWS, MAX_SECTION_TEXT, MAX_TEXT } from './emission-check.ts'
import { KIND, MAX_PAYLOAD_BYTES } from './wire.ts'

// An honest child cuts what is longer than the engine takes: a hostile file may hold a name of a megabyte. What is cut
// ends with an ellipsis, so that nobody takes it for whole.

const ELLIPSIS = '…'

const cut = (text: string, max: number): string => (text.length <= max ? text : text.slice(0, max - 1) + ELLIPSIS)
const short = (text: string): string => cut(text, MAX_TEXT)

/** The head as JSON that the engine takes; properties that do not fit are left out. */
export const clipHead = (head: ChildHead): string => {
  const name = cut(head.name, MAX_NAME)
  const properties = head.properties
    ?.slice(0, MAX_PROPERTIES)
    .map(property => ({ name: short(property.name), value: short(property.value) }))
  return fitting(KIND.head, { ...head, name, ...(properties && { properties }) }, () => {
    const { properties: _left, ...rest } = head
    return { ...rest, name }
  })
}

/** The emission as JSON that the engine takes. A section that is too long becomes one that says so. */
export const clipEmission = (emission: PlainEmission): string => {
  const clipped = clippedEmission(emission)
  return fitting(KIND.emission, clipped, () => {
    if (clipped.emit !== 'section') throw new Error(`an emission of kind ${clipped.emit} cannot be that long`)
    const section: Section = { kind: 'text', title: clipped.section.title, text: 'Too long to be shown' }
    return { emit: 'section', section }
  })
}

const fitting = (kind: number, value: unknown, otherwise: () => unknown): string => {
  const json = JSON.stringify(value)
  // A UTF-16 unit takes three bytes at most; JSON.stringify has escaped lone surrogates.
  if (json.length * 3 <= MAX_PAYLOAD_BYTES[kind]) return json
  return new TextEncoder().encode(json).length <= MAX_PAYLOAD_BYTES[kind] ? json : JSON.stringify(otherwise())
}

const clippedEmission = (emission: PlainEmission): PlainEmission => {
  switch (emission.emit) {
    case 'missed': {
      const { member, detail } = emission
      return { ...emission, detail: short(detail), ...(member !== undefined && { member: cut(member, MAX_NAME) }) }
    }
    case 'property':
      return { emit: 'property', name: short(emission.name), value: short(emission.value) }
    case 'section':
      return { emit: 'section', section: clippedSection(emission.section) }
    case 'anomaly':
      return { ...emission, code: short(emission.code), detail: short(emission.detail) }
    case 'detection':
      return { ...emission, name: short(emission.name) }
  }
  return { emit: 'password', password: short(emission.password) }
}

const clippedSection = (section: Section): Section => {
  const title = short(section.title)
  switch (section.kind) {
    case 'text':
      return { kind: 'text', title, text: cut(section.text, MAX_SECTION_TEXT) }
    case 'key-values': {
      const entries = section.entries.slice(0, MAX_ROWS)
      return { kind: 'key-values', title, entries: entries.map(e => ({ key: short(e.key), value: short(e.value) })) }
    }
    case 'table': {
      const cells = (row: readonly string[]): readonly string[] => row.slice(0, MAX_COLUMNS).map(short)
      return {
        kind: 'table',
        title,
        columns: cells(section.columns),
        rows: section.rows.slice(0, MAX_ROWS).map(cells),
      }
    }
  }
  return { ...section, title }
}

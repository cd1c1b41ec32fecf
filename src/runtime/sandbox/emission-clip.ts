import type { Section } from '../../report/index.ts'
import type { ChildHead, PlainEmission } from '../../scan/index.ts'
import { MAX_COLUMNS, MAX_NAME, MAX_PROPERTIES, MAX_ROWS, MAX_SECTION_TEXT, MAX_TEXT } from './emission-check.ts'
import { KIND, MAX_PAYLOAD_BYTES } from './wire.ts'

// An honest child cuts what is longer than the engine takes: a hostile file may hold a name of a megabyte. What is cut
// ends with an ellipsis, so that nobody takes it for whole.

const ELLIPSIS = '…'
/** What JSON puts around a cell, or around a key and its value. */
const CELL_UNITS = 4

const cut = (text: string, max: number): string => (text.length <= max ? text : text.slice(0, max - 1) + ELLIPSIS)
const short = (text: string): string => cut(text, MAX_TEXT)

/** The head as JSON that the engine takes; properties that do not fit are left out. */
export const clipHead = (head: ChildHead): string => {
  const name = cut(head.name, MAX_NAME)
  const properties = head.properties
    ?.slice(0, MAX_PROPERTIES)
    .map(property => ({ name: short(property.name), value: short(property.value) }))
  const json = JSON.stringify({ ...head, name, ...(properties && { properties }) })
  if (new TextEncoder().encode(json).length <= MAX_PAYLOAD_BYTES[KIND.head]) return json
  const { properties: _left, ...rest } = head
  return JSON.stringify({ ...rest, name })
}

/** The emission as JSON that the engine takes. Rows of a section that do not fit are left out. */
export const clipEmission = (emission: PlainEmission): string => JSON.stringify(clippedEmission(emission))

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
      const rows = fittingRows(section.entries.map(({ key, value }) => [key, value]))
      return { kind: 'key-values', title, entries: rows.map(([key, value]) => ({ key, value })) }
    }
    case 'table': {
      // The columns are a row among the others: if they do not fit, nothing does.
      const [columns = [], ...rows] = fittingRows([section.columns, ...section.rows])
      const even = rows.map(row => columns.map((_, place) => row[place] ?? ''))
      return { kind: 'table', title, columns, rows: even }
    }
  }
  return { ...section, title }
}

/** The first rows, cut, as many as fit. */
const fittingRows = (rows: readonly (readonly string[])[]): readonly (readonly string[])[] => {
  const fitting: (readonly string[])[] = []
  let units = 0
  for (const row of rows.slice(0, MAX_ROWS)) {
    const cells = row.slice(0, MAX_COLUMNS).map(short)
    for (const cell of cells) units += cell.length + CELL_UNITS
    if (units > MAX_SECTION_TEXT) break
    fitting.push(cells)
  }
  return fitting
}

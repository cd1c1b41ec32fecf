import { typeByName } from '../../formats/index.ts'
import type { FileTypeName } from '../../formats/index.ts'
import { REASONS, SEVERITIES } from '../../report/index.ts'
import type { Section } from '../../report/index.ts'
import type { ChildHead, PlainEmission } from '../../scan/index.ts'

// What a child may say in JSON, and nothing else: every value is checked and copied, members that nobody knows are
// dropped. A value is as long as MAX_… at most; an honest child cuts its own before it sends them (emission-clip.ts).

/** Longest text, in UTF-16 units: a title, a detail, a cell, a property's value. */
export const MAX_TEXT = 16_384
/** Longest name of a member: four times what file systems take. */
export const MAX_NAME = 16_384
/** Longest text of a section. JSON needs six bytes for a UTF-16 unit at worst, and a frame holds 1 MiB. */
export const MAX_SECTION_TEXT = 150_000
/** Rows of a section, and properties of a child. */
export const MAX_ROWS = 4096
export const MAX_PROPERTIES = 256
/** Columns of a table. */
export const MAX_COLUMNS = 64

/** Emissions beside children that one artifact may cause, beyond two for each child that its budget allows. */
const MAX_PLAIN_EMISSIONS = 100_000
export const maxEmissions = (children: number): number => MAX_PLAIN_EMISSIONS + 2 * children

/** A child has said something that no honest child says. */
export class WireViolation extends Error {}

type Fields = Readonly<Record<string, unknown>>

const RELATIONS = ['extracted', 'supplementary', 'view'] as const

const violation = (what: string): never => {
  throw new WireViolation(what)
}

const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : violation('not an object')

const textOf = (value: unknown, max: number): string =>
  typeof value === 'string' && value.length <= max ? value : violation('text is missing or too long')

const countOf = (value: unknown): number =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : violation('not a count')

const listOf = (value: unknown, max: number): readonly unknown[] =>
  Array.isArray(value) && value.length <= max ? value : violation('a list is missing or too long')

const wordOf = <T extends string>(value: unknown, words: readonly T[]): T =>
  words.find(word => word === value) ?? violation('an unknown word')

const typeOf = (value: unknown): FileTypeName => {
  const name = textOf(value, MAX_TEXT) as FileTypeName
  return typeByName(name) === undefined ? violation('an unknown type') : name
}

/** `{ [key]: check(value) }`, or nothing where it is absent. */
const optional = <K extends string, V>(fields: Fields, key: K, check: (value: unknown) => V): { [P in K]?: V } =>
  (fields[key] === undefined ? {} : { [key]: check(fields[key]) }) as { [P in K]?: V }

const named = (value: unknown): { name: string; value: string } => {
  const fields = fieldsOf(value)
  return { name: textOf(fields['name'], MAX_TEXT), value: textOf(fields['value'], MAX_TEXT) }
}

/** @throws WireViolation */
export const checkHead = (value: unknown): ChildHead => {
  const fields = fieldsOf(value)
  return {
    emit: wordOf(fields['emit'], ['child']),
    name: textOf(fields['name'], MAX_NAME),
    ...optional(fields, 'relation', relation => wordOf(relation, RELATIONS)),
    ...optional(fields, 'type', typeOf),
    ...optional(fields, 'properties', properties => listOf(properties, MAX_PROPERTIES).map(named)),
  }
}

/** @throws WireViolation */
export const checkEmission = (value: unknown): PlainEmission => {
  const fields = fieldsOf(value)
  const check = typeof fields['emit'] === 'string' ? CHECKS.get(fields['emit']) : undefined
  return check === undefined ? violation('an unknown emission') : check(fields)
}

const CHECKS: ReadonlyMap<string, (fields: Fields) => PlainEmission> = new Map([
  [
    'missed',
    (fields: Fields): PlainEmission => ({
      emit: 'missed',
      reason: wordOf(fields['reason'], REASONS),
      detail: textOf(fields['detail'], MAX_TEXT),
      ...optional(fields, 'member', member => textOf(member, MAX_NAME)),
      ...optional(fields, 'bytes', countOf),
    }),
  ],
  ['property', (fields): PlainEmission => ({ emit: 'property', ...named(fields) })],
  ['section', (fields): PlainEmission => ({ emit: 'section', section: checkSection(fields['section']) })],
  [
    'anomaly',
    (fields): PlainEmission => ({
      emit: 'anomaly',
      code: textOf(fields['code'], MAX_TEXT),
      detail: textOf(fields['detail'], MAX_TEXT),
      ...optional(fields, 'offset', countOf),
    }),
  ],
  [
    'detection',
    (fields): PlainEmission => ({
      emit: 'detection',
      name: textOf(fields['name'], MAX_TEXT),
      severity: wordOf(fields['severity'], SEVERITIES),
      ...optional(fields, 'offset', countOf),
      ...optional(fields, 'length', countOf),
    }),
  ],
  ['password', (fields): PlainEmission => ({ emit: 'password', password: textOf(fields['password'], MAX_TEXT) })],
])

const checkSection = (value: unknown): Section => {
  const fields = fieldsOf(value)
  const title = textOf(fields['title'], MAX_TEXT)
  switch (fields['kind']) {
    case 'text':
      return { kind: 'text', title, text: textOf(fields['text'], MAX_SECTION_TEXT) }
    case 'key-values':
      return { kind: 'key-values', title, entries: listOf(fields['entries'], MAX_ROWS).map(entryOf) }
    case 'table':
      return tableOf(title, fields)
    case 'bytes':
      return { kind: 'bytes', title, offset: countOf(fields['offset']), length: countOf(fields['length']) }
    default:
      return violation('an unknown section')
  }
}

const entryOf = (value: unknown): { key: string; value: string } => {
  const fields = fieldsOf(value)
  return { key: textOf(fields['key'], MAX_TEXT), value: textOf(fields['value'], MAX_TEXT) }
}

const tableOf = (title: string, fields: Fields): Section => {
  const cells = (value: unknown): readonly string[] => listOf(value, MAX_COLUMNS).map(cell => textOf(cell, MAX_TEXT))
  const columns = cells(fields['columns'])
  const rows = listOf(fields['rows'], MAX_ROWS).map(cells)
  if (rows.some(row => row.length !== columns.length)) violation('a row of another length')
  return { kind: 'table', title, columns, rows }
}

import type { Completion } from '../use-cases.ts'
import { SEARCH_FIELDS, type FieldSpec, type SearchField } from './fields.ts'
import { tokensOf, type Token } from './tokens.ts'

// How a query may go on from a position: fields, values of vocabularies, values that are stored.

export const MAX_COMPLETIONS = 20
/** Stored values of a field that begin with a text. */
export type Suggest = (field: SearchField, prefix: string, limit: number) => Promise<readonly string[]>

/** Never rejects because of the query: what cannot be read has no completions. */
export async function completeQueryAt(query: string, position: number, suggest: Suggest): Promise<Completion[]> {
  const before = query.slice(0, position)
  const tokens = tokensOf(before)
  const { field, from, prefix } = placeOf(tokens, before)
  const found = field === undefined ? fieldsLike(prefix) : await valuesLike(field, prefix, suggest)
  return found.slice(0, MAX_COMPLETIONS).map(completion => ({ ...completion, from, to: position }))
}

type Found = Pick<Completion, 'text' | 'kind' | 'hint'>

/** What is being written at the end: a value of a field, or the beginning of a test. */
function placeOf(
  tokens: readonly Token[],
  before: string,
): { readonly field: SearchField | undefined; readonly from: number; readonly prefix: string } {
  const last = tokens.at(-1)
  const open = last?.to === before.length ? last : undefined
  const word = open?.kind === 'text' ? open : undefined
  const from = word?.from ?? before.length
  const prefix = word?.parts.join('*') ?? ''
  const operator = tokens.at(word === undefined ? -1 : -2)
  const name = tokens.at(word === undefined ? -2 : -3)
  if (operator?.kind !== 'operator' || operator.to !== from || name?.kind !== 'text')
    return { field: undefined, from, prefix }
  const field = name.parts.join('*').toLowerCase()
  return Object.hasOwn(SEARCH_FIELDS, field)
    ? { field: field as SearchField, from, prefix }
    : { field: undefined, from, prefix: '\0' }
}

function fieldsLike(prefix: string): Found[] {
  const fields = Object.entries(SEARCH_FIELDS)
    .filter(([name]) => name.startsWith(prefix.toLowerCase()))
    .map<Found>(([name, spec]) => ({ text: `${name}:`, kind: 'field', hint: `${spec.text}, as ${spec.example}` }))
  const keywords = ['AND', 'OR', 'NOT']
    .filter(word => prefix !== '' && word.startsWith(prefix))
    .map<Found>(text => ({ text: `${text} `, kind: 'keyword', hint: '' }))
  return [...fields, ...keywords]
}

async function valuesLike(field: SearchField, prefix: string, suggest: Suggest): Promise<Found[]> {
  const spec: FieldSpec = SEARCH_FIELDS[field]
  const words = (spec.words ?? []).filter(word => word.startsWith(prefix.toLowerCase()))
  const stored = spec.completes === true ? await suggest(field, prefix, MAX_COMPLETIONS) : []
  return [...words, ...stored].map(text => ({ text: asValue(text), kind: 'value', hint: '' }))
}

/** As it must be written in a query. */
const asValue = (text: string): string =>
  /^[\w.,:;/+@#~-]+$/.test(text) ? text : `"${text.replaceAll(/["\\]/g, '\\$&')}"`

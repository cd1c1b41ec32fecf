import type { TObject, TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { UseCaseError } from '../../usecases/index.ts'
import { HttpError } from './problems.ts'

// Requests against the schemas of the route table. Text from paths and queries is turned into what the schema wants
// first; bodies are taken as they are.

export type Check = (value: unknown) => unknown

/** @throws UseCaseError invalid-input */
export function checker(schema: TSchema | undefined): Check {
  if (schema === undefined) return () => undefined
  const compiled = Compile(schema)
  return value => {
    if (compiled.Check(value)) return value
    const error = compiled.Errors(value).at(0)
    const where = error?.instancePath ?? ''
    throw new UseCaseError('invalid-input', { detail: `${where === '' ? 'It' : where} ${error?.message ?? 'is wrong'}`, where })
  }
} // prettier-ignore

/** The same for text: numbers, flags and lists are read as the schema says. */
export function textChecker(schema: TObject | undefined): Check {
  if (schema === undefined) return () => ({})
  const check = checker(schema)
  const types = new Map(Object.entries(schema.properties).map(([name, property]) => [name, (property as { type?: string }).type]))
  return value => {
    const given = Object.entries(value as Record<string, string | string[]>)
    return check(Object.fromEntries(given.map(([name, text]) => [name, read(types.get(name), text)])))
  }
} // prettier-ignore

function read(type: string | undefined, text: string | string[]): unknown {
  if (type === 'array') return (Array.isArray(text) ? text : text.split(',')).filter(item => item !== '')
  if (Array.isArray(text)) return text
  if ((type === 'integer' || type === 'number') && /^-?\d{1,16}$/.test(text)) return Number(text)
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  return text
}

/** @throws HttpError malformed-request */
export function parsedJson(text: string): unknown {
  if (text.trim() === '') return {}
  try {
    return JSON.parse(text)
  } catch {
    throw new HttpError('malformed-request', 'The body is not JSON')
  }
}

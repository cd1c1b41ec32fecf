import { NativeError } from './errors.ts'

// Checked access to the members of a JSON payload; every failure is a NativeError `bad-payload` that names the member.

export type JsonObject = Readonly<Record<string, unknown>>

const decoder = new TextDecoder('utf-8', { fatal: true })

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Parses a payload that must be one JSON object in UTF-8. */
export const parseObject = (payload: Uint8Array): JsonObject => {
  let value: unknown
  try {
    value = JSON.parse(decoder.decode(payload))
  } catch {
    throw new NativeError('bad-payload', 'not JSON in UTF-8')
  }
  if (!isObject(value)) throw new NativeError('bad-payload', 'not a JSON object')
  return value
}

/** A member that must be an object. */
export const recordOf = (object: JsonObject, member: string): JsonObject => {
  const value = object[member]
  if (!isObject(value)) throw new NativeError('bad-payload', `${member} is not an object`)
  return value
}

/** A member that must be a text of at most `maxLength` UTF-16 units. */
export const textOf = (object: JsonObject, member: string, maxLength: number): string => {
  const value = object[member]
  if (typeof value !== 'string' || value.length > maxLength) {
    throw new NativeError('bad-payload', `${member} is not a text of at most ${maxLength} characters`)
  }
  return value
}

/** A member that must be an integer within the bounds, both included. */
export const integerOf = (object: JsonObject, member: string, min: number, max: number): number => {
  const value = object[member]
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
    throw new NativeError('bad-payload', `${member} is not an integer from ${min} to ${max}`)
  }
  return value
}

/** `{member: read()}` where the object has the member, else `{}`. */
export const optional = <K extends string, T>(member: K, object: JsonObject, read: () => T): { [P in K]?: T } => {
  const found: { [P in K]?: T } = {}
  if (object[member] !== undefined) found[member] = read()
  return found
}

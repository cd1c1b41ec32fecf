import { ContentError, latin1, u32be } from '../../bytes/index.ts'
import { unmarshal, type Value } from './marshal.ts'

/** A module of a PYZ archive. */
export interface PyzModule {
  readonly name: string
  /** zlib of marshalled code, or encrypted; borrowed. */
  readonly data: Uint8Array
  readonly missingBytes: number
}

export const isPyz = (content: Uint8Array): boolean => latin1(content, 0, 4) === 'PYZ\0'

/** The modules of a PYZ archive. @throws ContentError, ParseError where its table cannot be read */
export function pyzModules(content: Uint8Array): PyzModule[] {
  const tableAt = u32be(content, 8)
  const table = unmarshal(content.subarray(tableAt))
  if (!Array.isArray(table)) throw new ContentError('malformed', 'The table of a PYZ archive is none', tableAt)
  return (table as readonly Value[]).map(row => readRow(row, content, tableAt))
}

function readRow(row: Value, content: Uint8Array, tableAt: number): PyzModule {
  const [name, place] = isList(row) ? row : []
  const [, at, size] = isList(place) ? place : []
  if (typeof name !== 'string' || typeof at !== 'number' || typeof size !== 'number')
    throw new ContentError('malformed', 'A row in the table of a PYZ archive', tableAt)
  const data = content.subarray(at, at + size)
  return { name, data, missingBytes: size - data.length }
}

const isList = (value: Value): value is readonly Value[] => Array.isArray(value)

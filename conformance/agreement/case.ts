import { join, noise } from '../carriers/bytes.ts'

/** One fact about signatures: a database, a content, and what clamscan 1.4.6 says about it with all matches wanted. */
export interface Case {
  /** Stable name, unique over all tables. */
  readonly name: string
  /** Database files of this case: file name → lines. */
  readonly database: Readonly<Record<string, readonly string[]>>
  readonly content: Uint8Array
  /**
   * Names that clamscan reports, sorted, with the suffix `.UNOFFICIAL` taken off; `refused` where it refuses the whole
   * database for this line, which Lazaret reports, leaves out, and detects nothing with.
   */
  readonly expected: readonly string[] | 'refused'
  /** Needs something that Lazaret says it does not do yet; the signature must be listed as left out. */
  readonly later?: string
}

/** `body` in the middle of neutral bytes, 40 before it and 50 after it; typed as plain data by everybody. */
export function inside(...body: readonly (Uint8Array | string)[]): Uint8Array {
  return join(noise(40, 7), ...body, noise(50, 11))
}

/** A case with one line in one database file. */
export function one(
  name: string,
  file: string,
  line: string,
  content: Uint8Array,
  expected: readonly string[] | 'refused',
): Case {
  return { name, database: { [file]: [line] }, content, expected }
}

/** A case with the body signature `T` for target 0 in t.ndb: found or not. */
export function body(
  name: string,
  pattern: string,
  content: Uint8Array,
  found: boolean | 'refused',
  offset = '*',
): Case {
  const expected = found === 'refused' ? 'refused' : found ? ['T'] : []
  return one(name, 't.ndb', `T:0:${offset}:${pattern}`, content, expected)
}

/** A case with the logical signature `T` for target 0 in t.ldb: found or not. */
export function logic(
  name: string,
  expression: string,
  subs: readonly string[],
  content: Uint8Array,
  found: boolean | 'refused',
  description = 'Engine:51-255,Target:0',
): Case {
  const expected = found === 'refused' ? 'refused' : found ? ['T'] : []
  return one(name, 't.ldb', `T;${description};${expression};${subs.join(';')}`, content, expected)
}

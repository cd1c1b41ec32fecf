import {
  elementOf,
  isScalar,
  type Fields,
  type Member,
  type NestedMember,
  type ScalarMember,
  type Shape,
} from './shape.ts'

// Checks untrusted values against the shapes. Unknown members are dropped: a later minor version may have added them.

/** Longest document a reader takes, in UTF-16 code units. */
export const MAX_DOCUMENT_CHARS = 256 * 1024 * 1024

/** Something that claims to be a report or results and is not. The message says what and where. */
export class ReportError extends Error {
  constructor(what: string, where: string) {
    super(`${what} (at ${where})`)
    this.name = 'ReportError'
  }
}

/** Throws ReportError for a document that is longer than readers take. */
export function checkLength(text: string): void {
  if (text.length > MAX_DOCUMENT_CHARS)
    throw new ReportError(`Document longer than ${MAX_DOCUMENT_CHARS} characters`, 'start')
}

/** What is wrong with one scalar, or undefined. */
export function scalarFault(member: ScalarMember, value: unknown): string | undefined {
  if (member.kind === 'count')
    return Number.isSafeInteger(value) && (value as number) >= 0
      ? undefined
      : 'is not a whole number from 0 to 2^53 - 1'
  if (member.kind === 'number')
    return Number.isFinite(value) && (value as number) >= 0 ? undefined : 'is not a number from 0'
  if (typeof value !== 'string') return 'is not text'
  if (member.kind === 'text')
    return member.pattern?.test(value) === false ? `is not ${member.pattern.source}` : undefined
  return member.words.includes(value) ? undefined : `is none of ${member.words.join(', ')}`
}

/** Throws ReportError where a list is shorter than the schema allows. */
export function checkListLength(member: NestedMember, length: number, where: string): void {
  if (member.kind === 'list' && length < (member.min ?? 0))
    throw new ReportError(`Needs at least ${member.min} ${elementOf(member)}`, where)
}

/**
 * Checks an untrusted value and copies its known members in the order of the schema.
 * @param where - path of the value, for messages
 * @throws ReportError naming the first member that is wrong
 */
export function checked(shape: Shape, value: unknown, where: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new ReportError('Not an object', where)
  const copy: Fields = {}
  for (const member of shape) {
    const field: unknown = Object.hasOwn(value, member.name) ? (value as Fields)[member.name] : undefined
    const path = `${where}.${member.name}`
    if (field !== undefined) {
      const value = checkedMember(member, field, path)
      if (value !== undefined) copy[member.name] = value
    } else if (member.optional === undefined) throw new ReportError('Missing', path)
  }
  return copy
}

function checkedMember(member: Member, field: unknown, path: string): unknown {
  if (isScalar(member)) {
    const fault = scalarFault(member, field)
    if (fault !== undefined) throw new ReportError(`Value ${fault}`, path)
    return field
  }
  if (member.kind === 'object') return checked(member.shape, field, path)
  if (!Array.isArray(field)) throw new ReportError('Not a list', path)
  checkListLength(member, field.length, path)
  // Written and read alike in every format: an empty optional list is no list.
  if (field.length === 0 && member.optional === true) return undefined
  return field.map((item: unknown, index) => checked(member.shape, item, `${path}[${index}]`))
}

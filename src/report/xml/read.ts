import { checkLength, checkListLength, scalarFault } from '../check.ts'
import type { Report, Results } from '../model.ts'
import {
  elementOf,
  isScalar,
  type Fields,
  type Member,
  type NestedMember,
  type ScalarMember,
  type Shape,
} from '../shape.ts'
import { reportShape, resultsShape } from '../shapes.generated.ts'
import { XML_NAMESPACE } from '../vocabulary.ts'
import { unescapeText } from './escape.ts'
import { Tokens, type StartTag } from './tokens.ts'

// Reads the XML of write.ts back. Strict about what it knows: wrong values, missing members, character data and a
// wrong namespace are refused. Elements and attributes it does not know are skipped: a later minor version may have
// added them. The order of elements does not matter, except within a list.

/** Depth of elements inside an element that is skipped. */
export const MAX_SKIPPED_DEPTH = 32

const COUNT = /^(?:0|[1-9][0-9]{0,15})$/
const NUMBER = /^[0-9]{1,400}(?:\.[0-9]{1,400})?(?:[eE][+-]?[0-9]{1,3})?$/

/**
 * Reads one report.
 * @param text - the document, decoded
 * @throws ReportError for anything that is not a report of major version 1
 */
export const readReportXml = (text: string): Report => readDocument({ report: reportShape }, text) as Report

/**
 * Reads results. The whole document and all its reports are in memory.
 * @param text - the document, decoded
 * @throws ReportError for anything that is not results of major version 1
 */
export const readResultsXml = (text: string): Results => readDocument({ results: resultsShape }, text) as Results

/** Reads a document that may be either. Throws ReportError. */
export const readEitherXml = (text: string): Report | Results =>
  readDocument({ report: reportShape, results: resultsShape }, text) as Report | Results

function readDocument(roots: Readonly<Record<string, Shape>>, text: string): Fields {
  checkLength(text)
  const tokens = new Tokens(text)
  const first = tokens.next()
  if (first.kind !== 'start' || !Object.hasOwn(roots, first.name))
    throw tokens.fault(`Needs the element ${Object.keys(roots).join(' or ')}`, first.at)
  if (first.attributes.get('xmlns') !== XML_NAMESPACE)
    throw tokens.fault(`Needs the namespace ${XML_NAMESPACE}`, first.at)
  const value = readElement(tokens, first, roots[first.name])
  const last = tokens.next()
  if (last.kind !== 'eof') throw tokens.fault('Something after the document', last.at)
  return value
}

/** Reads an element whose start tag was taken. Recursion is as deep as the model, eight elements. */
function readElement(tokens: Tokens, tag: StartTag, shape: Shape): Fields {
  const children = tag.empty ? new Map<Member, Fields[]>() : readChildren(tokens, tag, shape)
  const value: Fields = {}
  for (const member of shape) {
    const field = isScalar(member)
      ? readAttribute(tokens, tag, member)
      : nestedField(tokens, tag, member, children.get(member) ?? [])
    if (field !== undefined) value[member.name] = field
  }
  return value
}

function readChildren(tokens: Tokens, tag: StartTag, shape: Shape): Map<Member, Fields[]> {
  const found = new Map<Member, Fields[]>()
  for (;;) {
    const token = tokens.next()
    if (token.kind === 'end' && token.name === tag.name) return found
    if (token.kind !== 'start') throw tokens.fault(`Needs an element or the end of ${tag.name}`, token.at)
    const member = memberFor(shape, token)
    if (member === undefined) skipElement(tokens, token)
    else {
      const child = readElement(tokens, token, member.shape)
      const items = found.get(member)
      if (items === undefined) found.set(member, [child])
      else if (member.kind === 'list') items.push(child)
      else throw tokens.fault(`Element ${token.name} given twice`, token.at)
    }
  }
}

/** The member an element stands for; none for an element of another namespace. */
function memberFor(shape: Shape, tag: StartTag): NestedMember | undefined {
  if ((tag.attributes.get('xmlns') ?? XML_NAMESPACE) !== XML_NAMESPACE) return undefined
  for (const member of shape) if (!isScalar(member) && elementOf(member) === tag.name) return member
  return undefined
}

function nestedField(
  tokens: Tokens,
  tag: StartTag,
  member: NestedMember,
  items: Fields[],
): Fields | Fields[] | undefined {
  if (member.kind === 'list') {
    checkListLength(member, items.length, `element ${tag.name}, offset ${tag.at}`)
    return items.length === 0 && member.optional === true ? undefined : items
  }
  if (items.length === 0 && member.optional === undefined)
    throw tokens.fault(`Element ${tag.name} needs ${member.name}`, tag.at)
  return items[0]
}

function readAttribute(tokens: Tokens, tag: StartTag, member: ScalarMember): string | number | undefined {
  const text = tag.attributes.get(member.name)
  if (text === undefined) {
    if (member.optional === true) return undefined
    throw tokens.fault(`Element ${tag.name} needs ${member.name}`, tag.at)
  }
  const value = scalarOf(member, text)
  const fault = scalarFault(member, value)
  if (fault !== undefined) throw tokens.fault(`Attribute ${member.name} of ${tag.name} ${fault}`, tag.at)
  return value
}

function scalarOf(member: ScalarMember, text: string): string | number {
  if (member.kind === 'text' || member.kind === 'word') return unescapeText(text)
  return (member.kind === 'count' ? COUNT : NUMBER).test(text) ? Number(text) : Number.NaN
}

/** Skips an element with everything in it. */
function skipElement(tokens: Tokens, tag: StartTag): void {
  const open = tag.empty ? [] : [tag.name]
  while (open.length > 0) {
    const token = tokens.next()
    if (token.kind === 'eof') throw tokens.fault(`Element ${tag.name} without its end`, token.at)
    if (token.kind === 'end' && open.pop() !== token.name) throw tokens.fault(`Wrong end tag ${token.name}`, token.at)
    if (token.kind === 'start' && !token.empty) open.push(token.name)
    if (open.length > MAX_SKIPPED_DEPTH) throw tokens.fault(`Deeper than ${MAX_SKIPPED_DEPTH} elements`, token.at)
  }
}

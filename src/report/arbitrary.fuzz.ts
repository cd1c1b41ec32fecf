import * as fc from 'fast-check'
import type { Report, Results, ScanError } from './model.ts'
import type { Fields, Member, Shape } from './shape.ts'
import { errorShape, reportShape, resultsShape } from './shapes.generated.ts'

// Arbitrary values of the model, made from the same tables as the writers, with strings that mean harm.

const FRAGMENTS = [
  '_x0041_',
  '_x005F_',
  '_x',
  '_',
  'x0041_',
  '<',
  '>',
  '&',
  '"',
  "'",
  ']]>',
  '<!--',
  '&amp;',
  '&#0;',
  '\r\n',
  '\t',
  ' ',
  '\u0000',
  '\u001b[2J',
  '\u0085',
  '\u2028',
  '\u202e',
  '\ufeff',
  '\ufffe',
  '\uffff',
  '\ud83d',
  '\ude00',
  '\u{1f600}',
  '=1+1',
  '-',
  '@',
  ',',
  '__proto__',
  '\\',
  '../',
  'a',
  'é',
]
const fragment = fc.oneof(
  fc.constantFrom(...FRAGMENTS),
  fc.integer({ min: 0, max: 0xffff }).map(code => String.fromCharCode(code)),
)
/** Any sequence of UTF-16 code units, most of them troublesome. */
export const hostileText = fc.array(fragment, { maxLength: 8 }).map(parts => parts.join(''))

const instant = fc
  .date({ min: new Date('1000-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true })
  .map(date => date.toISOString())
const count = fc.oneof(fc.nat(), fc.maxSafeNat())
/** Minus zero is left out: JSON has no way to write it. */
const number = fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }).map(value => value + 0)

function ofMember(member: Member): fc.Arbitrary<unknown> {
  switch (member.kind) {
    case 'text':
      if (member.name === 'startedAt') return instant
      return member.pattern === undefined ? hostileText : fc.stringMatching(member.pattern)
    case 'word':
      return fc.constantFrom(...member.words)
    case 'count':
      return count
    case 'number':
      return number
    case 'object':
      return ofShape(member.shape)
    default:
      return fc.array(ofShape(member.shape), {
        minLength: member.min ?? (member.optional === true ? 1 : 0),
        maxLength: 3,
      })
  }
}

function ofShape(shape: Shape): fc.Arbitrary<Fields> {
  const model: Record<string, fc.Arbitrary<unknown>> = {}
  for (const member of shape) model[member.name] = ofMember(member)
  const required = shape.filter(member => member.optional === undefined)
  return fc.record(model, { requiredKeys: required.map(({ name }) => name), noNullPrototype: true })
}

export const arbitraryReport = ofShape(reportShape) as unknown as fc.Arbitrary<Report>
export const arbitraryError = ofShape(errorShape) as unknown as fc.Arbitrary<ScanError>
export const arbitraryResults = ofShape(resultsShape) as unknown as fc.Arbitrary<Results>

import { parseBody } from './body.ts'
import { parseConditions } from './conditions.ts'
import type { ContentSignature, Pattern } from './ir.ts'
import { ANYWHERE } from './ir.ts'
import { MAX_SUBSIGNATURES, parseExpression, subsignatureIds } from './logic.ts'
import { applyModifiers, NO_MODIFIERS, parseModifiers } from './modifiers.ts'
import { parseOffset } from './offset.ts'
import { LineError } from './problems.ts'
import { checkName } from './read-bodies.ts'

// .ldb .ldu: `Name;TDB;Logic;Sub0[;Sub1…]`.

const BYTE_COMPARE = /^\d{1,2}\((<<|>>)/
const MACRO = /^\$\{/

/** Reads one subsignature: `[offset:]hex[::modifiers]`. @throws LineError */
function subsignature(text: string, target: number): Pattern[] {
  if (text.includes('/')) throw new LineError('unsupported-pcre')
  if (BYTE_COMPARE.test(text)) throw new LineError('unsupported-byte-compare')
  if (MACRO.test(text)) throw new LineError('unsupported-macro')
  if (text.startsWith('fuzzy_img#')) throw new LineError('unsupported-fuzzy-image')
  const tokens = text.split(':')
  if (tokens.length > 4) throw new LineError('field-count', 'in a subsignature')
  const withOffset = tokens.length === 2 || tokens.length === 4
  if (tokens.length > 2 && tokens.at(-2) !== '') throw new LineError('field-count', 'in a subsignature')
  const offset = withOffset ? parseOffset(tokens[0], target) : ANYWHERE
  const modifiers = tokens.length > 2 ? parseModifiers(tokens.at(-1)!) : NO_MODIFIERS
  const elements = parseBody(tokens[withOffset ? 1 : 0])
  return applyModifiers(elements, modifiers).map(form => ({ offset, elements: form }))
}

/** Entries kept: most signatures share their descriptions and expressions with thousands of others. */
const MAX_CACHED = 10_000

function cached<T>(read: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>()
  return text => {
    let value = known.get(text)
    if (value === undefined) {
      value = read(text)
      if (known.size < MAX_CACHED) known.set(text, value)
    }
    return value
  }
}

/**
 * Makes a reader of logical signature lines.
 * @param knownTypes - ClamAV type names that exist
 * @returns a function that throws LineError
 */
export function logicalReader(knownTypes: ReadonlySet<string>, unwanted: boolean): (line: string) => ContentSignature {
  const descriptionOf = cached(text => parseConditions(text, knownTypes))
  const expressionOf = cached(text => {
    const expression = parseExpression(text)
    return { expression, subsignatures: subsignatureIds(expression).at(-1)! + 1 }
  })
  return line => {
    const fields = line.split(';')
    if (fields.length < 4) throw new LineError('field-count')
    const [name, description, logic, ...subs] = fields as [string, string, string, ...string[]]
    const { target, conditions } = descriptionOf(description)
    const { expression, subsignatures } = expressionOf(logic)
    if (subs.length > MAX_SUBSIGNATURES || subsignatures !== subs.length) throw new LineError('subsignature-count')
    return {
      kind: 'logical',
      name: checkName(name),
      target,
      conditions,
      expression,
      unwanted,
      subsignatures: subs.map(sub => subsignature(sub, target)),
    }
  }
}

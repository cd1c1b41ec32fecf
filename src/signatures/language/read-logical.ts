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
  const offset = withOffset ? parseOffset(tokens[0]!, target) : ANYWHERE
  const modifiers = tokens.length > 2 ? parseModifiers(tokens.at(-1)!) : NO_MODIFIERS
  const elements = parseBody(tokens[withOffset ? 1 : 0]!)
  return applyModifiers(elements, modifiers).map(form => ({ offset, elements: form }))
}

/** @throws LineError */
export function readLogical(line: string, unwanted: boolean, knownTypes: ReadonlySet<string>): ContentSignature {
  const fields = line.split(';')
  if (fields.length < 4) throw new LineError('field-count')
  const [name, description, logic, ...subs] = fields as [string, string, string, ...string[]]
  const { target, conditions } = parseConditions(description, knownTypes)
  const expression = parseExpression(logic)
  const ids = subsignatureIds(expression)
  if (subs.length > MAX_SUBSIGNATURES || ids.at(-1)! + 1 !== subs.length) throw new LineError('subsignature-count')
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

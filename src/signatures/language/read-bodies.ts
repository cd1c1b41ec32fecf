import { FUNCTIONALITY_LEVEL } from './conditions.ts'
import { ANYWHERE, type ContentSignature, type Expression } from './ir.ts'
import { parseBody } from './body.ts'
import { MAX_NAME_BYTES } from './lines.ts'
import { parseOffset } from './offset.ts'
import { LineError } from './problems.ts'

// .ndb .ndu: `Name:Target:Offset:HexSig[:MinFL[:MaxFL]]`; .db: `Name=HexSig`.

const MAX_TARGET = 14
/** For targets 0 and 1 ClamAV wants three bytes. */
const LEAST_PLAIN_DIGITS = 6
const SINGLE: Expression = { kind: 'leaf', id: 0, count: 0 }

export function checkName(name: string): string {
  if (name.length === 0 || name.length > MAX_NAME_BYTES) throw new LineError('bad-name')
  return name
}

function level(text: string | undefined, otherwise: number): number {
  if (text === undefined || text === '') return otherwise
  if (!/^\d{1,10}$/.test(text)) throw new LineError('bad-level', text.slice(0, 16))
  return Number(text)
}

/** @throws LineError */
export function readExtended(line: string, unwanted: boolean): ContentSignature {
  const fields = line.split(':')
  if (fields.length < 4 || fields.length > 6) throw new LineError('field-count')
  const [name, targetText, offsetText, hex] = fields as [string, string, string, string]
  if (!/^\d{1,9}$/.test(targetText) && targetText !== '*') throw new LineError('bad-target', targetText.slice(0, 16))
  const target = targetText === '*' ? 0 : Number(targetText)
  if (target > MAX_TARGET) throw new LineError('bad-target', targetText)
  if (level(fields[4], 0) > FUNCTIONALITY_LEVEL || level(fields[5], FUNCTIONALITY_LEVEL) < FUNCTIONALITY_LEVEL)
    throw new LineError('level-out-of-range')
  const offset = parseOffset(offsetText, target)
  if (target <= 1 && hex.length < LEAST_PLAIN_DIGITS) throw new LineError('pattern-too-weak')
  return {
    kind: 'body',
    name: checkName(name),
    target,
    unwanted,
    subsignatures: [[{ offset, elements: parseBody(hex) }]],
    expression: SINGLE,
    conditions: {},
  }
}

/** @returns undefined for the old lines `Name==…`, which carry no signature. @throws LineError */
export function readOld(line: string): ContentSignature | undefined {
  const equals = line.indexOf('=')
  if (equals < 0) throw new LineError('field-count')
  if (line[equals + 1] === '=') return undefined
  const name = checkName(line.slice(0, equals).replace(/ ?\(Clam\)$/, ''))
  return {
    kind: 'body',
    name,
    target: 0,
    unwanted: false,
    subsignatures: [[{ offset: ANYWHERE, elements: parseBody(line.slice(equals + 1)) }]],
    expression: SINGLE,
    conditions: {},
  }
}

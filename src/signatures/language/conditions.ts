import type { Conditions, Range } from './ir.ts'
import { LineError, type ProblemCode } from './problems.ts'

// The target description block (TDB) of logical signatures.

/** The functionality level this engine answers for; signatures whose range does not include it are left out. */
export const FUNCTIONALITY_LEVEL = 232
/** Engine:51 is ClamAV 0.96, the first level that knows conditions beside Target and Engine. */
const FIRST_LEVEL_WITH_CONDITIONS = 51
const MAX_TOKENS = 10
const MAX_INTERMEDIATES = 16
const MAX_TARGET = 14

const UNSUPPORTED: Readonly<Record<string, ProblemCode>> = {
  IconGroup1: 'unsupported-icon',
  IconGroup2: 'unsupported-icon',
  HandlerType: 'unsupported-handler',
}

export interface TargetDescription {
  readonly target: number
  readonly conditions: Conditions
}

function range(text: string): Range {
  const match = /^(\d{1,10})-(\d{1,10})$/.exec(text)
  if (match === null || Number(match[1]) > Number(match[2])) throw new LineError('bad-conditions', text.slice(0, 40))
  return { min: Number(match[1]), max: Number(match[2]) }
}

/** @throws LineError where the signature is for another engine level */
function checkLevel(text: string): Range {
  const levels = range(text)
  if (levels.min > FUNCTIONALITY_LEVEL || levels.max < FUNCTIONALITY_LEVEL)
    throw new LineError('level-out-of-range', text)
  return levels
}

/**
 * Reads a target description such as `Engine:51-255,Target:1,FileSize:100-200`.
 * @param knownTypes - ClamAV type names that exist; a signature with another one is left out
 * @throws LineError
 */
export function parseConditions(text: string, knownTypes: ReadonlySet<string>): TargetDescription {
  const tokens = text.split(',')
  if (tokens.length > MAX_TOKENS) throw new LineError('bad-conditions', `more than ${MAX_TOKENS} entries`)
  const conditions: { -readonly [K in keyof Conditions]: Conditions[K] } = {}
  let target = -1
  let needsEngine = false
  let level: Range | undefined
  const typeName = (name: string): string => {
    if (!knownTypes.has(name)) throw new LineError('unknown-condition', name.slice(0, 40))
    return name
  }
  const readers: Record<string, (value: string) => void> = {
    Engine: value => (level = checkLevel(value)),
    Target: value => {
      target = /^\d{1,2}$/.test(value) ? Number(value) : -1
      if (target < 0 || target > MAX_TARGET) throw new LineError('bad-target', value.slice(0, 16))
    },
    FileSize: value => (conditions.fileSizeBytes = range(value)),
    EntryPoint: value => (conditions.entryPoint = range(value)),
    NumberOfSections: value => (conditions.sections = range(value)),
    Container: value => (conditions.container = typeName(value)),
    Intermediates: value => {
      conditions.intermediates = value.split('>').map(typeName)
      if (conditions.intermediates.length > MAX_INTERMEDIATES) throw new LineError('bad-conditions', 'Intermediates')
    },
  }
  tokens.forEach((token, index) => {
    const colon = token.indexOf(':')
    const key = token.slice(0, Math.max(0, colon))
    if (Object.hasOwn(UNSUPPORTED, key)) throw new LineError(UNSUPPORTED[key])
    if (!Object.hasOwn(readers, key)) throw new LineError('unknown-condition', token.slice(0, 40))
    if (key === 'Engine' && index > 0) throw new LineError('bad-conditions', 'Engine must come first')
    needsEngine ||= key !== 'Engine' && key !== 'Target'
    readers[key](token.slice(colon + 1))
  })
  if (target < 0) throw new LineError('bad-conditions', 'Target is missing')
  if (needsEngine && (level === undefined || level.min < FIRST_LEVEL_WITH_CONDITIONS))
    throw new LineError('bad-conditions', 'these conditions need Engine:51 or later')
  return { target, conditions }
}

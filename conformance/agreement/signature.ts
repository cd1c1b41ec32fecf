import { readExpression, type Expression } from './expression.ts'
import { readPattern, type Item } from './pattern.ts'

// Lines of .ndb, .ldb and .db files, read by the public grammar.

/** Where a pattern has to be. */
export interface Offset {
  readonly base: 'any' | 'start' | 'end' | 'entry' | 'section' | 'last' | 'inside' | 'version'
  readonly section: number
  /** Bytes from the base; negative before it. */
  readonly delta: number
  readonly maxShift: number
}

export interface Subsignature {
  readonly offset: Offset
  readonly items: readonly Item[]
  /** Letters after `::`. */
  readonly modifiers: string
}

export interface Signature {
  readonly name: string
  readonly line: string
  readonly extension: 'ndb' | 'ldb'
  readonly target: number
  readonly expression: Expression
  readonly subs: readonly Subsignature[]
  /** Keys of the description block other than Engine and Target, each `low-high` or a text. */
  readonly conditions: ReadonlyMap<string, string>
}

/** Why a signature takes no part, in a word that is counted. */
export class LeftOut extends Error {}

const ANY: Offset = { base: 'any', section: 0, delta: 0, maxShift: 0 }
const UNSUPPORTED_KEYS = ['IconGroup1', 'IconGroup2', 'HandlerType']
const ENGINE_LEVEL = 216

/** Reads one line of a file with this extension. @throws LeftOut, PatternError, ExpressionError */
export function readSignature(extension: string, line: string): Signature {
  return extension.startsWith('ld') ? readLogical(line) : readBody(line)
}

function readBody(line: string): Signature {
  const [name, target, offset, pattern, minLevel, maxLevel] = line.split(':')
  if (pattern === undefined) throw new LeftOut('malformed line')
  checkLevel(Number(minLevel ?? 0), Number(maxLevel ?? 255))
  const subs = [{ offset: readOffset(offset), items: readPattern(pattern), modifiers: '' }]
  const expression: Expression = { kind: 'id', id: 0, count: undefined }
  return { name, line, extension: 'ndb', target: Number(target), expression, subs, conditions: new Map() }
}

function readLogical(line: string): Signature {
  const [name, description, expression, ...subs] = line.split(';')
  if (subs.length === 0) throw new LeftOut('malformed line')
  const conditions = new Map(
    description.split(',').map(pair => [pair.split(':')[0], pair.slice(pair.indexOf(':') + 1)]),
  )
  const engine = /^(\d+)-(\d+)$/.exec(conditions.get('Engine') ?? '0-255')
  if (engine === null) throw new LeftOut('malformed line')
  checkLevel(Number(engine[1]), Number(engine[2]))
  const unsupported = UNSUPPORTED_KEYS.find(key => conditions.has(key))
  if (unsupported !== undefined) throw new LeftOut(`key ${unsupported}`)
  const target = Number(conditions.get('Target'))
  conditions.delete('Engine')
  conditions.delete('Target')
  return {
    name,
    line,
    extension: 'ldb',
    target,
    expression: readExpression(expression),
    subs: subs.map(readSub),
    conditions,
  }
}

function checkLevel(min: number, max: number): void {
  if (min > ENGINE_LEVEL || max < ENGINE_LEVEL) throw new LeftOut('other engine level')
}

function readSub(text: string): Subsignature {
  if (text.includes('/')) throw new LeftOut('regular expression')
  if (text.startsWith('${')) throw new LeftOut('macro')
  if (text.startsWith('fuzzy_img')) throw new LeftOut('image hash')
  if (/^\d+\(/.test(text) && text.includes('#')) throw new LeftOut('byte comparison')
  const [content, modifiers = ''] = text.split('::')
  const colon = content.indexOf(':')
  const offset = colon < 0 ? ANY : readOffset(content.slice(0, colon))
  return { offset, items: readPattern(content.slice(colon + 1)), modifiers }
}

function readOffset(text: string): Offset {
  const [place, shift = '0'] = text.split(',')
  const maxShift = Number(shift)
  const forms: readonly [RegExp, (match: RegExpExecArray) => Offset][] = [
    [/^\*$/, () => ANY],
    [/^(\d+)$/, match => ({ base: 'start', section: 0, delta: Number(match[1]), maxShift })],
    [/^EOF-(\d+)$/, match => ({ base: 'end', section: 0, delta: -Number(match[1]), maxShift })],
    [/^EP([+-]\d+)$/, match => ({ base: 'entry', section: 0, delta: Number(match[1]), maxShift })],
    [/^S(\d+)\+(\d+)$/, match => ({ base: 'section', section: Number(match[1]), delta: Number(match[2]), maxShift })],
    [/^SL\+(\d+)$/, match => ({ base: 'last', section: 0, delta: Number(match[1]), maxShift })],
    [/^SE(\d+)$/, match => ({ base: 'inside', section: Number(match[1]), delta: 0, maxShift })],
    [/^VI$/, () => ({ base: 'version', section: 0, delta: 0, maxShift })],
  ]
  for (const [form, make] of forms) {
    const match = form.exec(place)
    if (match !== null) return make(match)
  }
  throw new LeftOut(`offset ${place}`)
}

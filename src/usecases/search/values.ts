import { UseCaseError } from '../errors.ts'
import type { FieldSpec } from './fields.ts'
import type { Operator, SearchValue, Span } from './syntax.ts'

// Values of fields: texts, words of a vocabulary, digests, sizes, durations, times, counts, and ranges of them.

const SIZE_UNITS: Readonly<Record<string, number>> = {
  '': 1, b: 1, k: 1024, kb: 1000, kib: 1024, m: 1024 ** 2, mb: 1000 ** 2, mib: 1024 ** 2, g: 1024 ** 3, gb: 1000 ** 3,
  gib: 1024 ** 3, t: 1024 ** 4, tb: 1000 ** 4, tib: 1024 ** 4,
} // prettier-ignore
const DURATION_UNITS: Readonly<Record<string, number>> = {
  ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000,
} // prettier-ignore
const NUMBER = /^(?<number>\d{1,15}(?:\.\d{1,6})?)(?<unit>[a-z]{0,3})$/
const DATE =
  /^(?<year>\d{4})(?:-(?<month>\d{2})(?:-(?<day>\d{2})(?:t(?<hour>\d{2})(?::(?<minute>\d{2})(?::(?<second>\d{2}))?)?z?)?)?)?$/

/** What one value covers: a single number, or all of a day, a month, … */
interface Extent {
  readonly least: number
  readonly most: number
}

export interface RawValue {
  readonly parts: readonly string[]
  readonly quoted: boolean
  readonly span: Span
}

/** @throws UseCaseError invalid-query */
export function valueOf(spec: FieldSpec, operator: Operator, raw: RawValue, nowMs: number): SearchValue {
  const text = raw.parts.join('*')
  if (text === '') throw invalid('a value is missing', raw.span.from)
  const isComparison = operator.startsWith('<') || operator.startsWith('>')
  switch (spec.kind) {
    case 'text':
    case 'word':
    case 'digest':
      if (isComparison) throw invalid(`${operator} needs a number or a time`, raw.span.from)
      if (spec.kind === 'text') return { kind: 'text', parts: raw.parts }
      return spec.kind === 'word' ? wordOf(spec, text, raw.span) : digestOf(raw)
    default:
      return rangeOf(spec, operator, text.toLowerCase(), raw.span, nowMs)
  }
}

function wordOf({ words = [] }: FieldSpec, text: string, span: Span): SearchValue {
  const word = text.toLowerCase()
  if (!words.includes(word)) throw invalid(`the values are ${words.join(', ')}`, span.from)
  return { kind: 'word', word }
}

const MAX_DIGEST_CHARS = 64
function digestOf({ parts, span }: RawValue): SearchValue {
  const hex = parts[0].toLowerCase()
  const prefix = parts.length > 1
  const isSound = /^[0-9a-f]{1,64}$/.test(hex) && parts.slice(1).every(part => part === '')
  if (!isSound || hex.length > MAX_DIGEST_CHARS)
    throw invalid('a digest is hexadecimal, at its end maybe a *', span.from)
  return { kind: 'digest', hex, prefix }
}

function rangeOf(spec: FieldSpec, operator: Operator, text: string, span: Span, nowMs: number): SearchValue {
  const read = (part: string): Extent => extentOf(spec, part, span, nowMs)
  const dots = text.indexOf('..')
  if (dots >= 0) {
    if (operator !== ':' && operator !== '=') throw invalid(`${operator} takes no range`, span.from)
    const [from, to] = [text.slice(0, dots), text.slice(dots + 2)]
    if (from === '' && to === '') throw invalid('a range needs a beginning or an end', span.from)
    return {
      kind: 'range',
      ...(from === '' ? {} : { least: read(from).least }),
      ...(to === '' ? {} : { most: read(to).most }),
    }
  }
  const { least, most } = read(text)
  if (operator === '<') return { kind: 'range', most: least - 1 }
  if (operator === '<=') return { kind: 'range', most }
  if (operator === '>') return { kind: 'range', least: most + 1 }
  if (operator === '>=') return { kind: 'range', least }
  return { kind: 'range', least, most }
}

function extentOf(spec: FieldSpec, text: string, span: Span, nowMs: number): Extent {
  if (spec.kind === 'time') return timeOf(text, span, nowMs)
  const match = NUMBER.exec(text)?.groups
  const units = spec.kind === 'size' ? SIZE_UNITS : spec.kind === 'duration' ? DURATION_UNITS : { '': 1 }
  const unit = match === undefined ? undefined : units[match.unit]
  if (match === undefined || unit === undefined) {
    const names = Object.keys(units).filter(name => name !== '')
    throw invalid(
      names.length === 0 ? 'a whole number is expected' : `a number with one of ${names.join(' ')} is expected`,
      span.from,
    )
  }
  const value = Math.round(Number(match.number) * unit)
  return { least: value, most: value }
}

/** A date with as many parts as one likes covers all of the smallest one; `2h` is that long ago until now. UTC. */
function timeOf(text: string, span: Span, nowMs: number): Extent {
  const ago = NUMBER.exec(text)?.groups
  const unit = ago === undefined ? undefined : DURATION_UNITS[ago.unit]
  if (ago !== undefined && unit !== undefined)
    return { least: nowMs - Math.round(Number(ago.number) * unit), most: nowMs }
  const date = DATE.exec(text)?.groups
  if (date === undefined) throw invalid('a time is 2026-11-01, 2026-11-01T12:30, or 2h for that long ago', span.from)
  const parts = [date.year, date.month, date.day, date.hour, date.minute, date.second]
  const given = parts.filter(part => part !== undefined).map(Number)
  const least = instant(given)
  const next = [...given]
  next[next.length - 1]++
  if (instantParts(least, given.length).join() !== given.join()) throw invalid('there is no such date', span.from)
  return { least, most: instant(next) - 1 }
}

const instant = ([year, month = 1, day = 1, hour = 0, minute = 0, second = 0]: readonly number[]): number =>
  Date.UTC(year, month - 1, day, hour, minute, second)

function instantParts(ms: number, count: number): number[] {
  const date = new Date(ms)
  return [
    date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate(),
    date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds(),
  ].slice(0, count) // prettier-ignore
}

export const invalid = (detail: string, where: number): UseCaseError =>
  new UseCaseError('invalid-query', { detail, where })

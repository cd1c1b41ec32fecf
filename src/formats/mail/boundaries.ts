import { latin1 } from '../../bytes/index.ts'
import { afterBreak, lineEnd, nextDashLine } from './lines.ts'
import { parameterValues, readStructured, STANDARD } from './parameters.ts'
import type { ReadingStyle } from './parameters.ts'

// Which text separates the parts: what the headers say by any reading, or what the body shows where they say nothing.

/** RFC 2046 allows 70 characters; some mailers use more. */
export const MAX_BOUNDARY_CHARS = 1000
/** Readings of one entity's headers that are followed. */
const MAX_CANDIDATES = 12

const STYLES: readonly ReadingStyle[] = [
  STANDARD,
  { comments: false, escapes: true },
  { comments: true, escapes: false },
  { comments: false, escapes: false },
]
/** What careless readers look for: the word, then anything up to the end of the value. */
const CARELESS = /boundary(?:\*0?\*?)?\s{0,10}=\s{0,10}/gi

export interface BoundaryCandidates {
  /** Without trailing white space; the first is the standard's reading. */
  readonly candidates: readonly string[]
  /** How many of them the standard's reading alone has. */
  readonly declared: number
  /** True where one was longer than MAX_BOUNDARY_CHARS and is not followed, or there were too many. */
  readonly cut: boolean
}

/** Every boundary that these values (of Content-Type, then of Content-Disposition) may declare. */
export function boundaryCandidates(values: readonly string[]): BoundaryCandidates {
  const found = new Set<string>()
  let declared = 0
  for (const style of STYLES)
    for (const value of values) {
      // Without either, all styles read the same.
      if (style !== STANDARD && !/[(\\]/.test(value)) continue
      const { raw, decoded } = parameterValues(readStructured(value, style).parameters, 'boundary')
      for (const boundary of [...raw, ...decoded]) found.add(boundary.trimEnd())
      if (style === STANDARD) declared = found.size
    }
  for (const value of values) for (const boundary of careless(value)) found.add(boundary.trimEnd())
  const fitting = [...found].filter(boundary => boundary.length <= MAX_BOUNDARY_CHARS)
  const candidates = fitting.slice(0, MAX_CANDIDATES)
  // An empty one comes last: it is hardly ever meant.
  candidates.sort((a, b) => Number(a === '') - Number(b === ''))
  return { candidates, declared, cut: candidates.length < found.size }
}

function* careless(value: string): Generator<string> {
  let count = 0
  for (const match of value.matchAll(CARELESS)) {
    if (++count > MAX_CANDIDATES) return
    const rest = value.slice(match.index + match[0].length)
    const quote = rest[0] === '"' || rest[0] === "'" ? rest[0] : undefined
    if (quote !== undefined) {
      const close = rest.indexOf(quote, 1)
      yield close < 0 ? rest.slice(1) : rest.slice(1, close)
      if (quote === '"' && close >= 0 && !rest.includes('\\')) continue
    }
    const bare = rest.replace(/^[\s"';]+/, '')
    yield bare.split(';')[0].split('"')[0]
    yield bare.split(/[\s;]/)[0].replaceAll('"', '')
    // `boundary=a;b`: what follows is no other parameter, so the semicolon may be meant.
    if (/;[^=]*$/.test(rest) && rest.length <= MAX_BOUNDARY_CHARS) yield bare.replace(/[\s"';]+$/, '')
    if (/;[^=]*$/.test(rest) && rest.length <= MAX_BOUNDARY_CHARS) yield rest.trim()
  }
}

/** The boundary that the body itself shows: the first dash line before a `Content-` header; undefined if none. */
export function guessBoundary(bytes: Uint8Array, start: number, end: number): string | undefined {
  for (let at = nextDashLine(bytes, start, end, start); at < end;) {
    const stop = lineEnd(bytes, at, end)
    const next = afterBreak(bytes, stop, end)
    if (stop - at - 2 <= MAX_BOUNDARY_CHARS && latin1(bytes, next, next + 8).toLowerCase() === 'content-')
      return latin1(bytes, at + 2, stop).trimEnd()
    at = nextDashLine(bytes, stop, end, start)
  }
  return undefined
}

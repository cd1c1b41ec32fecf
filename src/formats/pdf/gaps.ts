import { isDigit, isRegular, isWhite, lineEnd, wordAt } from './characters.ts'
import { Parser } from './parser.ts'
import type { Work } from './parser.ts'
import { isDictionary } from './values.ts'
import type { PdfDictionary } from './values.ts'

// What lies between objects: white space, comments, tables of cross-references and trailers belong there, everything
// else does not.

/** Longer comments hold something. */
const MAX_COMMENT_BYTES = 256
/** Shorter remainders are slips of writers. */
const MIN_GAP_BYTES = 16
const KEYWORDS = ['xref', 'trailer', 'startxref', 'endobj', 'endstream', 'stream', '%%EOF', '%PDF-']

export interface Gap {
  readonly start: number
  readonly end: number
}

export interface Between {
  readonly gaps: Gap[]
  readonly trailers: PdfDictionary[]
  /** Keywords `startxref`: one for each revision, one more in linearised files. */
  startxrefs: number
}

/** Walks one stretch [start, end) between objects. Linear. */
export function readBetween(bytes: Uint8Array, start: number, end: number, work: Work, found: Between): void {
  let at = start
  while (at < end) {
    const code = bytes[at]
    if (isWhite(code)) at++
    else if (wordAt(bytes, at, '%%EOF', end)) at += 5
    else if (code === 0x25) {
      const eol = lineEnd(bytes, at, end)
      if (eol - at > MAX_COMMENT_BYTES) found.gaps.push({ start: at, end: eol })
      at = eol
    } else {
      const next = structureEnd(bytes, at, end, work, found)
      if (next > at) at = next
      else {
        const stop = unknownEnd(bytes, at, end)
        let last = stop
        while (last > at && isWhite(bytes[last - 1])) last--
        if (last - at >= MIN_GAP_BYTES) found.gaps.push({ start: at, end: last })
        at = stop
      }
    }
  }
}

/** Offset behind a keyword, a number or an entry's letter; `at` where there is none. */
function structureEnd(bytes: Uint8Array, at: number, end: number, work: Work, found: Between): number {
  if (isDigit(bytes[at])) {
    let stop = at
    while (stop < end && isDigit(bytes[stop])) stop++
    return stop - at <= 20 && (stop === end || !isRegular(bytes[stop])) ? stop : at
  }
  if ((bytes[at] === 0x6e || bytes[at] === 0x66) && (at + 1 >= end || isWhite(bytes[at + 1]))) return at + 1
  for (const word of KEYWORDS) {
    if (!wordAt(bytes, at, word, end)) continue
    if (word === 'startxref') found.startxrefs++
    return word === 'trailer' ? trailerEnd(bytes, at + word.length, end, work, found) : at + word.length
  }
  return at
}

function trailerEnd(bytes: Uint8Array, at: number, end: number, work: Work, found: Between): number {
  const parser = new Parser(bytes, at, end, work)
  const value = parser.value()
  if (!isDictionary(value)) return at
  found.trailers.push(value)
  return parser.at
}

/** Start of the next line that begins with a keyword. */
function unknownEnd(bytes: Uint8Array, at: number, end: number): number {
  for (let line = lineEnd(bytes, at, end); line < end; line = lineEnd(bytes, line + 1, end))
    if (KEYWORDS.some(word => wordAt(bytes, line + 1, word, end))) return line + 1
  return end
}

import { isDigit, skipWhite, wordAt } from './characters.ts'
import { Word } from './find.ts'
import { Parser } from './parser.ts'
import type { Work } from './parser.ts'
import { integer } from './scan.ts'
import { isDictionary } from './values.ts'
import type { PdfDictionary } from './values.ts'

// What the tables of cross-references say: which offsets hold objects, and the trailers. Nothing else is believed.

/** Sections of one file: one for each revision, two in linearised and hybrid files. */
const MAX_SECTIONS = 1024
/** Entries of all sections together. */
const MAX_ENTRIES = 1 << 21
/** White space in front of a section. */
const MAX_WHITE_BYTES = 1024
/** `startxref` stands in the last kilobyte; more is looked at, for what was appended. */
const TAIL_BYTES = 16 << 10

export interface CrossReferences {
  /** Offsets, in the file, at which some revision says that an object starts. */
  readonly offsets: Set<number>
  readonly trailers: PdfDictionary[]
  /** Every section was found where it was said to be. */
  isSound: boolean
}

/** What a stream of cross-references holds: dictionary and decoded data. */
export interface XrefStream {
  readonly dictionary: PdfDictionary
  readonly data: Uint8Array
}

/** Reads a stream of cross-references that starts at an offset; undefined where there is none. */
export type XrefStreamAt = (offset: number) => XrefStream | undefined

/**
 * Follows the chain of sections from the last `startxref`.
 * @param base - offset of the header, to which all offsets may be relative
 * @param found - where everything is put, as far as it goes
 * @throws ContentError when there was too much work
 */
export function readCrossReferences(
  bytes: Uint8Array,
  base: number,
  streamAt: XrefStreamAt,
  work: Work,
  found: CrossReferences,
): void {
  const first = lastStart(bytes)
  const pending = first === undefined ? [] : [first]
  const seen = new Set<number>()
  found.isSound = first !== undefined
  while (pending.length > 0 && seen.size < MAX_SECTIONS) {
    const claimed = pending.pop()!
    if (seen.has(claimed)) continue
    seen.add(claimed)
    const next =
      readSection(bytes, claimed, 0, streamAt, work, found) ??
      (base > 0 ? readSection(bytes, claimed + base, base, streamAt, work, found) : undefined)
    if (next === undefined) found.isSound = false
    else pending.push(...next)
  }
}

function lastStart(bytes: Uint8Array): number | undefined {
  const word = new Word('startxref')
  let at = -1
  for (let from = Math.max(0, bytes.length - TAIL_BYTES); (from = word.find(bytes, from)) >= 0; from++) at = from
  if (at < 0) return undefined
  const start = skipWhite(bytes, at + 9, bytes.length)
  const end = digitsEnd(bytes, start)
  return end > start ? integer(bytes, start, end) : undefined
}

function digitsEnd(bytes: Uint8Array, at: number): number {
  const last = Math.min(bytes.length, at + 15)
  while (at < last && isDigit(bytes[at])) at++
  return at
}

/** Offsets of the sections that this one names; undefined where there is none at `at`. */
function readSection(
  bytes: Uint8Array,
  at: number,
  base: number,
  streamAt: XrefStreamAt,
  work: Work,
  found: CrossReferences,
): number[] | undefined {
  const start = skipWhite(bytes, at, Math.min(bytes.length, at + MAX_WHITE_BYTES))
  if (wordAt(bytes, start, 'xref')) return readTable(bytes, start + 4, base, work, found)
  const stream = streamAt(start)
  if (stream === undefined) return undefined
  readStream(stream, base, found)
  found.trailers.push(stream.dictionary)
  return links(stream.dictionary)
}

function links(trailer: PdfDictionary): number[] {
  return ['Prev', 'XRefStm'].flatMap(key => {
    const value = trailer.get(key)
    return typeof value === 'number' && value >= 0 ? [value] : []
  })
}

/** Entries are read by their words, not by their columns, as the widths of damaged tables differ. */
function readTable(bytes: Uint8Array, at: number, base: number, work: Work, found: CrossReferences): number[] {
  const start = at
  for (;;) {
    at = skipWhite(bytes, at, bytes.length)
    const end = digitsEnd(bytes, at)
    if (end === at) break
    const value = integer(bytes, at, end)
    const second = skipWhite(bytes, end, bytes.length)
    const secondEnd = digitsEnd(bytes, second)
    if (secondEnd === second) break
    const kind = skipWhite(bytes, secondEnd, bytes.length)
    at = secondEnd
    // A pair that no `n` or `f` follows is the head of a subsection.
    if (bytes[kind] !== 0x6e && bytes[kind] !== 0x66) continue
    at = kind + 1
    if (bytes[kind] === 0x6e && found.offsets.size < MAX_ENTRIES) found.offsets.add(value + base)
  }
  work.spend(at - start)
  if (!wordAt(bytes, at, 'trailer')) return []
  const trailer = new Parser(bytes, at + 7, bytes.length, work).value()
  if (!isDictionary(trailer)) return []
  found.trailers.push(trailer)
  return links(trailer)
}

/** Source: ISO 32000-1, 7.5.8 */
function readStream({ dictionary, data }: XrefStream, base: number, found: CrossReferences): void {
  const widths = dictionary.get('W')
  if (!Array.isArray(widths)) return
  const [typeWidth, offsetWidth, lastWidth] = [0, 1, 2].map(i => Math.min(8, Math.max(0, Number(widths[i]) || 0)))
  const width = typeWidth + offsetWidth + lastWidth
  if (width === 0) return
  for (let at = 0; at + width <= data.length && found.offsets.size < MAX_ENTRIES; at += width) {
    const type = typeWidth === 0 ? 1 : bigEndian(data, at, typeWidth)
    if (type === 1) found.offsets.add(bigEndian(data, at + typeWidth, offsetWidth) + base)
  }
}

function bigEndian(bytes: Uint8Array, at: number, width: number): number {
  let value = 0
  for (let i = 0; i < width; i++) value = value * 256 + bytes[at + i]
  return value
}

import { isDigit, isRegular, isWhite, skipWhite, wordAt } from './characters.ts'

// The linear scan for `N G obj`: what viewers do with a damaged file is done here with every file, so no table of
// cross-references can hide an object.

/** More objects than in the largest real files; the rest is missed. */
const MAX_OBJECTS = 1 << 20
const MAX_DIGITS = 10
/** White space and comments between two words of a head that is claimed. */
const MAX_HEAD_BYTES = 1024

/** Heads of objects in the order in which they stand in the file; parallel arrays. */
export interface Heads {
  /** Offset of the object's number. */
  readonly offsets: number[]
  readonly numbers: number[]
  readonly generations: number[]
  /** Offset behind `obj`. */
  readonly bodies: number[]
  /** More than MAX_OBJECTS. */
  isCut: boolean
}

const OBJ = Uint8Array.from([0x6f, 0x62, 0x6a])
/** 1 + place of a letter of `obj`; 0 for everything else. */
const PLACE = new Uint8Array(256)
for (const [i, letter] of OBJ.entries()) PLACE[letter] = i + 1

/** Finds all heads. Looks at every third byte, as `obj` cannot hide between two of them: 1.2 GB/s. */
export function scanHeads(bytes: Uint8Array): Heads {
  const heads: Heads = { offsets: [], numbers: [], generations: [], bodies: [], isCut: false }
  const place = PLACE
  for (let i = 2; i < bytes.length; i += 3) {
    const found = place[bytes[i]]
    if (found === 0) continue
    const at = i + 1 - found
    if (bytes[at] !== OBJ[0] || bytes[at + 1] !== OBJ[1] || bytes[at + 2] !== OBJ[2]) continue
    addHead(bytes, at, heads)
    if (heads.isCut) break
  }
  return heads
}

/** Takes the head whose `obj` stands at `at`, if it is one: `endobj` and `object` are none. */
function addHead(bytes: Uint8Array, at: number, heads: Heads): void {
  const next = bytes[at + 3]
  if (at + 3 < bytes.length && isRegular(next) && !isDigit(next) && next < 0x80 && next !== 0x2d) return
  const generationEnd = whiteBefore(bytes, at)
  const generationStart = digitsBefore(bytes, generationEnd)
  const numberEnd = whiteBefore(bytes, generationStart)
  const numberStart = digitsBefore(bytes, numberEnd)
  if (generationStart === generationEnd || numberEnd === generationStart || numberStart === numberEnd) return
  if (heads.offsets.length >= MAX_OBJECTS) {
    heads.isCut = true
    return
  }
  heads.offsets.push(numberStart)
  heads.numbers.push(integer(bytes, numberStart, numberEnd))
  heads.generations.push(integer(bytes, generationStart, generationEnd))
  heads.bodies.push(at + 3)
}

/**
 * Heads at further offsets, which somebody claims and the scan does not know, as comments stand between their words.
 * What is none is left out.
 */
export function withHeads(heads: Heads, bytes: Uint8Array, offsets: readonly number[]): Heads {
  const rows = heads.offsets.map((offset, i) => [offset, heads.numbers[i], heads.generations[i], heads.bodies[i]])
  const known = new Set(heads.offsets)
  for (const offset of offsets) {
    const row = headAt(bytes, offset)
    if (row === undefined || known.has(row[0]) || rows.length >= MAX_OBJECTS) continue
    known.add(row[0])
    rows.push(row)
  }
  rows.sort((a, b) => a[0] - b[0])
  const column = (i: number): number[] => rows.map(row => row[i])
  return { offsets: column(0), numbers: column(1), generations: column(2), bodies: column(3), isCut: heads.isCut }
}

function headAt(bytes: Uint8Array, offset: number): number[] | undefined {
  const start = skipWhite(bytes, offset, Math.min(bytes.length, offset + MAX_HEAD_BYTES))
  const numberEnd = digitsAfter(bytes, start)
  const generationStart = skipWhite(bytes, numberEnd, Math.min(bytes.length, numberEnd + MAX_HEAD_BYTES))
  const generationEnd = digitsAfter(bytes, generationStart)
  const at = skipWhite(bytes, generationEnd, Math.min(bytes.length, generationEnd + MAX_HEAD_BYTES))
  if (numberEnd === start || generationEnd === generationStart || !wordAt(bytes, at, 'obj')) return undefined
  return [start, integer(bytes, start, numberEnd), integer(bytes, generationStart, generationEnd), at + 3]
}

function digitsAfter(bytes: Uint8Array, at: number): number {
  const last = Math.min(bytes.length, at + MAX_DIGITS)
  while (at < last && isDigit(bytes[at])) at++
  return at
}

function whiteBefore(bytes: Uint8Array, at: number): number {
  while (at > 0 && isWhite(bytes[at - 1])) at--
  return at
}

function digitsBefore(bytes: Uint8Array, at: number): number {
  const first = Math.max(0, at - MAX_DIGITS)
  while (at > first && isDigit(bytes[at - 1])) at--
  return at
}

/** Value of the digits in [start, end); at most MAX_DIGITS of them. */
export function integer(bytes: Uint8Array, start: number, end: number): number {
  let value = 0
  for (let i = start; i < end; i++) value = value * 10 + bytes[i] - 0x30
  return value
}

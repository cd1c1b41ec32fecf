import { skipWhite, wordAt } from './characters.ts'
import { NextWord } from './find.ts'
import { Parser } from './parser.ts'
import type { Work } from './parser.ts'
import { isDictionary } from './values.ts'
import type { PdfDictionary, PdfValue } from './values.ts'

/** Values between a dictionary and its `stream` or `endobj` that are passed over. */
const MAX_STRAYS = 8

/** A search is so many times faster than reading. */
const SEARCH_SPEED = 4

/** One indirect object as it stands in the file. */
export interface IndirectObject {
  readonly number: number
  readonly generation: number
  /** Offset of its number. */
  readonly offset: number
  readonly value: PdfValue
  /** Offset behind the value. */
  readonly valueEnd: number
  readonly stream: StreamExtent | undefined
  /** Bits of names.ts. */
  readonly marks: number
  readonly hasRepeatedKey: boolean
  readonly isDeep: boolean
}

/** Where a stream's data lies; offsets in the file. */
export interface StreamExtent {
  readonly start: number
  /** Behind its data. */
  readonly end: number
  /** Behind `endstream`, or `end` where there is none. */
  readonly outerEnd: number
  /** Another end, further behind, by a Length that no `endstream` confirms; else `end`. */
  readonly claimedEnd: number
  /** Neither Length nor an `endstream` says where it ends. */
  readonly isOpen: boolean
}

/** Answers the integer behind a reference, without following another. */
export type LengthOf = (value: PdfValue | undefined) => number | undefined

/** Reads indirect objects at offsets that mostly grow; see NextWord. */
export class ObjectReader {
  readonly bytes: Uint8Array
  readonly #work: Work
  readonly #endStream: NextWord
  readonly #endObject: NextWord

  constructor(bytes: Uint8Array, work: Work) {
    this.bytes = bytes
    this.#work = work
    const spend = (searched: number): void => work.spend(Math.max(0, searched) / SEARCH_SPEED)
    this.#endStream = new NextWord(bytes, 'endstream', spend)
    this.#endObject = new NextWord(bytes, 'endobj', spend)
  }

  /** Reads the object whose `obj` ends at `body`. @throws ContentError when there was too much work */
  read(offset: number, number: number, generation: number, body: number, lengthOf: LengthOf): IndirectObject {
    const parser = new Parser(this.bytes, body, this.bytes.length, this.#work)
    const value = parser.value() ?? null
    const valueEnd = parser.at
    if (isDictionary(value))
      for (let i = 0; i < MAX_STRAYS && !wordAt(this.bytes, parser.at, 'endobj'); i++)
        if (parser.value() === undefined) break
    const at = skipWhite(this.bytes, parser.at, this.bytes.length)
    this.#work.spend(at - parser.at)
    const { marks, hasRepeatedKey, isDeep } = parser
    const stream = wordAt(this.bytes, at, 'stream')
      ? this.#stream(at + 6, isDictionary(value) ? value : new Map(), lengthOf)
      : undefined
    return { number, generation, offset, value, valueEnd, stream, marks, hasRepeatedKey, isDeep }
  }

  #stream(afterKeyword: number, dictionary: PdfDictionary, lengthOf: LengthOf): StreamExtent {
    const { bytes } = this
    const start = dataStart(bytes, afterKeyword)
    const length = lengthOf(dictionary.get('Length'))
    const claimed = length !== undefined && length >= 0 && start + length <= bytes.length ? start + length : -1
    if (claimed >= 0) {
      const keyword = skipEol(bytes, claimed)
      if (wordAt(bytes, keyword, 'endstream'))
        return { start, end: claimed, outerEnd: keyword + 9, claimedEnd: claimed, isOpen: false }
    }
    const keyword = this.#endStream.after(start)
    if (keyword >= 0) {
      const end = stripEol(bytes, start, keyword)
      return { start, end, outerEnd: keyword + 9, claimedEnd: Math.max(end, claimed), isOpen: false }
    }
    const endObject = this.#endObject.after(start)
    const end = endObject >= 0 ? stripEol(bytes, start, endObject) : bytes.length
    return { start, end, outerEnd: end, claimedEnd: Math.max(end, claimed), isOpen: endObject < 0 }
  }
}

/** Data starts behind the end of line that follows `stream`; blanks before it are borne. */
function dataStart(bytes: Uint8Array, at: number): number {
  let from = at
  while (bytes[from] === 0x20) from++
  if (bytes[from] !== 0x0d && bytes[from] !== 0x0a) return at
  if (bytes[from] === 0x0d) from++
  return bytes[from] === 0x0a ? from + 1 : from
}

/** Behind at most one end of line, and blanks that some writers add. */
function skipEol(bytes: Uint8Array, at: number): number {
  if (bytes[at] === 0x20) at++
  if (bytes[at] === 0x0d) at++
  if (bytes[at] === 0x0a) at++
  return at
}

function stripEol(bytes: Uint8Array, start: number, end: number): number {
  if (end > start && bytes[end - 1] === 0x0a) end--
  else if (end > start && bytes[end - 1] === 0x0d) return end - 1
  return end > start && bytes[end - 1] === 0x0d ? end - 1 : end
}

import { isDigit, skipWhite } from './characters.ts'
import { Parser } from './parser.ts'
import type { Work } from './parser.ts'
import { integer } from './scan.ts'
import type { PdfValue } from './values.ts'

// Objects inside streams of objects. Source: ISO 32000-1, 7.5.7.

/** Objects of all streams together. */
const MAX_COMPRESSED = 1 << 20
export interface CompressedObject {
  readonly number: number
  readonly value: PdfValue
  /** Bits of names.ts. */
  readonly marks: number
}

/** Where one object lies. */
interface Place {
  readonly number: number
  readonly data: Uint8Array
  readonly at: number
}

export class CompressedObjects {
  /** Something did not fit the limits. */
  isCut = false
  readonly #places: Place[] = []
  readonly #latest = new Map<number, Place>()
  readonly #work: Work

  constructor(work: Work) {
    this.#work = work
  }

  /** Takes the objects of one decoded stream, which is kept. @param first - offset of the first object, as its dictionary says */
  add(data: Uint8Array, first: number): void {
    // The text of streams can be larger than the file that this bound was made for.
    this.#work.allow(2 * data.length)
    let at = skipWhite(data, 0, data.length)
    while (at < Math.min(first, data.length)) {
      const numberEnd = digitsEnd(data, at)
      const offsetStart = skipWhite(data, numberEnd, data.length)
      const offsetEnd = digitsEnd(data, offsetStart)
      if (numberEnd === at || offsetEnd === offsetStart) break
      if (this.#places.length >= MAX_COMPRESSED) {
        this.isCut = true
        return
      }
      const number = integer(data, at, numberEnd)
      const place = { number, data, at: first + integer(data, offsetStart, offsetEnd) }
      this.#places.push(place)
      this.#latest.set(number, place)
      at = skipWhite(data, offsetEnd, data.length)
    }
  }

  /** Value of the newest object with this number. */
  value(number: number): PdfValue | undefined {
    const place = this.#latest.get(number)
    return place === undefined ? undefined : this.#read(place).value
  }

  /** All objects, one after the other. @throws ContentError when there was too much work */
  *all(): Generator<CompressedObject, void, void> {
    for (const place of this.#places) yield this.#read(place)
  }

  #read({ number, data, at }: Place): CompressedObject {
    const parser = new Parser(data, Math.min(at, data.length), data.length, this.#work)
    const value = parser.value() ?? null
    return { number, value, marks: parser.marks }
  }
}

function digitsEnd(bytes: Uint8Array, at: number): number {
  const last = Math.min(bytes.length, at + 12)
  while (at < last && isDigit(bytes[at])) at++
  return at
}

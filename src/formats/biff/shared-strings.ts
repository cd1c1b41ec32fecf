import { u16le, u32le } from '../../bytes/index.ts'

// The table of shared strings: one record and those that continue it. A text may go on in the next record, which then
// starts with flags anew. Source: [MS-XLS] 2.4.265 SST, 2.5.293 XLUnicodeRichExtendedString.

/** Strings that are kept; sheets of macros use the first ones. */
const MAX_STRINGS = 100_000
const HAS_RUNS = 8
const HAS_EXTENSION = 4

/** The strings of the table, as far as they can be read. */
export function readSharedStrings(records: readonly Uint8Array[]): readonly string[] {
  return new Strings(records).read()
}

class Strings {
  readonly #records: readonly Uint8Array[]
  #record = 0
  #at = 8

  constructor(records: readonly Uint8Array[]) {
    this.#records = records
  }

  read(): readonly string[] {
    const strings: string[] = []
    while (strings.length < MAX_STRINGS) {
      const next = this.#string()
      if (next === undefined) break
      strings.push(next)
    }
    return strings
  }

  /** The record that has bytes left, or undefined at the end. */
  #current(): Uint8Array | undefined {
    while (this.#record < this.#records.length && this.#at >= this.#records[this.#record].length) {
      this.#record++
      this.#at = 0
    }
    return this.#records[this.#record]
  }

  #string(): string | undefined {
    const record = this.#current()
    if (record === undefined || this.#at + 3 > record.length) return undefined
    const count = u16le(record, this.#at)
    let flags = record[this.#at + 2]
    this.#at += 3
    let skip = 0
    if ((flags & HAS_RUNS) !== 0 && this.#at + 2 <= record.length) {
      skip += 4 * u16le(record, this.#at)
      this.#at += 2
    }
    if ((flags & HAS_EXTENSION) !== 0 && this.#at + 4 <= record.length) {
      skip += u32le(record, this.#at)
      this.#at += 4
    }
    let text = ''
    while (text.length < count) {
      const before = this.#record
      const current = this.#current()
      if (current === undefined) break
      if (this.#record !== before) flags = current[this.#at++]
      const step = (flags & 1) + 1
      const end = Math.min(current.length, this.#at + (count - text.length) * step)
      if (this.#at + step > end) this.#at = current.length
      for (; this.#at + step <= end; this.#at += step)
        text += String.fromCharCode(step === 2 ? u16le(current, this.#at) : current[this.#at])
    }
    this.#skip(skip)
    return text
  }

  #skip(count: number): void {
    let left = count
    for (let record = this.#current(); left > 0 && record !== undefined; record = this.#current()) {
      const step = Math.min(left, record.length - this.#at)
      this.#at += step
      left -= step
    }
  }
}

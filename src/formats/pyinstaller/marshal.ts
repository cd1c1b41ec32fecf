import { ContentError, latin1, u32le, u8, u64le } from '../../bytes/index.ts'

// As much of Python's marshal format as tables of contents are made of. Source: CPython, Python/marshal.c (the format).

export type Value = string | number | undefined | readonly Value[]

/** Values in all, references among them: more than any table has. */
const MAX_VALUES = 2_000_000
const MAX_DEPTH = 8
const IS_REFERRED = 0x80

/** The value at the start of `input`; dictionaries become lists of pairs. @throws ContentError, ParseError */
export const unmarshal = (input: Uint8Array): Value => new Unmarshaller(input).value(0)

class Unmarshaller {
  readonly #input: Uint8Array
  readonly #referred: Value[] = []
  readonly #interned: string[] = []
  #at = 0
  #values = 0

  constructor(input: Uint8Array) {
    this.#input = input
  }

  value(depth: number): Value {
    const code = u8(this.#input, this.#at++)
    if (++this.#values > MAX_VALUES || depth > MAX_DEPTH)
      throw new ContentError('too-large', 'Marshalled data are too large or too deep', this.#at)
    const kind = String.fromCharCode(code & 0x7f)
    if ((code & IS_REFERRED) === 0) return this.#plain(kind, depth)
    const place = this.#referred.push(undefined) - 1
    const value = this.#plain(kind, depth)
    this.#referred[place] = value
    return value
  }

  #plain(kind: string, depth: number): Value {
    switch (kind) {
      case 'N':
      case 'F':
        return 0
      case 'T':
        return 1
      case 'i':
        return this.#uint32()
      case 'I':
        this.#at += 8
        return u64le(this.#input, this.#at - 8)
      case 'z':
      case 'Z':
        return this.#text(u8(this.#input, this.#at++))
      case 'a':
      case 'A':
      case 's':
      case 'u':
        return this.#text(this.#uint32())
      case 't': {
        const text = this.#text(this.#uint32())
        this.#interned.push(text)
        return text
      }
      case 'R':
        return this.#interned[this.#uint32()]
      case 'r':
        return this.#referred[this.#uint32()]
      case ')':
        return this.#list(u8(this.#input, this.#at++), depth)
      case '(':
      case '[':
        return this.#list(this.#uint32(), depth)
      case '{':
        return this.#pairs(depth)
      default:
        throw new ContentError('unsupported', 'A marshalled value that tables do not have', this.#at - 1)
    }
  }

  #uint32(): number {
    this.#at += 4
    return u32le(this.#input, this.#at - 4)
  }

  #text(size: number): string {
    const start = this.#at
    if (start + size > this.#input.length) throw new ContentError('malformed', 'A marshalled text is cut short', start)
    this.#at += size
    return latin1(this.#input, start, this.#at)
  }

  #list(count: number, depth: number): Value {
    const values: Value[] = []
    for (let i = 0; i < count; i++) values.push(this.value(depth + 1))
    return values
  }

  #pairs(depth: number): Value {
    const pairs: Value[] = []
    // '0' ends a dictionary.
    while (u8(this.#input, this.#at) !== 0x30) pairs.push([this.value(depth + 1), this.value(depth + 1)])
    this.#at++
    return pairs
  }
}

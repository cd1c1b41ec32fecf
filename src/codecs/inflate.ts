import { ContentError } from '../bytes/index.ts'
import type { Decoder } from './decoder.ts'
import { buildTable, END, entryOf, INVALID, KIND, LINK, LITERAL, MATCH, tableSize } from './huffman.ts'

export type DeflateVariant = 'deflate' | 'deflate64'

/** Bits of the first level of the tables: literals and lengths, distances, code lengths. */
const LITERAL_BITS = 10
const DISTANCE_BITS = 9
const CODE_BITS = 7
/** Output is handed over in pieces of about this many bytes. */
const PIECE_BYTES = 64 << 10
/** A match shorter than this is copied byte by byte. */
const LONG_COPY_BYTES = 40

const CODE_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
const CODE_ENTRIES = Int32Array.from({ length: 19 }, (_, symbol) => entryOf(LITERAL, symbol))

interface Tables {
  readonly literals: Int32Array
  readonly distances: Int32Array
}

/** What sets the two variants apart. */
interface Variant {
  readonly historyBytes: number
  readonly longestMatch: number
  readonly literalEntries: Int32Array
  readonly distanceEntries: Int32Array
}

function variantOf(historyBytes: number, distances: number, last: { base: number; extra: number }): Variant {
  const literalEntries = new Int32Array(288).fill(entryOf(INVALID, 0))
  for (let i = 0; i < 256; i++) literalEntries[i] = entryOf(LITERAL, i)
  literalEntries[256] = entryOf(END, 0)
  for (let i = 0, base = 3; i < 28; i++) {
    const extra = i < 8 ? 0 : (i >> 2) - 1
    literalEntries[257 + i] = entryOf(MATCH, base, extra)
    base += 1 << extra
  }
  literalEntries[285] = entryOf(MATCH, last.base, last.extra)
  const distanceEntries = new Int32Array(32).fill(entryOf(INVALID, 0))
  for (let i = 0, base = 1; i < distances; i++) {
    const extra = i < 4 ? 0 : (i >> 1) - 1
    distanceEntries[i] = entryOf(MATCH, base, extra)
    base += 1 << extra
  }
  const longestMatch = last.base + (1 << last.extra) - 1
  return { historyBytes, longestMatch, literalEntries, distanceEntries }
}

const VARIANTS: Readonly<Record<DeflateVariant, Variant>> = {
  deflate: variantOf(32 << 10, 30, { base: 258, extra: 0 }),
  deflate64: variantOf(64 << 10, 32, { base: 3, extra: 16 }),
}

const fixedLengths = new Uint8Array(288 + 32).fill(8, 0, 144).fill(9, 144, 256).fill(7, 256, 280).fill(8, 280, 288)
fixedLengths.fill(5, 288)

const FIXED: Readonly<Record<DeflateVariant, Tables>> = {
  deflate: fixedTables(VARIANTS.deflate),
  deflate64: fixedTables(VARIANTS.deflate64),
}

function fixedTables({ literalEntries, distanceEntries }: Variant): Tables {
  const literals = new Int32Array(1 << LITERAL_BITS)
  const distances = new Int32Array(1 << DISTANCE_BITS)
  buildTable(literals, LITERAL_BITS, fixedLengths, 0, 288, literalEntries)
  buildTable(distances, DISTANCE_BITS, fixedLengths, 288, 32, distanceEntries)
  return { literals, distances }
}

const NOTHING = new Uint8Array(0)

/** State of one stream. Bits wait in `bits`, least significant first; `count` of them are good, at most 32. */
class Inflater {
  readonly #variant: Variant
  #input: Uint8Array = NOTHING
  /** Offset of the next byte; it may pass the end by the zeros that are then read instead. */
  #pos = 0
  #bits = 0
  #count = 0
  /** History first, then what is not handed over yet. */
  readonly #out: Uint8Array
  readonly #limit: number
  #at = 0
  #handed = 0
  readonly #fixed: Tables
  readonly #tables: Tables = {
    literals: new Int32Array(tableSize(LITERAL_BITS, 288)),
    distances: new Int32Array(tableSize(DISTANCE_BITS, 32)),
  }
  readonly #codes = new Int32Array(tableSize(CODE_BITS, 0))
  readonly #lengths = new Uint8Array(288 + 32)

  constructor(name: DeflateVariant) {
    const variant = VARIANTS[name]
    this.#fixed = FIXED[name]
    this.#variant = variant
    this.#limit = variant.historyBytes + PIECE_BYTES
    this.#out = new Uint8Array(this.#limit + variant.longestMatch)
  }

  /** Forgets what came before. */
  reset(): void {
    this.#at = 0
    this.#handed = 0
    this.#slideDue = false
  }

  /** One stream. Its distances reach into the one before, unless reset() was called in between. */
  *run(input: Uint8Array, start: number): Decoder {
    this.#input = input
    this.#pos = start
    this.#bits = 0
    this.#count = 0
    try {
      for (let last = 0; last === 0;) {
        last = this.#take(1)
        const type = this.#take(2)
        if (type === 0) yield* this.#stored()
        else {
          if (type === 3) this.#fail('Reserved type of block')
          if (type === 2) this.#dynamic()
          const { literals, distances } = type === 1 ? this.#fixed : this.#tables
          while (!this.#symbols(literals, distances)) yield this.#piece()
        }
        if (this.#at >= this.#limit) yield this.#piece()
      }
    } catch (error) {
      if (this.#at > this.#handed) yield this.#piece()
      throw error
    }
    if (this.#at > this.#handed) yield this.#piece()
    const end = this.#offset()
    this.#input = NOTHING
    return end
  }

  /** What was decoded since the last piece. Slides the history first: only then is there room to go on. */
  #piece(): Uint8Array {
    const { historyBytes } = this.#variant
    // The piece must survive until the next call, so the slide of this one is done at the start of the next.
    const piece = this.#out.subarray(this.#handed, this.#at)
    this.#handed = this.#at
    this.#slideDue = this.#at > historyBytes
    return piece
  }
  #slideDue = false

  #slide(): void {
    if (!this.#slideDue) return
    this.#slideDue = false
    const { historyBytes } = this.#variant
    this.#out.copyWithin(0, this.#at - historyBytes, this.#at)
    this.#at = historyBytes
    this.#handed = historyBytes
  }

  /** Offset behind the last byte of which a bit was used. */
  #offset(): number {
    return this.#pos - (this.#count >> 3)
  }

  #fail(message: string): never {
    throw new ContentError('malformed', message, Math.min(this.#offset(), this.#input.length))
  }

  #truncated(): never {
    throw new ContentError('malformed', 'Compressed data end too early', this.#input.length)
  }

  /** The next `n` ≤ 16 bits. */
  #take(n: number): number {
    while (this.#count < n) {
      if (this.#pos >= this.#input.length) this.#truncated()
      this.#bits |= this.#input[this.#pos++] << this.#count
      this.#count += 8
    }
    const value = this.#bits & ((1 << n) - 1)
    this.#bits >>>= n
    this.#count -= n
    return value
  }

  *#stored(): Decoder {
    this.#pos = this.#offset()
    this.#bits = 0
    this.#count = 0
    const length = this.#take(16)
    if ((length ^ this.#take(16)) !== 0xffff) this.#fail('Length of a stored block and its complement differ')
    const end = Math.min(this.#pos + length, this.#input.length)
    const truncated = end < this.#pos + length
    while (this.#pos < end) {
      this.#slide()
      const size = Math.min(end - this.#pos, this.#out.length - this.#at)
      this.#out.set(this.#input.subarray(this.#pos, this.#pos + size), this.#at)
      this.#at += size
      this.#pos += size
      if (this.#at >= this.#limit) yield this.#piece()
    }
    if (truncated) this.#truncated()
    return end
  }

  #dynamic(): void {
    const { literalEntries, distanceEntries } = this.#variant
    const lengths = this.#lengths
    const literals = this.#take(5) + 257
    const distances = this.#take(5) + 1
    const codes = this.#take(4) + 4
    lengths.fill(0, 0, 19)
    for (let i = 0; i < codes; i++) lengths[CODE_ORDER[i]] = this.#take(3)
    if (!buildTable(this.#codes, CODE_BITS, lengths, 0, 19, CODE_ENTRIES)) this.#fail('Code lengths over-subscribed')
    this.#readLengths(literals + distances)
    if (!buildTable(this.#tables.literals, LITERAL_BITS, lengths, 0, literals, literalEntries))
      this.#fail('Literal codes over-subscribed')
    if (!buildTable(this.#tables.distances, DISTANCE_BITS, lengths, literals, distances, distanceEntries))
      this.#fail('Distance codes over-subscribed')
  }

  #readLengths(total: number): void {
    const lengths = this.#lengths
    for (let i = 0; i < total;) {
      const code = this.#codeLength()
      if (code < 16) {
        lengths[i++] = code
        continue
      }
      if (code === 16 && i === 0) this.#fail('A repeated code length without one before it')
      const value = code === 16 ? lengths[i - 1] : 0
      const times = code === 16 ? 3 + this.#take(2) : code === 17 ? 3 + this.#take(3) : 11 + this.#take(7)
      if (i + times > total) this.#fail('More code lengths than there are codes')
      lengths.fill(value, i, i + times)
      i += times
    }
  }

  #codeLength(): number {
    while (this.#count < CODE_BITS && this.#pos < this.#input.length) {
      this.#bits |= this.#input[this.#pos++] << this.#count
      this.#count += 8
    }
    const entry = this.#codes[this.#bits & ((1 << CODE_BITS) - 1)]
    const bits = entry & 31
    if (bits > this.#count) this.#truncated()
    if ((entry & KIND) === INVALID) this.#fail('Unknown code')
    this.#bits >>>= bits
    this.#count -= bits
    return entry >>> 13
  }

  /**
   * Decodes symbols until the block ends (true) or a piece is full (false). Reads two bytes at a time; behind the end
   * it reads zeros, and whether one of them was used is asked after each symbol.
   */
  #symbols(literals: Int32Array, distances: Int32Array): boolean {
    this.#slide()
    const input = this.#input
    const end = input.length
    const out = this.#out
    const limit = this.#limit
    let pos = this.#pos
    let bits = this.#bits
    let count = this.#count
    let at = this.#at
    let fault = ''
    let done = false
    while (at < limit) {
      if (count < 16) {
        if (pos + 1 < end) bits |= (input[pos] | (input[pos + 1] << 8)) << count
        else if (pos < end) bits |= input[pos] << count
        pos += 2
        count += 16
      }
      let entry = literals[bits & ((1 << LITERAL_BITS) - 1)]
      if ((entry & KIND) === LINK) {
        bits >>>= LITERAL_BITS
        count -= LITERAL_BITS
        entry = literals[(entry >>> 13) + (bits & ((1 << ((entry >>> 8) & 31)) - 1))]
      }
      let used = entry & 31
      bits >>>= used
      count -= used
      if (pos > end && pos - (count >> 3) > end) break
      const kind = entry & KIND
      if (kind === LITERAL) {
        out[at++] = entry >>> 13
        continue
      }
      if (kind !== MATCH) {
        done = kind === END
        if (!done) fault = 'Unknown code of a literal or length'
        break
      }
      if (count < 16) {
        if (pos + 1 < end) bits |= (input[pos] | (input[pos + 1] << 8)) << count
        else if (pos < end) bits |= input[pos] << count
        pos += 2
        count += 16
      }
      used = (entry >>> 8) & 31
      let length = (entry >>> 13) + (bits & ((1 << used) - 1))
      bits >>>= used
      count -= used
      if (count < 16) {
        if (pos + 1 < end) bits |= (input[pos] | (input[pos + 1] << 8)) << count
        else if (pos < end) bits |= input[pos] << count
        pos += 2
        count += 16
      }
      entry = distances[bits & ((1 << DISTANCE_BITS) - 1)]
      if ((entry & KIND) === LINK) {
        bits >>>= DISTANCE_BITS
        count -= DISTANCE_BITS
        entry = distances[(entry >>> 13) + (bits & ((1 << ((entry >>> 8) & 31)) - 1))]
      }
      used = entry & 31
      bits >>>= used
      count -= used
      if (count < 16) {
        if (pos + 1 < end) bits |= (input[pos] | (input[pos + 1] << 8)) << count
        else if (pos < end) bits |= input[pos] << count
        pos += 2
        count += 16
      }
      used = (entry >>> 8) & 31
      const distance = (entry >>> 13) + (bits & ((1 << used) - 1))
      bits >>>= used
      count -= used
      if (pos > end && pos - (count >> 3) > end) break
      if ((entry & KIND) !== MATCH) {
        fault = 'Unknown code of a distance'
        break
      }
      let from = at - distance
      if (from < 0) {
        fault = 'A distance reaches before the start'
        break
      }
      if (length >= LONG_COPY_BYTES && (distance >= length || distance === 1)) {
        if (distance === 1) out.fill(out[from], at, at + length)
        else out.copyWithin(at, from, from + length)
        at += length
      } else for (; length > 0; length--) out[at++] = out[from++]
    }
    const borrowed = Math.max(0, pos - end)
    this.#pos = pos - borrowed
    this.#bits = bits
    this.#count = Math.max(0, count - 8 * borrowed)
    this.#at = at
    if (fault !== '') this.#fail(fault)
    if (!done && at < limit) this.#truncated()
    return done
  }
}

/** One that is not in use is kept: archives of many small members would spend their time on new tables. */
const SPARE: Record<DeflateVariant, Inflater | undefined> = { deflate: undefined, deflate64: undefined }

/**
 * DEFLATE (RFC 1951), and Deflate64 (PKWARE's method 9: distances to 64 KiB, lengths to 65538). Incomplete codes and
 * unused odd ones are borne. Pieces of 64 to 128 KiB. 250 MB/s of text, 170 MB/s of machine code,
 * where node:zlib makes 360–450 and 320.
 * @throws ContentError malformed, after everything that was decoded up to there
 */
export function* inflate(input: Uint8Array, start: number, variant: DeflateVariant = 'deflate'): Decoder {
  const inflater = SPARE[variant] ?? new Inflater(variant)
  SPARE[variant] = undefined
  inflater.reset()
  try {
    return yield* inflater.run(input, start)
  } finally {
    SPARE[variant] = inflater
  }
}

/**
 * Blocks of MSZIP: streams of DEFLATE whose distances reach into the blocks before. Each is given as an input that
 * ends with it and where it starts in there.
 * @returns what `blocks` returns
 * @throws ContentError malformed, after everything that was decoded up to there
 */
export function* mszip(blocks: Generator<{ input: Uint8Array; start: number }, number>): Decoder {
  const inflater = new Inflater('deflate')
  for (;;) {
    const next = blocks.next()
    if (next.done === true) return next.value
    yield* inflater.run(next.value.input, next.value.start)
  }
}

/** RFC 1950, section 2.2: method 8, and a checksum over the two bytes of the header. */
function hasZlibHeader(input: Uint8Array, start: number): boolean {
  if (start + 2 > input.length) return false
  return (input[start] & 15) === 8 && ((input[start] << 8) | input[start + 1]) % 31 === 0
}

/**
 * zlib (RFC 1950). What has no sound header of zlib is read as raw DEFLATE, and where that gives nothing at all, from
 * behind the two bytes of a header. The Adler-32 is passed over, not checked: a wrong or missing one changes nothing.
 * A preset dictionary is not known.
 * @throws ContentError malformed or unsupported, after everything that was decoded up to there
 */
export function* zlibInflate(input: Uint8Array, start: number): Decoder {
  let from = start + 2
  if (hasZlibHeader(input, start)) {
    if ((input[start + 1] & 0x20) !== 0) throw new ContentError('unsupported', 'A preset dictionary of zlib', start)
  } else if (givesOutput(inflate(input, start))) from = start
  const end = yield* inflate(input, from)
  return from === start ? end : Math.min(end + 4, input.length)
}

/** True where the first thing that comes is a piece or a sound end. */
function givesOutput(decoder: Decoder): boolean {
  try {
    return decoder.next() !== undefined
  } catch (error) {
    if (error instanceof ContentError) return false
    throw error
  }
}

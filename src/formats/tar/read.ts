import { nameText, skipZeros } from '../archive-parts.ts'
import { BLOCK, isHeader, readHeader } from './header.ts'
import type { TarHeader } from './header.ts'
import { isSparse, mergePax, NO_RECORDS, paxNumber, paxText, readPax, withoutSparse } from './pax.ts'
import type { PaxRecords } from './pax.ts'
import { oldSparse, paxSparse } from './sparse.ts'
import type { SparseMap } from './sparse.ts'

// A tar archive as its readers see it, all of them at once. A header says how many bytes follow; where readers differ
// about that number, each answer is one more place from which to read on:
//
//   header ─┬─ data by the extended header's size ─▶ next header ─▶ …
//           ├─ data by the header's own size ──────▶ next header ─▶ …     (only where a header stands there)
//           └─ no data at all (links, folders) ────▶ next header ─▶ …     (only where a header stands there)
//
// Every header is read once, whoever comes by it, so the work stays linear in the archive's size.

/** A member with data, or a file without. */
export interface TarMember {
  readonly kind: 'member'
  readonly name: string
  readonly typeFlag: string
  /** Offset of its header. */
  readonly offset: number
  /** What is stored: borrowed, clipped to the archive's end. */
  readonly data: Uint8Array
  /** Bytes that are missing at the archive's end. */
  readonly missingBytes: number
  /** How the stored pieces make the file; undefined where they are the file. */
  readonly sparse?: SparseMap
}

export type TarItem =
  | TarMember
  /** A link, folder or device: nothing but its header. */
  | { readonly kind: 'special'; readonly typeFlag: string }
  /** Blocks that belong to no member: behind a damaged header, or behind the archive's end. Never only zeros. */
  | { readonly kind: 'gap'; readonly offset: number; readonly end: number; readonly why: 'damaged' | 'trailing' }
  /** Readers differ about what follows. */
  | { readonly kind: 'ambiguous'; readonly offset: number; readonly detail: string }
  /** Part of an extended header could not be used. */
  | { readonly kind: 'damaged'; readonly offset: number; readonly detail: string }

/** Extended headers are this small; what is larger is content that somebody hides, and comes out as a member. */
const MAX_EXTENDED_BYTES = 16 << 20
/** The same for a long name. */
const MAX_LONG_NAME_BYTES = 64 << 10
/** Links, devices, folders, FIFOs: they have a size field but usually no data. */
const WITHOUT_DATA = new Set(['1', '2', '3', '4', '5', '6', 'V'])

/** Everything in the archive, in the order in which it is found. */
export function* readTar(bytes: Uint8Array): Generator<TarItem, void, void> {
  yield* new TarReader(bytes).all()
}

/** What extended headers said about the next member. */
interface Pending {
  longName: string | undefined
  records: PaxRecords
}

class TarReader {
  readonly #bytes: Uint8Array
  /** Offsets of headers that were read. */
  readonly #seen = new Set<number>()
  /** Where another reader would go on. */
  readonly #others: number[] = []
  /** For each block the next one that is not zero, and the next header; 0: not known yet. No block is looked at twice. */
  readonly #nonZero: Uint32Array
  readonly #header: Uint32Array
  /** Gaps that were found: the start of the longest one by its end. */
  readonly #gaps = new Map<number, number>()
  #globals = NO_RECORDS
  /** Maps of holes cannot take more bytes than there are; where readings overlap, this keeps the work linear. */
  #mapBytesLeft: number

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#mapBytesLeft = bytes.length
    this.#nonZero = new Uint32Array(Math.ceil(bytes.length / BLOCK))
    this.#header = new Uint32Array(this.#nonZero.length)
  }

  *all(): Generator<TarItem> {
    yield* this.#walk(0)
    for (let start = this.#others.pop(); start !== undefined; start = this.#others.pop()) {
      if (this.#seen.has(start)) continue
      yield { kind: 'ambiguous', offset: start, detail: 'Readers differ about the size of the member before' }
      this.#globals = NO_RECORDS
      yield* this.#walk(start)
    }
  }

  /** From one header to the next, until the archive ends or a header was read before. */
  *#walk(start: number): Generator<TarItem> {
    let pending: Pending = { longName: undefined, records: NO_RECORDS }
    let isEnded = false
    for (let at = start; at < this.#bytes.length;) {
      const next = this.#afterZeros(at)
      if (next >= this.#bytes.length) return
      // One block of zeros ends nothing, but behind it no member is damaged.
      const why = next - at >= BLOCK || isEnded ? 'trailing' : 'damaged'
      isEnded ||= next - at >= 2 * BLOCK
      const header = readHeader(this.#bytes, next)
      if (header === undefined) {
        const end = this.#nextHeader(next)
        if (next < (this.#gaps.get(end) ?? end)) {
          this.#gaps.set(end, next)
          yield { kind: 'gap', offset: next, end, why }
        }
        at = end
        continue
      }
      if (this.#seen.has(next)) return
      this.#seen.add(next)
      if (isEnded) yield { kind: 'ambiguous', offset: next, detail: 'Another archive stands behind the end of one' }
      isEnded = false
      const isMeta = yield* this.#extended(header, pending)
      at = isMeta ?? (yield* this.#member(header, pending))
      if (isMeta === undefined) pending = { longName: undefined, records: NO_RECORDS }
    }
  }

  /** Takes in an extended header, and answers where the next header is; undefined for a member. */
  *#extended(header: TarHeader, pending: Pending): Generator<TarItem, number | undefined> {
    const flag = header.typeFlag
    const isPax = flag === 'x' || flag === 'X' || flag === 'g'
    if (!isPax && flag !== 'L' && flag !== 'K') return undefined
    if (header.size > (isPax ? MAX_EXTENDED_BYTES : MAX_LONG_NAME_BYTES)) return undefined
    const start = header.offset + BLOCK
    const body = this.#bytes.subarray(start, start + header.size)
    if (body.length < header.size || !header.hasSize)
      yield { kind: 'damaged', offset: header.offset, detail: 'An extended header is cut short' }
    if (flag === 'L') pending.longName = nameText(body)
    if (isPax) {
      const records = readPax(body)
      if (!records.isWhole) yield { kind: 'damaged', offset: start, detail: 'A record of an extended header is broken' }
      if (flag === 'g') {
        // One map of holes for all members means nothing, and would be read again for each of them.
        if (isSparse(records)) yield { kind: 'damaged', offset: start, detail: 'A global header describes holes' }
        this.#globals = mergePax(this.#globals, withoutSparse(records))
      }
      if (flag !== 'g') pending.records = mergePax(pending.records, records)
    }
    return start + padded(header.size)
  }

  /** Answers where the next header is. */
  *#member(header: TarHeader, { longName, records: own }: Pending): Generator<TarItem, number> {
    const records = this.#globals === NO_RECORDS ? own : mergePax(this.#globals, own)
    const { typeFlag, offset } = header
    const old = typeFlag === 'S' ? this.#counted(oldSparse(this.#bytes, offset, this.#mapBytesLeft)) : undefined
    const start = offset + BLOCK + (old?.mapBytes ?? 0)
    const size = paxNumber(records, 'size') ?? header.size
    const name = paxText(records, 'GNU.sparse.name') ?? paxText(records, 'path') ?? longName ?? header.name
    if (!header.hasSize) yield { kind: 'damaged', offset, detail: 'The size of a member cannot be read' }
    const hasData = !WITHOUT_DATA.has(typeFlag)
    if (size > 0 && !hasData && this.#isPlausible(start)) {
      // Old writers name the size of what a link points to, of a folder's entry on disk, or of the whole volume.
      yield { kind: 'special', typeFlag }
      this.#another(start + padded(size))
      return start
    }
    if (size === 0 && (!hasData || name.endsWith('/'))) yield { kind: 'special', typeFlag }
    else {
      const data = this.#bytes.subarray(start, start + size)
      const sparse = old ?? this.#counted(paxSparse(records, data, this.#mapBytesLeft))
      const member = { kind: 'member', name, typeFlag, offset, data, missingBytes: size - data.length } as const
      yield sparse === undefined ? member : { ...member, sparse, data: old ? data : data.subarray(sparse.mapBytes) }
      if (sparse === undefined && (typeFlag === 'S' || isSparse(records)))
        yield { kind: 'damaged', offset, detail: 'The map of holes of a member cannot be read' }
      if (header.size > 0 && header.size !== size && !isCut(header.size, size)) {
        yield { kind: 'ambiguous', offset, detail: 'A member has two sizes' }
        yield { ...member, data: this.#bytes.subarray(start, start + header.size), missingBytes: 0 }
      }
    }
    if (size !== header.size) this.#another(start + padded(header.size))
    return start + padded(size)
  }

  #counted(map: SparseMap | undefined): SparseMap | undefined {
    if (map !== undefined) this.#mapBytesLeft -= map.mapBytes
    return map
  }

  /** Notes a place where another reader finds a header, if one stands there. */
  #another(offset: number): void {
    if (!this.#seen.has(offset) && isHeader(this.#bytes, offset)) this.#others.push(offset)
  }

  /** True where an archive may go on here: with a header, or with its end. */
  #isPlausible(offset: number): boolean {
    if (offset + BLOCK > this.#bytes.length) return offset >= this.#bytes.length
    return isHeader(this.#bytes, offset) || skipZeros(this.#bytes, offset, offset + BLOCK) === offset + BLOCK
  }

  /** Start of the first block from `at` on that is not zero, or at least the archive's end. */
  #afterZeros(at: number): number {
    return this.#search(
      this.#nonZero,
      at,
      block => skipZeros(this.#bytes, block, this.#blockEnd(block)) < this.#blockEnd(block),
    )
  }

  /** Offset of the next header behind the block at `at`, or the archive's end. */
  #nextHeader(at: number): number {
    return Math.min(
      this.#bytes.length,
      this.#search(this.#header, at + BLOCK, block => isHeader(this.#bytes, block)),
    )
  }

  #blockEnd(block: number): number {
    return Math.min(block + BLOCK, this.#bytes.length)
  }

  /** First block from `at` on that is `wanted`; notes the answer for every block that it passed. */
  #search(known: Uint32Array, at: number, isWanted: (block: number) => boolean): number {
    const first = at / BLOCK
    let block = first
    while (block < known.length && known[block] === 0 && !isWanted(block * BLOCK)) block++
    const found = block < known.length && known[block] !== 0 ? known[block] - 1 : block
    known.fill(found + 1, first, Math.min(block + 1, known.length))
    return found * BLOCK
  }
}

function padded(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK
}

/** Eleven octal digits hold no more than 8 GiB: writers store what is left of a larger size, or the largest number. */
function isCut(stored: number, real: number): boolean {
  return stored === 0o77777777777 || (real >= 0o100000000000 && stored === real % 0o100000000000)
}

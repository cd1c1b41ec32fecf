import { isDigit, skipWhite } from './characters.ts'
import { integer, scanHeads, withHeads } from './scan.ts'
import type { Heads } from './scan.ts'

/** Heads that only a cross-reference knows; none in sound files. */
const MAX_CLAIMED_HEADS = 10_000
/** White space in front of a number that is an object of its own. */
const MAX_WHITE_BYTES = 1024
const MAX_DIGITS = 12
/** Writers point to the end of line before an object, and viewers do not mind. */
const SLACK_BYTES = 2

/** The heads of a file's objects, by their order in the file, by number, and by offset. */
export class ObjectIndex {
  heads: Heads
  readonly #bytes: Uint8Array
  readonly #latest = new Map<number, number>()
  #earlier = new Int32Array(0)

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.heads = scanHeads(bytes)
    this.#build()
  }

  get size(): number {
    return this.heads.offsets.length
  }

  #build(): void {
    const { numbers } = this.heads
    this.#earlier = new Int32Array(numbers.length).fill(-1)
    this.#latest.clear()
    for (let index = 0; index < numbers.length; index++) {
      this.#earlier[index] = this.#latest.get(numbers[index]) ?? -1
      this.#latest.set(numbers[index], index)
    }
  }

  /** Index of the newest definition under this number, or undefined. */
  latest(number: number): number | undefined {
    return this.#latest.get(number)
  }

  /** Indices of everything that is defined under this number, newest first. */
  *definitions(number: number): Generator<number, void, void> {
    for (let index = this.#latest.get(number) ?? -1; index >= 0; index = this.#earlier[index]) yield index
  }

  /** Index of the object that starts exactly there, or undefined. */
  at(offset: number): number | undefined {
    const index = lowerBound(this.heads.offsets, offset)
    return this.heads.offsets[index] === offset ? index : undefined
  }

  /** Takes in the objects that stand at these offsets and that the scan did not find. False: not all are objects. */
  claim(offsets: ReadonlySet<number>): boolean {
    const unknown = this.#unknown(offsets)
    if (unknown.length === 0) return true
    this.heads = withHeads(this.heads, this.#bytes, unknown.slice(0, MAX_CLAIMED_HEADS))
    this.#build()
    return this.#unknown(offsets).length === 0
  }

  /** Offsets, but 0, at which there is no object, not even behind an end of line. */
  #unknown(claimed: ReadonlySet<number>): readonly number[] {
    const { offsets } = this.heads
    return [...claimed].filter(offset => {
      const index = lowerBound(offsets, offset)
      return offset !== 0 && (index === offsets.length || offsets[index] > offset + SLACK_BYTES)
    })
  }

  /** True where one of these offsets leads to this object. */
  isClaimed(index: number, offsets: ReadonlySet<number>): boolean {
    for (let i = 0; i <= SLACK_BYTES; i++) if (offsets.has(this.heads.offsets[index] - i)) return true
    return false
  }

  /** The number that is the newest object of this number; undefined where that is something else. */
  integer(number: number): number | undefined {
    const index = this.#latest.get(number)
    if (index === undefined) return undefined
    const bytes = this.#bytes
    const body = this.heads.bodies[index]
    const start = skipWhite(bytes, body, Math.min(bytes.length, body + MAX_WHITE_BYTES))
    let end = start
    while (end < Math.min(bytes.length, start + MAX_DIGITS) && isDigit(bytes[end])) end++
    return end > start ? integer(bytes, start, end) : undefined
  }
}

/** Index of the first element that is not below `value`. */
function lowerBound(sorted: readonly number[], value: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle] < value) low = middle + 1
    else high = middle
  }
  return low
}

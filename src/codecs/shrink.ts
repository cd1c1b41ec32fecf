import { ContentError } from '../bytes/index.ts'
import { LsbBits } from './bits.ts'
import type { Decoder } from './decoder.ts'
import { pull } from './pull.ts'
import { Window } from './window.ts'

const CODES = 1 << 13
const MIN_BITS = 9
const MAX_BITS = 13
const CONTROL = 256
const FREE = 0xffff

/** The strings of the dictionary: each is another one and a byte. */
class Strings {
  readonly #parents = new Uint16Array(CODES).fill(FREE)
  readonly #bytes = new Uint8Array(CODES)
  readonly #stack = new Uint8Array(CODES + 2)
  readonly #isParent = new Uint8Array(FREE + 1)
  #lastAdded = CONTROL
  /** No string has a code from here on. */
  #end = CONTROL + 1

  /**
   * The string of `code`; where there is none yet, that of `previous` and its first byte. Borrowed.
   * @throws ContentError malformed where strings contain themselves
   */
  string(code: number, previous: number, firstByte: number): Uint8Array {
    const stack = this.#stack
    let at = stack.length
    let next = code
    while (next > 255) {
      if (at <= 1) throw new ContentError('malformed', 'A string that contains itself')
      const isFree = this.#parents[next] === FREE
      stack[--at] = isFree ? firstByte : this.#bytes[next]
      next = isFree ? previous : this.#parents[next]
    }
    stack[--at] = next
    return stack.subarray(at)
  }

  /** Adds one as the next free code, as long as there is one. */
  add(parent: number, byte: number): void {
    let code = this.#lastAdded + 1
    while (code < CODES && this.#parents[code] !== FREE) code++
    this.#lastAdded = Math.min(code, CODES - 1)
    if (code >= CODES) return
    this.#parents[code] = parent
    this.#bytes[code] = byte
    this.#end = Math.max(this.#end, code + 1)
  }

  /** Frees every string that no other one goes on from. */
  clearLeaves(): void {
    const isParent = this.#isParent
    const parents = this.#parents
    const end = this.#end
    this.#end = CONTROL + 1
    isParent.fill(0, 0, end)
    for (let code = CONTROL + 1; code < end; code++) isParent[parents[code]] = 1
    for (let code = CONTROL + 1; code < end; code++) {
      if (isParent[code] === 0) parents[code] = FREE
      else if (parents[code] !== FREE) this.#end = code + 1
    }
    this.#lastAdded = CONTROL
  }
}

/**
 * Shrink, method 1 of ZIP: LZW with partial clearing (APPNOTE 6.3.10, section 5.1). Reads input[start, end).
 * @throws ContentError malformed, after everything that was decoded up to there
 */
export function* unshrink(input: Uint8Array, start: number, end: number, sizeBytes: number): Decoder {
  const bits = new LsbBits(input, start, end)
  const window = new Window(0, CODES + 2)
  const strings = new Strings()
  let codeBits = MIN_BITS
  let previous = -1
  let firstByte = 0

  const control = (): void => {
    const what = bits.take(codeBits)
    if (what === 1 && codeBits < MAX_BITS) codeBits++
    else if (what === 2) strings.clearLeaves()
    else throw new ContentError('malformed', 'Unknown control code', bits.offset)
  }
  const step = (): boolean => {
    const left = sizeBytes - window.produced
    if (left <= 0) return false
    const code = bits.take(codeBits)
    if (code === CONTROL) {
      control()
      return true
    }
    if (previous < 0 && code > 255) throw new ContentError('malformed', 'The first code is no byte', bits.offset)
    const string = strings.string(code, previous, firstByte)
    firstByte = string[0]
    const part = string.subarray(0, left)
    window.bytes.set(part, window.at)
    window.at += part.length
    if (previous >= 0) strings.add(previous, firstByte)
    previous = code
    return true
  }
  return yield* pull(window, step, () => bits.offset)
}

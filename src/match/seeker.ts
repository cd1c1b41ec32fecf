import { OP } from '../signatures/index.ts'
import type { Kernel, Probe } from './kernel.ts'
import { nextOperation } from './part.ts'
import type { ContentWindow } from './subject.ts'

// Finds where a part of a pattern may start: three of its rarest bytes are looked for by the kernel, sixteen positions
// at a time.

/** How common each byte is in clean files, as hexadecimal digits: 0 rare, f common. */
const COMMONNESS = [
  'ffeeeedaecfa99cec8898875a765746bf7ace95dba77bbe8fedcbcbbcdab9ca5',
  'afcdeecafe79ebcbd7cdda9999599a5e7fbddfdbdf49edfed5fffdaabb698954',
  'a44ccb426f0d5c33a51232005000312860111000401120014000237364623464',
  'b868857866311122836211327223113782313224ca574448736843867556569f',
].join('')

const u16 = (program: Uint8Array, at: number): number => program[at] | (program[at + 1] << 8)

/** Number of (L) in boundary operations. */
const LINE_KIND = 1

/** A byte of a part whose place is known. */
export interface KnownByte {
  readonly at: number
  readonly value: number
  readonly mask: number
  /** The lower, the rarer. */
  readonly rank: number
}

function rank(value: number, mask: number): number {
  const level = Number.parseInt(COMMONNESS[value], 16)
  return mask === 0xff ? level : mask === 0xdf ? level + 2 : level + 16
}

/** Bytes of a part whose place is known, as far as its program has fixed lengths. */
function knownBytes(program: Uint8Array, first: number): KnownByte[] {
  const known: KnownByte[] = []
  let at = 0
  for (let pc = first; ; pc = nextOperation(program, pc)) {
    const operation = program[pc]
    if (operation === OP.LITERAL || operation === OP.MASKED) {
      const length = u16(program, pc + 1)
      for (let i = 0; i < length; i++) {
        const mask = operation === OP.LITERAL ? 0xff : program[pc + 3 + length + i]
        const value = program[pc + 3 + i]
        if (mask !== 0) known.push({ at: at + i, value, mask, rank: rank(value, mask) })
      }
      at += length
    } else if (operation === OP.SKIP) at += u16(program, pc + 1)
    else if (operation === OP.SET) at++
    else if (operation === OP.FIXED_CHOICE) at += u16(program, pc + 4)
    else if (operation === OP.BOUNDARY) {
      // A line ends in one byte or in two: what stands behind it has no known place.
      if (program[pc + 3] === 0 && program[pc + 1] === LINE_KIND && program[pc + 2] === 0) return known
      at += program[pc + 3] === 0 ? 1 : 0
    } else return known
  }
}

/** The rarest three bytes of a part (one twice where there are fewer), or undefined where none is known. */
export function probeOf(program: Uint8Array, first: number): Probe | undefined {
  const known = knownBytes(program, first).sort((a, b) => a.rank - b.rank || a.at - b.at)
  if (known.length === 0) return undefined
  const [one, two = one, three = two] = known as [KnownByte, ...KnownByte[]]
  return [one, two, three].flatMap(({ at, value, mask }) => [at, value, mask])
}

const FREE: Pick<KnownByte, 'value' | 'mask' | 'rank'> = { value: 0, mask: 0, rank: 20 }

/**
 * The rarest bytes in a row of any part; undefined where no two of them are known.
 * @param parts - first operation of each part
 */
export function fingerprintOf(
  program: Uint8Array,
  parts: readonly number[],
  length: number,
): readonly Pick<KnownByte, 'value' | 'mask'>[] | undefined {
  let best: readonly Pick<KnownByte, 'value' | 'mask'>[] | undefined
  let least = Infinity
  for (const part of parts) {
    const known = new Map(knownBytes(program, part).map(byte => [byte.at, byte]))
    for (const at of known.keys()) {
      const row = Array.from({ length }, (_, i) => known.get(at + i) ?? FREE)
      const sum = row.reduce((total, { rank: each }) => total + each, 0)
      if (row.filter(({ mask }) => mask !== 0).length < 2 || sum >= least) continue
      least = sum
      best = row
    }
  }
  return best
}

/** Positions asked for at once. */
const STRIDE_BYTES = 1 << 18
/** Bytes of a fingerprint behind its first. */
const FINGERPRINT_REACH_BYTES = 2

/** Seeks in content of any length, piece by piece where it does not fit the window. */
export class Seeker {
  readonly #kernel: Kernel
  readonly #content: Uint8Array
  readonly #window: ContentWindow

  constructor(kernel: Kernel, content: Uint8Array, window: ContentWindow) {
    this.#kernel = kernel
    this.#content = content
    this.#window = window
  }

  /**
   * Which fingerprints stand somewhere in the content; bits of some that do not may be set, too.
   * @param wanted - the bits of all of them: when these are set, the rest of the content is not looked at
   */
  present(tables: Uint8Array, wanted: number): number {
    const { length } = this.#content
    const stride = Math.min(STRIDE_BYTES, this.#window.capacity - FINGERPRINT_REACH_BYTES)
    let found = 0
    for (let low = 0; low < length && found !== wanted; low += stride) {
      const high = Math.min(low + stride, length)
      const base = this.#window.bring(low, Math.min(high + FINGERPRINT_REACH_BYTES, length))
      found |= this.#kernel.present(tables, low - base, high - base)
    }
    return found
  }

  /**
   * First position in [from, to] at which the probe fits, or -1.
   * @param lengthBytes - bytes of the part behind a position that lie in the content for every position up to `to`
   */
  seek(probe: Probe, from: number, to: number, lengthBytes: number): number {
    // Short strides stay inside what the window holds already; long ones would load it anew for every call.
    const stride = Math.max(1, Math.min(STRIDE_BYTES, this.#window.capacity - lengthBytes))
    for (let low = from; low <= to; low += stride) {
      const high = Math.min(low + stride, to + 1)
      const base = this.#window.bring(low, Math.min(high + lengthBytes, this.#content.length))
      const found = this.#kernel.seek(probe, low - base, high - base)
      if (found < high - base) return found + base
    }
    return -1
  }
}

import { indexOfBytes, type Numbers } from './numbers.ts'
import type { Seed } from './seeds.ts'

// Damages containers the way that fuzzers and forgers do: bytes, sizes, cuts, blocks, splices.

export interface Mutant {
  readonly seed: Seed
  readonly bytes: Uint8Array
  /** What was done, for whoever looks for the reason. */
  readonly how: string
  /** Size, where nothing else was done than to cut it off. */
  readonly cutAt?: number
}

/** What sizes and offsets are set to, in 32 bits. */
const EXTREMES = [0, 1, 0xff, 0xffff, 0x7fff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0xffff_fffe, 0x1000]
const DIGITS = /[0-9]/
const MAX_CHANGES = 4
const MAX_BLOCK_BYTES = 700

type Mutation = (bytes: Uint8Array, next: Numbers, seed: Seed, other: Seed) => readonly [Uint8Array, string]

/** An offset; three of four outside of the payload, where headers are. */
function place(bytes: Uint8Array, next: Numbers, { encoded }: Seed): number {
  const at = indexOfBytes(bytes, encoded)
  const header = bytes.length - encoded.length
  if (at < 0 || header <= 0 || next(4) === 0) return next(bytes.length)
  const offset = next(header)
  return offset < at ? offset : offset + encoded.length
}

const flips: Mutation = (bytes, next, seed) => {
  const out = bytes.slice()
  const changes = Array.from({ length: 1 + next(MAX_CHANGES) }, () => {
    const at = place(out, next, seed)
    const value = next(3) === 0 ? out[at] ^ (1 << next(8)) : next(256)
    out[at] = value
    return `${at}=${value}`
  })
  return [out, `bytes ${changes.join(' ')}`]
}

const sizes: Mutation = (bytes, next, seed) => {
  const out = bytes.slice()
  const at = place(out, next, seed)
  const width = [1, 2, 4, 8][next(4)]
  let value = EXTREMES[next(EXTREMES.length)]
  if (next(3) === 0 && at + 4 <= out.length) value = new DataView(out.buffer).getUint32(at, true) + (next(2) * 2 - 1)
  const isBig = next(4) === 0
  for (let i = 0; i < width && at + i < out.length; i++) {
    const from = isBig ? width - 1 - i : i
    out[at + i] = from >= 4 ? 0 : value >>> (8 * from)
  }
  return [out, `size at ${at}: ${width} bytes, ${value}`]
}

/** Sizes that are written in digits. */
const digits: Mutation = (bytes, next, seed) => {
  const out = bytes.slice()
  for (let i = 0; i < 200; i++) {
    const at = place(out, next, seed)
    if (!DIGITS.test(String.fromCharCode(out[at]))) continue
    out[at] = 0x30 + next(10)
    return [out, `digit at ${at}: ${out[at] - 0x30}`]
  }
  return flips(bytes, next, seed, seed)
}

const cut: Mutation = (bytes, next) => {
  const size = next(bytes.length)
  return [bytes.slice(0, size), `cut to ${size}`]
}

const block: Mutation = (bytes, next) => {
  const from = next(bytes.length)
  const size = Math.min(1 + next(MAX_BLOCK_BYTES), bytes.length - from)
  const taken = bytes.subarray(from, from + size)
  switch (next(3)) {
    case 0:
      return [joined(bytes.subarray(0, from), bytes.subarray(from + size)), `removed ${size} at ${from}`]
    case 1: {
      const to = next(bytes.length)
      return [joined(bytes.subarray(0, to), taken, bytes.subarray(to)), `doubled ${size} at ${from} to ${to}`]
    }
    default: {
      const out = bytes.slice()
      const to = next(bytes.length - size + 1)
      out.set(bytes.subarray(to, to + size), from)
      out.set(taken, to)
      return [out, `swapped ${size} at ${from} and ${to}`]
    }
  }
}

/** The start of one and the end of another, or one written into another. */
const splice: Mutation = (bytes, next, _, other) => {
  const at = next(bytes.length)
  const from = next(other.bytes.length)
  if (next(2) === 0) return [joined(bytes.subarray(0, at), other.bytes.subarray(from)), `to ${at}, then ${other.name}`]
  return [joined(bytes.subarray(0, at), other.bytes, bytes.subarray(at)), `${other.name} put in at ${at}`]
}

const MUTATIONS: readonly Mutation[] = [flips, flips, sizes, sizes, digits, cut, block, splice]

/** One mutant of `seed`; one in four is changed twice. */
export function mutant(seed: Seed, others: readonly Seed[], next: Numbers): Mutant {
  let bytes = seed.bytes
  const how: string[] = []
  for (let rounds = next(4) === 0 ? 2 : 1; rounds > 0 && bytes.length > 0; rounds--) {
    const [changed, what] = MUTATIONS[next(MUTATIONS.length)](bytes, next, seed, others[next(others.length)])
    bytes = changed
    how.push(what)
  }
  const isCut = how.length === 1 && how[0].startsWith('cut')
  return { seed, bytes, how: how.join(', '), ...(isCut ? { cutAt: bytes.length } : {}) }
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

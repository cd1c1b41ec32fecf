import { ContentError } from '../../bytes/index.ts'
import type { Decoder } from '../decoder.ts'

// What every decoder must stand: cut off anywhere, and damaged anywhere, it ends, and with nothing but a ContentError.

type Open = (input: Uint8Array) => Decoder

const MAX_PIECE_BYTES = 256 << 10
/** More than any damaged sample of the tests gives. */
const MAX_OUTPUT_BYTES = 64 << 20

export interface Decoded {
  readonly bytes: Buffer
  readonly end?: number
  readonly error?: ContentError
}

/** Everything that comes out, and how it ends. Stops at 64 MiB. @throws what is no ContentError */
export function decode(decoder: Decoder): Decoded {
  const pieces: Uint8Array[] = []
  let total = 0
  const bytes = () => Buffer.concat(pieces)
  try {
    for (;;) {
      const next = decoder.next()
      if (next.done === true) return { bytes: bytes(), end: next.value }
      if (next.value.length > MAX_PIECE_BYTES) throw new Error(`A piece of ${next.value.length} bytes`)
      total += next.value.length
      if (total > MAX_OUTPUT_BYTES) return { bytes: bytes() }
      pieces.push(next.value.slice())
    }
  } catch (error) {
    if (!(error instanceof ContentError)) throw error
    return { bytes: bytes(), error }
  }
}

/** A generator of numbers that is the same on every machine (Lehmer). */
export function numbers(seed: number): (below: number) => number {
  let state = seed
  return below => (state = (state * 48_271) % 0x7fff_ffff) % below
}

/**
 * Cuts `sample` off at every offset: output is a prefix of the whole one, and something says it is short, except where
 * the members end (`boundaries`, in bytes of output): nobody can know that there was another.
 */
export function* faultsOfTruncation(
  open: Open,
  sample: Uint8Array,
  boundaries: readonly number[] = [],
): Generator<string> {
  const whole = decode(open(sample)).bytes
  for (let length = 0; length < sample.length; length++) {
    const { bytes, end, error } = decode(open(sample.subarray(0, length)))
    if (Buffer.compare(bytes, whole.subarray(0, bytes.length)) !== 0) yield `${length}: other output`
    if (error === undefined && bytes.length < whole.length && !boundaries.includes(bytes.length))
      yield `${length}: short without an error`
    if (end !== undefined && end > length) yield `${length}: ends behind the input`
  }
}

/** Changes one to three bytes of `sample` at a time. */
export function mutate(open: Open, sample: Uint8Array, times: number): void {
  const random = numbers(sample.length + 1)
  for (let i = 0; i < times; i++) {
    const copy = sample.slice()
    for (let n = random(3); n >= 0; n--) copy[random(copy.length)] = random(256)
    const { end } = decode(open(copy))
    if (end !== undefined && (end > copy.length || end < 0)) throw new Error(`Ends at ${end} of ${copy.length}`)
  }
}

/** Text with repetitions near and far, and some noise: every decoder gets something to do. */
export function sampleText(size: number, seed = 7): Uint8Array {
  const random = numbers(seed)
  const words = Array.from({ length: 60 }, () => Array.from({ length: 2 + random(8) }, () => 97 + random(26)))
  const bytes = new Uint8Array(size)
  for (let at = 0; at < size;) {
    const word = random(20) === 0 ? [random(256), random(256)] : words[random(1 + random(60))]
    for (const byte of word) bytes[at++] = byte
    bytes[at++] = 32
  }
  return bytes
}

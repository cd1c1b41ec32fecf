import type { Decoder } from './decoder.ts'
import { PIECE_BYTES } from './output.ts'

// Base64 as mailers and browsers read it: what is not of the alphabet is skipped. They part ways at padding in the
// middle: some stop, some begin a new group of four, some skip the `=` like other noise. Source: RFC 2045 section 6.8.

/** What happens at padding that more content follows. */
export type AfterPadding = 'restart' | 'stop' | 'skip'

const NOISE = 64
const PADDING = 65
/** Value of each byte, NOISE, or PADDING. */
const VALUES: Uint8Array = new Uint8Array(256).fill(NOISE)
for (let i = 0; i < 26; i++) {
  VALUES[0x41 + i] = i
  VALUES[0x61 + i] = 26 + i
}
for (let i = 0; i < 10; i++) VALUES[0x30 + i] = 52 + i
VALUES[0x2b] = 62
VALUES[0x2f] = 63
VALUES[0x3d] = PADDING

/** Decodes the base64 text in [start, end). Never throws: everything is base64 with more or less noise. */
export function* decodeBase64(
  input: Uint8Array,
  start = 0,
  end = input.length,
  afterPadding: AfterPadding = 'restart',
): Decoder {
  const values = VALUES
  const out = new Uint8Array(PIECE_BYTES)
  const full = PIECE_BYTES - 4
  let length = 0
  let group = 0
  let count = 0
  let at = start
  while (at < end) {
    const value = values[input[at++]]
    if (value < NOISE) {
      group = (group << 6) | value
      if (++count < 4) continue
      out[length] = group >> 16
      out[length + 1] = group >> 8
      out[length + 2] = group
      length += 3
      group = 0
      count = 0
      if (length < full) continue
      yield out.subarray(0, length)
      length = 0
    } else if (value === PADDING && count > 1 && afterPadding !== 'skip') {
      length = flush(out, length, group, count)
      group = 0
      count = 0
      if (afterPadding === 'stop') break
    }
  }
  length = flush(out, length, group, count)
  if (length > 0) yield out.subarray(0, length)
  return at
}

/** Writes the whole bytes of an unfinished group; answers the new length. */
function flush(out: Uint8Array, length: number, group: number, count: number): number {
  if (count < 2) return length
  const bits = group << (6 * (4 - count))
  out[length] = bits >> 16
  if (count === 2) return length + 1
  out[length + 1] = bits >> 8
  return length + 2
}

/** What a stretch of base64 looks like before it is decoded. */
export interface Base64Survey {
  /** Characters of the alphabet. */
  readonly alphabet: number
  /** Bytes that are neither alphabet, padding nor white space. */
  readonly noise: number
  /** True where characters of the alphabet follow padding, so that readers disagree. */
  readonly goesOn: boolean
}

/** Counts in [start, end) what decides how many readings there are. */
export function surveyBase64(input: Uint8Array, start = 0, end = input.length): Base64Survey {
  const values = VALUES
  let alphabet = 0
  let noise = 0
  let beforePadding = -1
  for (let at = start; at < end; at++) {
    const byte = input[at]
    const value = values[byte]
    if (value < NOISE) alphabet++
    else if (value === PADDING) {
      if (beforePadding < 0) beforePadding = alphabet
    } else if (byte > 0x20) noise++
  }
  return { alphabet, noise, goesOn: beforePadding >= 0 && alphabet > beforePadding }
}

/** True for bytes of the alphabet, without padding. */
export const isBase64Char = (byte: number): boolean => VALUES[byte] < NOISE

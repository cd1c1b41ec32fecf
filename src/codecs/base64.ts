import type { Decoder } from './decoder.ts'
import { PIECE_BYTES } from './output.ts'

// Base64 as mailers and browsers read it: what is not of the alphabet is skipped. They part ways at padding in the
// middle: some stop, some begin a new group of four, some skip the `=` like other noise. Source: RFC 2045 section 6.8.

/** What happens at padding that more content follows. */
export type AfterPadding = 'restart' | 'stop' | 'skip'

const EQUALS = 0x3d
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

/** Where the loop over characters stands; one object for a whole stream. */
interface State {
  at: number
  /** Bytes in the buffer. */
  length: number
  /** Bits of the unfinished group, and its characters. */
  group: number
  count: number
}

/** Decodes the base64 text in [start, end). Never throws: everything is base64 with more or less noise. */
export function* decodeBase64(
  input: Uint8Array,
  start = 0,
  end = input.length,
  afterPadding: AfterPadding = 'restart',
): Decoder {
  const out = new Uint8Array(PIECE_BYTES)
  const state: State = { at: start, length: 0, group: 0, count: 0 }
  while (state.at < end) {
    fill(input, end, out, state)
    if (state.length >= PIECE_BYTES - 4) {
      yield out.subarray(0, state.length)
      state.length = 0
    } else if (state.at < end && state.count > 1 && afterPadding !== 'skip') {
      state.length = flush(out, state.length, state.group, state.count)
      state.group = 0
      state.count = 0
      if (afterPadding === 'stop') end = ++state.at
    }
    // The loop stops before padding.
    if (state.at < end && input[state.at] === EQUALS) state.at++
  }
  state.length = flush(out, state.length, state.group, state.count)
  if (state.length > 0) yield out.subarray(0, state.length)
  return state.at
}

/** Decodes until the buffer is nearly full, the input ends, or padding stands at `state.at`. */
function fill(input: Uint8Array, end: number, out: Uint8Array, state: State): void {
  const values = VALUES
  const full = out.length - 4
  let { at, length, group, count } = state
  while (at < end && length < full) {
    // Whole groups without noise, which is nearly everything.
    if (count === 0)
      while (at + 4 <= end && length < full) {
        const a = values[input[at]]
        const b = values[input[at + 1]]
        const c = values[input[at + 2]]
        const d = values[input[at + 3]]
        if ((a | b | c | d) >= NOISE) break
        out[length] = (a << 2) | (b >> 4)
        out[length + 1] = (b << 4) | (c >> 2)
        out[length + 2] = (c << 6) | d
        length += 3
        at += 4
      }
    if (at >= end || length >= full) break
    const value = values[input[at]]
    if (value === PADDING) break
    at++
    if (value === NOISE) continue
    group = (group << 6) | value
    if (++count < 4) continue
    out[length] = group >> 16
    out[length + 1] = group >> 8
    out[length + 2] = group
    length += 3
    group = 0
    count = 0
  }
  state.at = at
  state.length = length
  state.group = group
  state.count = count
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

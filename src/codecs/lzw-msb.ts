import { ContentError } from '../bytes/index.ts'
import type { Decoder } from './decoder.ts'

// LZW with codes of 9 to 12 bits, most significant bit first: LZWDecode of PDF, and TIFF.

const CLEAR = 256
const END = 257
const FIRST_FREE = 258
const MAX_CODES = 4096
const PIECE_BYTES = 64 << 10

/**
 * Decodes from `start` to the end code or the end of input. A code that is not defined yet ends it.
 * @param isEarly - codes grow one code early, as PDF's EarlyChange 1 (the default) says
 * @throws ContentError malformed, after everything that was decoded up to there
 * Source: ISO 32000-1, 7.4.4; TIFF 6.0, section 13
 */
export function* lzwMsbDecode(input: Uint8Array, start: number, isEarly = true): Decoder {
  // A code is the output of the code before it and one byte more.
  const before = new Uint16Array(MAX_CODES)
  const last = new Uint8Array(MAX_CODES)
  const first = new Uint8Array(MAX_CODES)
  const length = new Uint16Array(MAX_CODES)
  for (let i = 0; i < 256; i++) {
    last[i] = first[i] = i
    length[i] = 1
  }
  const early = isEarly ? 1 : 0
  const out = new Uint8Array(PIECE_BYTES + MAX_CODES)
  let outAt = 0
  let next = FIRST_FREE
  let width = 9
  let previous = -1
  let bits = 0
  let count = 0
  let at = start
  let fault = false
  for (;;) {
    while (count < width && at < input.length) {
      bits = ((bits << 8) | input[at++]) & 0xff_ffff
      count += 8
    }
    if (count < width) break
    count -= width
    const code = (bits >>> count) & ((1 << width) - 1)
    if (code === END) break
    if (code === CLEAR) {
      next = FIRST_FREE
      width = 9
      previous = -1
      continue
    }
    if (code >= (previous < 0 ? CLEAR : next + 1) || (code === next && next >= MAX_CODES)) {
      fault = true
      break
    }
    if (previous >= 0 && next < MAX_CODES) {
      before[next] = previous
      first[next] = first[previous]
      last[next] = first[code === next ? previous : code]
      length[next] = length[previous] + 1
      next++
      if (next + early >= 1 << width && width < 12) width++
    }
    const size = length[code]
    for (let i = outAt + size - 1, walk = code; i >= outAt; i--) {
      out[i] = last[walk]
      walk = before[walk]
    }
    outAt += size
    previous = code
    if (outAt >= PIECE_BYTES) {
      yield out.subarray(0, outAt)
      outAt = 0
    }
  }
  if (outAt > 0) yield out.subarray(0, outAt)
  if (fault) throw new ContentError('malformed', 'An LZW code that is not defined', at)
  return at
}

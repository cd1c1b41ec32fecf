import { ContentError } from '../bytes/index.ts'
import type { Decoder } from './decoder.ts'

/** Bytes that one chunk unpacks to, at most. */
const CHUNK_BYTES = 4096
const SIGNATURE = 0x01

/**
 * Compression of VBA projects: a signature byte, then chunks of at most 4096 bytes with LZ77 tokens whose split between
 * offset and length moves with the place in the chunk. One piece per chunk. A chunk without the chunk's mark behind the
 * first one ends the data, as it does for Office. Source: [MS-OVBA] 2.4.1.
 * @throws ContentError malformed, after what was decoded up to there
 */
export function* ovbaDecompress(input: Uint8Array, start: number): Decoder {
  if (input[start] !== SIGNATURE) throw new ContentError('malformed', 'VBA data does not start with its mark', start)
  const out = new Uint8Array(CHUNK_BYTES)
  let at = start + 1
  while (at + 2 <= input.length) {
    const header = input[at] | (input[at + 1] << 8)
    if (((header >> 12) & 7) !== 3) {
      if (at === start + 1) throw new ContentError('malformed', 'The first chunk of VBA data has no mark', at)
      return at
    }
    const claimedEnd = at + (header & 0xfff) + 3
    const end = Math.min(claimedEnd, input.length)
    if (header < 0x8000) {
      const rawEnd = Math.min(at + 2 + CHUNK_BYTES, input.length)
      yield input.subarray(at + 2, rawEnd)
      at = rawEnd
      continue
    }
    const size = decodeChunk(input, at + 2, end, out)
    if (size < 0) {
      yield out.subarray(0, -size - 1)
      throw new ContentError('malformed', 'VBA data refers to what lies before its chunk', at)
    }
    yield out.subarray(0, size)
    if (claimedEnd > input.length) throw new ContentError('malformed', 'VBA data is cut off', input.length)
    at = end
  }
  return at
}

/** Bytes unpacked into `out`; -1 - bytes where a token points before the chunk. */
function decodeChunk(input: Uint8Array, start: number, end: number, out: Uint8Array): number {
  let at = start
  let size = 0
  while (at < end) {
    const flags = input[at++]
    for (let bit = 0; bit < 8 && at < end && size < CHUNK_BYTES; bit++) {
      if (((flags >> bit) & 1) === 0) {
        out[size++] = input[at++]
        continue
      }
      if (at + 2 > end) return size
      const token = input[at] | (input[at + 1] << 8)
      at += 2
      const offsetBits = Math.max(4, size <= 1 ? 0 : 32 - Math.clz32(size - 1))
      const from = size - (token >> (16 - offsetBits)) - 1
      if (from < 0) return -1 - size
      const stop = Math.min(size + (token & (0xffff >> offsetBits)) + 3, CHUNK_BYTES)
      for (let source = from; size < stop; source++) out[size++] = out[source]
    }
    if (size >= CHUNK_BYTES) return size
  }
  return size
}

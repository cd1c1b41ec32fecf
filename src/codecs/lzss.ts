import { ContentError, latin1 } from '../bytes/index.ts'
import type { Decoder } from './decoder.ts'
import { pull } from './pull.ts'
import { Window } from './window.ts'

export const RING_BYTES = 4096
export const SPACE = 0x20
const MAX_MATCH_BYTES = 18

/** LZSS over a ring of 4096 spaces; positions are absolute in it. */
export function* lzss(input: Uint8Array, start: number, ringStart: number, sizeBytes: number | undefined): Decoder {
  const window = new Window(RING_BYTES, MAX_MATCH_BYTES)
  window.prefill(RING_BYTES, SPACE)
  let at = start
  let flags = 1
  const step = (): boolean => {
    const left = (sizeBytes ?? Number.POSITIVE_INFINITY) - window.produced
    if (left <= 0) return false
    if (flags === 1) {
      if (at >= input.length) return ended()
      flags = input[at++] | 0x100
    }
    const isLiteral = (flags & 1) === 1
    if (at + (isLiteral ? 1 : 2) > input.length) return ended()
    flags >>= 1
    if (isLiteral) {
      window.bytes[window.at++] = input[at++]
      return true
    }
    const position = input[at] | ((input[at + 1] & 0xf0) << 4)
    const length = (input[at + 1] & 15) + 3
    at += 2
    const distance = (ringStart + window.produced - position) & (RING_BYTES - 1)
    window.copy(distance === 0 ? RING_BYTES : distance, Math.min(length, left), at)
    return true
  }
  const ended = (): boolean => {
    if (sizeBytes !== undefined) throw new ContentError('malformed', 'Compressed data end too early', input.length)
    at = input.length
    return false
  }
  return yield* pull(window, step, () => at)
}

const SZDD_HEADER_BYTES = 14
const SZDD_RING_START = RING_BYTES - 16
const QBASIC_HEADER_BYTES = 12
export const QBASIC_RING_START = RING_BYTES - 18

/**
 * SZDD of COMPRESS.EXE, also in the variant of QBasic, to the size that its header says.
 * Source: libmspack, documentation of the format.
 * @throws ContentError malformed or unsupported, after everything that was decoded up to there
 */
export function* szdd(input: Uint8Array, start: number): Decoder {
  const magic = latin1(input, start, start + 4)
  const isQbasic = magic === 'SZ \x88'
  if (magic !== 'SZDD' && !isQbasic) throw new ContentError('malformed', 'No header of SZDD', start)
  const dataAt = start + (isQbasic ? QBASIC_HEADER_BYTES : SZDD_HEADER_BYTES)
  if (dataAt > input.length) throw new ContentError('malformed', 'SZDD ends too early', input.length)
  if (!isQbasic && input[start + 8] !== 0x41)
    throw new ContentError('unsupported', `Mode ${input[start + 8]} of SZDD`, start + 8)
  const [a, b, c, d] = input.subarray(dataAt - 4, dataAt)
  const size = (a | (b << 8) | (c << 16) | (d << 24)) >>> 0
  return yield* lzss(input, dataAt, isQbasic ? QBASIC_RING_START : SZDD_RING_START, size)
}

import { ContentError, latin1 } from '../bytes/index.ts'
import type { Decoder } from './decoder.ts'
import type { Note } from './members.ts'
import { pull } from './pull.ts'
import { Window } from './window.ts'

export const RING_BYTES = 4096
export const SPACE = 0x20
const MAX_MATCH_BYTES = 18

/**
 * LZSS over a ring of 4096 spaces; positions are absolute in it. Goes on to the end of the input whatever the size that
 * its header says, as the tools do; too little is an error, too much is noted.
 */
export function* lzss(
  input: Uint8Array,
  start: number,
  ringStart: number,
  sizeBytes: number | undefined,
  note: Note,
): Decoder {
  const window = new Window(RING_BYTES, MAX_MATCH_BYTES)
  window.prefill(RING_BYTES, SPACE)
  let at = start
  let flags = 1
  const step = (): boolean => {
    if (flags === 1) {
      if (at >= input.length) return false
      flags = input[at++] | 0x100
    }
    const isLiteral = (flags & 1) === 1
    if (at + (isLiteral ? 1 : 2) > input.length) return false
    flags >>= 1
    if (isLiteral) {
      window.bytes[window.at++] = input[at++]
      return true
    }
    const position = input[at] | ((input[at + 1] & 0xf0) << 4)
    const length = (input[at + 1] & 15) + 3
    at += 2
    const distance = (ringStart + window.produced - position) & (RING_BYTES - 1)
    window.copy(distance === 0 ? RING_BYTES : distance, length, at)
    return true
  }
  const end = yield* pull(window, step, () => input.length)
  checkSize(window.produced, sizeBytes, end, note)
  return end
}

/** @throws ContentError malformed where something is missing */
export function checkSize(produced: number, sizeBytes: number | undefined, end: number, note: Note): void {
  if (sizeBytes === undefined || produced === sizeBytes) return
  if (produced < sizeBytes) throw new ContentError('malformed', 'Compressed data end too early', end)
  note('wrong-size', 'There is more data than the header says', end)
}

const SZDD_HEADER_BYTES = 14
const SZDD_RING_START = RING_BYTES - 16
const QBASIC_HEADER_BYTES = 12
export const QBASIC_RING_START = RING_BYTES - 18

/**
 * SZDD of COMPRESS.EXE, also in the variant of QBasic, to the end of the input. @param note - hears code `wrong-size`
 * Source: libmspack, documentation of the format.
 * @throws ContentError malformed or unsupported, after everything that was decoded up to there
 */
export function* szdd(input: Uint8Array, start: number, note: Note = () => {}): Decoder {
  const magic = latin1(input, start, start + 4)
  const isQbasic = magic === 'SZ \x88'
  if (magic !== 'SZDD' && !isQbasic) throw new ContentError('malformed', 'No header of SZDD', start)
  const dataAt = start + (isQbasic ? QBASIC_HEADER_BYTES : SZDD_HEADER_BYTES)
  if (dataAt > input.length) throw new ContentError('malformed', 'SZDD ends too early', input.length)
  if (!isQbasic && input[start + 8] !== 0x41)
    throw new ContentError('unsupported', `Mode ${input[start + 8]} of SZDD`, start + 8)
  const [a, b, c, d] = input.subarray(dataAt - 4, dataAt)
  const size = (a | (b << 8) | (c << 16) | (d << 24)) >>> 0
  return yield* lzss(input, dataAt, isQbasic ? QBASIC_RING_START : SZDD_RING_START, size, note)
}

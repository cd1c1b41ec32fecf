import { ContentError } from '../bytes/index.ts'
import type { Decoder } from './decoder.ts'
import { PIECE_BYTES } from './output.ts'

// BinHex 4.0: six bits per character, then runs of bytes behind a mark. Source: RFC 1741, appendix A.

const ALPHABET = '!"#$%&\'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr'
const NOISE = 64
const VALUES: Uint8Array = new Uint8Array(256).fill(NOISE)
for (let i = 0; i < ALPHABET.length; i++) VALUES[ALPHABET.charCodeAt(i)] = i
const COLON = 0x3a
const RUN_MARK = 0x90

/**
 * Decodes from behind the colon that opens the data up to the one that closes it: header and forks in a row, runs
 * expanded. White space is skipped.
 * @throws ContentError - `malformed` at a character that is neither of the alphabet nor white space
 */
export function* decodeBinHex(input: Uint8Array, start = 0, end = input.length): Decoder {
  const out = new Uint8Array(PIECE_BYTES)
  let length = 0
  let bits = 0
  let count = 0
  let last = 0
  let marked = false
  for (let at = start; at < end; at++) {
    const char = input[at]
    const value = VALUES[char]
    if (value === NOISE) {
      if (char <= 0x20) continue
      if (length > 0) yield out.subarray(0, length)
      if (char === COLON) return at + 1
      throw new ContentError('malformed', 'A character that BinHex does not have', at)
    }
    bits = ((bits << 6) | value) & 0xffff
    count += 6
    if (count < 8) continue
    count -= 8
    const byte = (bits >> count) & 0xff
    if (marked) {
      marked = false
      // A count of 0 stands for the mark itself; one byte of the run has been written already.
      if (byte === 0) out[length++] = last = RUN_MARK
      for (let i = 1; i < byte; i++) out[length++] = last
    } else if (byte === RUN_MARK) marked = true
    else out[length++] = last = byte
    if (length < PIECE_BYTES - 256) continue
    yield out.subarray(0, length)
    length = 0
  }
  if (length > 0) yield out.subarray(0, length)
  throw new ContentError('malformed', 'The BinHex data ends without its closing colon', end)
}

import { bytesOf, indexOf } from '../bytes/index.ts'
import type { Decoder } from './decoder.ts'
import { PIECE_BYTES } from './output.ts'

// Microsoft Script Encoder (JScript.Encode, VBScript.Encode): `#@~^` length `==` text checksum `==^#~@`. Three
// alphabets take turns by a fixed pattern of 64; a few characters are escaped by `@`.

export const SCRIPT_MARK: Uint8Array = bytesOf('#@~^')
/** Mark, six characters of length, `==`. */
const HEAD_BYTES = 12
/** Six characters of checksum, `==`, `^#~@`. */
const END_MARK = bytesOf('==^#~@')
const CHECKSUM_CHARS = 6

/** Which alphabet is used at position n modulo 64. */
const TURNS = '1201202002021020102011200210200211020201011201021020112001120102'
/** For characters 31 (stands for the tab) to 127: their form in each of the three alphabets; `3f` where there is none. */
const FORMS =
  '643769507e2c225a654a4572613a5b5e79665d59755b274c42764560637623622a654d435f51337e53424f5220522063' +
  '7a264a21545a467138202b79266632632a572a586c767f2b477b462530522c314f296c3d6949703f3f3f27787b3f3f3f' +
  '675f513f3f3f62297a41247e5a2f3b663947323341736f774d215643755f7128263942787c466e534a64485c74314867' +
  '72367d6e4b68707d35495d223f6a554b503a6a69602e236a7f097128706f3565497d745c242c5d2d7727544459373f25' +
  '7b6d7c3d7c236c436d3438286d5e314e5b392b6e7f3057366f4c547434346b72624c254e33563056735e3a6873785509' +
  '57474b7732613b3524442e4d2f646b594f44453b215c2d37684153366158587a4879222e096050756b2d384e29553d3f' +
  '51672f'

const FIRST_CHAR = 31
const TAB = 9
const AT = 0x40
/** What the character behind `@` stands for. */
const ESCAPED: Readonly<Record<number, number>> = { 0x26: 10, 0x23: 13, 0x2a: 0x3e, 0x21: 0x3c, 0x24: AT }

/** Three alphabets of 128, one after the other: encoded byte to character. */
const PLAIN: Uint8Array = new Uint8Array(3 * 128).map((_, i) => i % 128)
for (let i = 0; i < FORMS.length / 2; i++) {
  const char = FIRST_CHAR + Math.floor(i / 3)
  const form = Number.parseInt(FORMS.slice(2 * i, 2 * i + 2), 16)
  if (!'<>@'.includes(String.fromCharCode(char))) PLAIN[(i % 3) * 128 + form] = char === FIRST_CHAR ? TAB : char
}
const TURN: Uint8Array = Uint8Array.from(TURNS, Number)

/** Extent of one encoded script: its text between head and checksum, and the offset behind all of it. */
export interface EncodedScript {
  readonly start: number
  readonly end: number
  readonly next: number
  /** False where the closing mark is missing, so that the text runs to the end of the content. */
  readonly closed: boolean
}

/** The encoded script whose mark is at `at`. */
export function encodedScriptAt(input: Uint8Array, at: number, limit = input.length): EncodedScript {
  // No encoded text holds the mark that begins one: another script begins there, whatever this one lacks.
  const other = indexOf(input, SCRIPT_MARK, at + SCRIPT_MARK.length, limit)
  const last = other < 0 ? limit : other
  const start = Math.min(at + HEAD_BYTES, last)
  const mark = indexOf(input, END_MARK, start, last)
  if (mark < 0) return { start, end: last, next: last, closed: false }
  return { start, end: Math.max(start, mark - CHECKSUM_CHARS), next: mark + END_MARK.length, closed: true }
}

/** Decodes the text of an encoded script in [start, end). Bytes from 128 on, and line breaks, are as they were. */
export function* decodeScript(input: Uint8Array, start: number, end: number): Decoder {
  const out = new Uint8Array(Math.min(PIECE_BYTES, Math.max(1, end - start)))
  let length = 0
  let turn = 0
  let at = start
  while (at < end) {
    let byte = input[at++]
    if (byte < 128) {
      const escaped = byte === AT && at < end ? ESCAPED[input[at]] : undefined
      if (escaped === undefined) byte = PLAIN[TURN[turn] * 128 + byte]
      else {
        byte = escaped
        at++
      }
      turn = (turn + 1) & 63
    }
    out[length++] = byte
    if (length < out.length) continue
    yield out
    length = 0
  }
  if (length > 0) yield out.subarray(0, length)
  return at
}

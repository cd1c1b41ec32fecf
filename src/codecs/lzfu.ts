import { ContentError, u32le } from '../bytes/index.ts'
import type { Decoder } from './decoder.ts'
import { PIECE_BYTES } from './output.ts'

// Compressed RTF of Outlook (PR_RTF_COMPRESSED). A dictionary of 4096 bytes that begins with common RTF words; control
// bytes of eight flags, literals, and references of 12 bits of offset and 4 bits of length. Source: [MS-OXRTFCP] 2.

const HEADER_BYTES = 16
const COMPRESSED = 0x75465a4c
const UNCOMPRESSED = 0x414c454d
const DICTIONARY_BYTES = 4096
const INITIAL =
  '{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor ' +
  'MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20' +
  '\\b\\i\\u\\tab\\tx'

/**
 * Decodes one compressed RTF stream that starts at `start`, with its header.
 * @throws ContentError - `malformed` where header or stream end early, `unsupported` for another compression type
 */
export function* decodeLzfu(input: Uint8Array, start = 0, end = input.length): Decoder {
  if (start + HEADER_BYTES > end) throw new ContentError('malformed', 'The header of compressed RTF is cut off', start)
  const type = u32le(input, start + 8)
  // The size counts from behind itself; clipped to what is there.
  const stop = Math.min(end, start + 4 + u32le(input, start))
  const body = start + HEADER_BYTES
  if (type === UNCOMPRESSED) {
    const plain = Math.min(end, body + u32le(input, start + 4))
    if (plain > body) yield input.subarray(body, plain)
    return plain
  }
  if (type !== COMPRESSED) throw new ContentError('unsupported', 'An unknown compression type of RTF', start + 8)
  return yield* expand(input, body, stop)
}

function* expand(input: Uint8Array, start: number, stop: number): Decoder {
  const dictionary = new Uint8Array(DICTIONARY_BYTES)
  for (let i = 0; i < INITIAL.length; i++) dictionary[i] = INITIAL.charCodeAt(i)
  const out = new Uint8Array(PIECE_BYTES)
  let write = INITIAL.length
  let length = 0
  let at = start
  while (at < stop) {
    const flags = input[at++]
    for (let bit = 0; bit < 8 && at < stop; bit++) {
      if ((flags & (1 << bit)) === 0) {
        dictionary[write] = out[length++] = input[at++]
        write = (write + 1) & (DICTIONARY_BYTES - 1)
        continue
      }
      if (at + 2 > stop) break
      let read = (input[at] << 4) | (input[at + 1] >> 4)
      const count = (input[at + 1] & 15) + 2
      at += 2
      if (read === write) {
        if (length > 0) yield out.subarray(0, length)
        return at
      }
      for (let i = 0; i < count; i++) {
        dictionary[write] = out[length++] = dictionary[read]
        read = (read + 1) & (DICTIONARY_BYTES - 1)
        write = (write + 1) & (DICTIONARY_BYTES - 1)
      }
    }
    if (length < PIECE_BYTES - 8 * 17) continue
    yield out.subarray(0, length)
    length = 0
  }
  if (length > 0) yield out.subarray(0, length)
  throw new ContentError('malformed', 'The compressed RTF ends without its end mark', at)
}

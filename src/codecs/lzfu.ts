import { bytesOf, ContentError, u32le } from '../bytes/index.ts'
import type { Decoder } from './decoder.ts'

const COMPRESSED = 0x7546_5a4c
const STORED = 0x414c_454d
const HEADER_SIZE = 16
const WINDOW = 4096
/** What the window holds at the start. */
const PRELOAD = bytesOf(
  '{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans ' +
    'SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx',
)

/**
 * Compressed RTF of Outlook messages: LZ77 over a window of 4096 bytes that starts with common RTF. The checksum is not
 * checked. Source: [MS-OXRTFCP] 2.2.
 * @throws ContentError malformed, after what was decoded up to there
 */
export function* lzfuDecompress(input: Uint8Array, start: number): Decoder {
  if (start + HEADER_SIZE > input.length) throw new ContentError('malformed', 'The header of compressed RTF is cut off')
  const kind = u32le(input, start + 8)
  let at = start + HEADER_SIZE
  if (kind === STORED) {
    yield input.subarray(at)
    return input.length
  }
  if (kind !== COMPRESSED) throw new ContentError('malformed', 'Compressed RTF has no known mark', start + 8)
  const window = new Uint8Array(WINDOW)
  window.set(PRELOAD)
  let place = PRELOAD.length
  let from = place
  while (at < input.length) {
    const flags = input[at++]
    for (let bit = 0; bit < 8 && at < input.length; bit++) {
      let count = 1
      let source = -1
      if (((flags >> bit) & 1) === 1) {
        if (at + 2 > input.length) break
        const token = (input[at] << 8) | input[at + 1]
        at += 2
        source = token >> 4
        count = (token & 15) + 2
        if (source === place) {
          yield window.subarray(from, place)
          return at
        }
      }
      for (; count > 0; count--) {
        window[place++] = source < 0 ? input[at++] : window[source]
        if (source >= 0) source = (source + 1) & (WINDOW - 1)
        if (place === WINDOW) {
          yield window.subarray(from)
          place = 0
          from = 0
        }
      }
    }
  }
  yield window.subarray(from, place)
  throw new ContentError('malformed', 'Compressed RTF is cut off', at)
}

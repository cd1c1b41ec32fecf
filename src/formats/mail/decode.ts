import { bytesOf, indexOf } from '../../bytes/index.ts'
import { decodeBase64, decodeQuotedPrintable, decodeUuencode, decodeYenc } from '../../codecs/index.ts'
import type { AfterPadding } from '../../codecs/index.ts'
import type { TransferEncoding } from './entity.ts'
import { afterBreak, lineEnd } from './lines.ts'

/** Content of a leaf in one of its transfer encodings, piece by piece; the bytes themselves for identity. */
export function decodeBody(
  bytes: Uint8Array,
  start: number,
  end: number,
  encoding: TransferEncoding,
  afterPadding: AfterPadding = 'restart',
): Iterable<Uint8Array> {
  if (encoding === 'base64') return decodeBase64(bytes, start, end, afterPadding)
  if (encoding === 'quoted-printable') return decodeQuotedPrintable(bytes, start, end)
  const text = bytes.subarray(0, end)
  if (encoding === 'uuencode') return decodeUuencode(text, behindLine(text, start, end, 'begin '), end)
  if (encoding === 'yenc')
    return decodeYenc(text, behindLine(text, behindLine(text, start, end, '=ybegin '), end, '=ypart '), end)
  return [bytes.subarray(start, end)]
}

/** Offset behind the first line in [start, end) that starts with `word`; `start` where there is none. */
function behindLine(bytes: Uint8Array, start: number, end: number, word: string): number {
  const pattern = bytesOf(word)
  for (let at = indexOf(bytes, pattern, start, end); at >= 0; at = indexOf(bytes, pattern, at + 1, end))
    if (at === start || bytes[at - 1] === 0x0a || bytes[at - 1] === 0x0d)
      return afterBreak(bytes, lineEnd(bytes, at, end), end)
  return start
}

import { ContentError, latin1 } from '../bytes/index.ts'
import { crc32 } from './crc32.ts'
import type { Decoder } from './decoder.ts'
import { inflate } from './inflate.ts'
import { members } from './members.ts'
import type { Note } from './members.ts'

const HEADER_BYTES = 10
const TRAILER_BYTES = 8
const METHOD_DEFLATE = 8
// Flags of a member.
const HAS_CHECKSUM = 2
const HAS_EXTRA = 4
const HAS_NAME = 8
const HAS_COMMENT = 16
const RESERVED = 0xe0
/** Of a name or comment, more is passed over. */
const MAX_TEXT_BYTES = 1024

export interface GzipHeader {
  /** ISO 8859-1; data. Undefined where there is none. */
  readonly name: string | undefined
  readonly comment: string | undefined
  /** Seconds since 1970; 0: not said. */
  readonly modifiedSeconds: number
  /** Of the first byte of the compressed data. */
  readonly dataOffset: number
  /** Bits that mean nothing. */
  readonly reservedFlags: number
}

/** Header of one member (RFC 1952, section 2.3). @throws ContentError malformed or unsupported */
export function readGzipHeader(input: Uint8Array, start: number): GzipHeader {
  if (!isGzip(input, start)) throw new ContentError('malformed', 'No header of gzip', start)
  if (start + HEADER_BYTES > input.length) throw tooEarly(input)
  if (input[start + 2] !== METHOD_DEFLATE)
    throw new ContentError('unsupported', `Method ${input[start + 2]} of gzip`, start + 2)
  const flags = input[start + 3]
  const modifiedSeconds =
    (input[start + 4] | (input[start + 5] << 8) | (input[start + 6] << 16) | (input[start + 7] << 24)) >>> 0
  let at = start + HEADER_BYTES
  if ((flags & HAS_EXTRA) !== 0) {
    if (at + 2 > input.length) throw tooEarly(input)
    at += 2 + (input[at] | (input[at + 1] << 8))
  }
  const text = (flag: number): string | undefined => {
    if ((flags & flag) === 0) return undefined
    const end = input.indexOf(0, at)
    if (end < 0) throw tooEarly(input)
    const value = latin1(input, at, Math.min(end, at + MAX_TEXT_BYTES))
    at = end + 1
    return value
  }
  const name = text(HAS_NAME)
  const comment = text(HAS_COMMENT)
  if ((flags & HAS_CHECKSUM) !== 0) at += 2
  if (at > input.length) throw tooEarly(input)
  return { name, comment, modifiedSeconds, dataOffset: at, reservedFlags: flags & RESERVED }
}

const tooEarly = (input: Uint8Array): ContentError => new ContentError('malformed', 'Gzip ends too early', input.length)

const isGzip = (input: Uint8Array, at: number): boolean => input[at] === 0x1f && input[at + 1] === 0x8b

/**
 * Gzip (RFC 1952), all members that follow each other. A wrong checksum or size is noted, not an error: the data are
 * kept. @param note - hears codes `wrong-checksum`, `wrong-size`, `cut-trailer`, `reserved-flags`
 * @throws ContentError malformed or unsupported, after everything that was decoded up to there
 */
export function gzip(input: Uint8Array, start: number, note?: Note): Decoder {
  return members(input, start, (bytes, at) => member(bytes, at, note), isGzip)
}

function* member(input: Uint8Array, start: number, note: Note = () => {}): Decoder {
  const { dataOffset, reservedFlags } = readGzipHeader(input, start)
  if (reservedFlags !== 0) note('reserved-flags', 'A member has flags that mean nothing', start + 3)
  const decoder = inflate(input, dataOffset)
  let crc = 0
  let size = 0
  for (;;) {
    const next = decoder.next()
    if (next.done === true) return trailer(input, next.value, crc, size, note)
    crc = crc32(next.value, crc)
    size += next.value.length
    yield next.value
  }
}

function trailer(input: Uint8Array, at: number, crc: number, size: number, note: Note): number {
  const end = at + TRAILER_BYTES
  if (end > input.length) {
    note('cut-trailer', 'A member ends without its checksum and size', at)
    return input.length
  }
  const view = new DataView(input.buffer, input.byteOffset + at, TRAILER_BYTES)
  if (view.getUint32(0, true) !== crc) note('wrong-checksum', 'The checksum of a member is wrong', at)
  if (view.getUint32(4, true) !== size >>> 0) note('wrong-size', 'The size of a member is wrong', at + 4)
  return end
}

import { bytesOf, ContentError, indexOf, u32be } from '../../bytes/index.ts'
import { decodeBinHex, sliceOf } from '../../codecs/index.ts'

// BinHex 4.0 files: a banner, then between colons a header, a data fork and a resource fork, each with a checksum.
// Checksums are not compared: what does not fit them is looked at all the same. Source: RFC 1741, appendix A.

const BANNER = bytesOf('(This file must be converted with BinHex')
const COLON = 0x3a
/** Banner, perhaps a mailer's line or two, and then the colon. */
const MAX_BANNER_BYTES = 1000
const MAX_NAME_BYTES = 63
/** Behind the name: version, type, creator, flags, two lengths, checksum. */
const FIXED_BYTES = 1 + 4 + 4 + 2 + 4 + 4 + 2
const CHECKSUM_BYTES = 2

export interface BinHexFile {
  /** One character per byte. */
  readonly name: string
  readonly forks: readonly {
    readonly kind: 'data' | 'resource'
    readonly lengthBytes: number
    /** Decodes; throws ContentError in the middle where the text is damaged or ends early. */
    readonly content: () => Iterable<Uint8Array>
  }[]
}

/** Offset behind the colon that opens the data of the next BinHex file in [from, end); -1 where there is none. */
export function findBinHex(bytes: Uint8Array, from: number, end = bytes.length): number {
  for (let at = indexOf(bytes, BANNER, from, end); at >= 0; at = indexOf(bytes, BANNER, at + 1, end)) {
    const start = openingColon(bytes, at + BANNER.length, Math.min(end, at + MAX_BANNER_BYTES))
    if (start >= 0) return start
  }
  return -1
}

/** Offset behind the first colon that starts a line in [from, end), or -1. */
export function openingColon(bytes: Uint8Array, from: number, end: number): number {
  const text = bytes.subarray(0, end)
  for (let at = text.indexOf(COLON, from); at >= 0; at = text.indexOf(COLON, at + 1))
    if (at === from || text[at - 1] === 0x0a || text[at - 1] === 0x0d) return at + 1
  return -1
}

/**
 * Reads the header of the data that starts at `start`.
 * @throws ContentError - `malformed` where it is no header
 */
export function readBinHex(bytes: Uint8Array, start: number, end = bytes.length): BinHexFile {
  const text = bytes.subarray(0, end)
  const head = firstBytes(text, start)
  const nameBytes = head[0] ?? 0
  const size = 1 + nameBytes + FIXED_BYTES
  if (nameBytes === 0 || nameBytes > MAX_NAME_BYTES || head.length < size)
    throw new ContentError('malformed', 'No BinHex header where the data starts', start)
  const dataBytes = u32be(head, 1 + nameBytes + 11)
  const resourceBytes = u32be(head, 1 + nameBytes + 15)
  const fork = (kind: 'data' | 'resource', from: number, lengthBytes: number) => ({
    kind,
    lengthBytes,
    content: () => whole(sliceOf(decodeBinHex(text, start), from, from + lengthBytes), lengthBytes),
  })
  const name = String.fromCharCode(...head.subarray(1, 1 + nameBytes))
  const second = size + dataBytes + CHECKSUM_BYTES
  return { name, forks: [fork('data', size, dataBytes), fork('resource', second, resourceBytes)] }
}

function* whole(pieces: Iterable<Uint8Array>, lengthBytes: number): Generator<Uint8Array> {
  let got = 0
  for (const piece of pieces) {
    got += piece.length
    yield piece
  }
  if (got < lengthBytes) throw new ContentError('malformed', 'The BinHex data is shorter than its header says')
}

/** So much holds every header. */
const HEAD_BYTES = 1 + MAX_NAME_BYTES + FIXED_BYTES

function firstBytes(text: Uint8Array, start: number): Uint8Array {
  const head = new Uint8Array(HEAD_BYTES)
  let length = 0
  try {
    for (const piece of sliceOf(decodeBinHex(text, start), 0, HEAD_BYTES)) {
      head.set(piece, length)
      length += piece.length
    }
  } catch (error) {
    if (!(error instanceof ContentError)) throw error
  }
  return head.subarray(0, length)
}

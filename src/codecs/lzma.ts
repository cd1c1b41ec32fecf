import { ContentError } from '../bytes/index.ts'
import type { Decoder } from './decoder.ts'
import { LzmaState } from './lzma-state.ts'
import type { LzmaProperties } from './lzma-state.ts'
import { members } from './members.ts'

/** Dictionary of a property byte's stream where nothing says its size. */
const MIN_DICTIONARY_BYTES = 4096
const UNKNOWN_SIZE = 0xffff_ffff

/** The property byte of LZMA: (pb · 5 + lp) · 9 + lc. @throws ContentError malformed */
export function lzmaProperties(byte: number, dictionaryBytes: number, offset?: number): LzmaProperties {
  if (byte >= 9 * 5 * 5) throw new ContentError('malformed', 'Properties of LZMA', offset)
  return {
    literalContextBits: byte % 9,
    literalPositionBits: ((byte / 9) | 0) % 5,
    positionBits: (byte / 45) | 0,
    dictionaryBytes: Math.max(dictionaryBytes, MIN_DICTIONARY_BYTES),
  }
}

/**
 * Raw LZMA, from the five bytes of the range coder on. Ends behind `sizeBytes`, or at the end marker (where the size
 * is undefined, only there). Pieces of at most 65 KiB. About 65 MB/s of text, 40 MB/s of machine code.
 * Source: LZMA specification (Igor Pavlov, public domain).
 * @throws ContentError malformed, after everything that was decoded up to there
 */
export function* lzma(
  input: Uint8Array,
  start: number,
  properties: LzmaProperties,
  sizeBytes: number | undefined,
): Decoder {
  const state = new LzmaState(properties)
  state.begin(input, start, input.length)
  const { window } = state
  const left = sizeBytes ?? Number.POSITIVE_INFINITY
  try {
    while (state.symbols(left - window.produced) === 'full') {
      yield window.piece()
      window.open()
    }
    if (window.produced >= left) state.passMarker()
    else if (sizeBytes !== undefined && window.produced < left)
      throw new ContentError('malformed', 'LZMA ends before its size', state.offset)
  } catch (error) {
    if (window.pending) yield window.piece()
    throw error
  }
  if (window.pending) yield window.piece()
  return state.offset
}

/**
 * The file format .lzma ("LZMA alone"): properties, size of the dictionary, size or all ones, LZMA.
 * @throws ContentError malformed
 */
export function* lzmaAlone(input: Uint8Array, start: number): Decoder {
  if (start + 13 > input.length) throw new ContentError('malformed', 'Header of .lzma', start)
  const view = new DataView(input.buffer, input.byteOffset + start, 13)
  const low = view.getUint32(5, true)
  const high = view.getUint32(9, true)
  const properties = lzmaProperties(input[start], view.getUint32(1, true), start)
  const isKnown = low !== UNKNOWN_SIZE || high !== UNKNOWN_SIZE
  return yield* lzma(input, start + 13, properties, isKnown ? high * 0x1_0000_0000 + low : undefined)
}

const isLzip = (input: Uint8Array, at: number): boolean =>
  input[at] === 0x4c && input[at + 1] === 0x5a && input[at + 2] === 0x49 && input[at + 3] === 0x50

const LZIP_HEADER_BYTES = 6
const LZIP_TRAILER_BYTES = 20

/**
 * Lzip, all members that follow each other: LZMA with an end marker, its checksum passed over. Version 0 has a shorter
 * trailer. Source: lzip manual, "File format".
 * @throws ContentError malformed
 */
export function lzip(input: Uint8Array, start: number): Decoder {
  return members(input, start, lzipMember, isLzip)
}

function* lzipMember(input: Uint8Array, start: number): Decoder {
  if (!isLzip(input, start) || start + LZIP_HEADER_BYTES > input.length)
    throw new ContentError('malformed', 'No header of lzip', start)
  const coded = input[start + 5]
  const base = 2 ** (coded & 31)
  const dictionaryBytes = base - (base / 16) * (coded >> 5)
  const properties = { literalContextBits: 3, literalPositionBits: 0, positionBits: 2, dictionaryBytes }
  const end = yield* lzma(input, start + LZIP_HEADER_BYTES, properties, undefined)
  const trailerBytes = input[start + 4] === 0 ? LZIP_TRAILER_BYTES - 8 : LZIP_TRAILER_BYTES
  return Math.min(end + trailerBytes, input.length)
}

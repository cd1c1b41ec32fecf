import { ContentError, u32le } from '../bytes/index.ts'
import type { Decoder } from './decoder.ts'
import { members } from './members.ts'
import { Window } from './window.ts'
import { MAX_BLOCK_BYTES, ZstdBlocks } from './zstd-block.ts'

const FRAME = 0xfd2f_b528
const SKIPPABLE_FRAME = 0x184d2a5
const CHECKSUM_BYTES = 4
const DICTIONARY_BYTES = [0, 1, 2, 4]
const SIZE_BYTES = [0, 2, 4, 8]
const RAW = 0
const REPEATED = 1
const COMPRESSED = 2

const malformed = (message: string, offset: number): ContentError => new ContentError('malformed', message, offset)
const tooEarly = (input: Uint8Array): ContentError => malformed('Zstandard ends too early', input.length)

interface Frame {
  readonly windowBytes: number
  /** Of the frame, where its header says it. */
  readonly contentBytes: number | undefined
  readonly hasChecksum: boolean
  /** Offset of the first block. */
  readonly blocksAt: number
}

/** Section 3.1.1.1. */
function readHeader(input: Uint8Array, start: number): Frame {
  const descriptor = input[start + 4]
  const isSingle = (descriptor & 0x20) !== 0
  const dictionaryBytes = DICTIONARY_BYTES[descriptor & 3]
  const sizeBytes = isSingle && descriptor < 0x40 ? 1 : SIZE_BYTES[descriptor >> 6]
  const windowAt = start + 5
  const dictionaryAt = windowAt + (isSingle ? 0 : 1)
  const sizeAt = dictionaryAt + dictionaryBytes
  const blocksAt = sizeAt + sizeBytes
  if (blocksAt > input.length) throw tooEarly(input)
  const number = (at: number, bytes: number): number => {
    let value = 0
    for (let i = bytes - 1; i >= 0; i--) value = value * 256 + input[at + i]
    return value
  }
  if (number(dictionaryAt, dictionaryBytes) !== 0)
    throw new ContentError('unsupported', 'A preset dictionary of Zstandard', dictionaryAt)
  const base = 2 ** (10 + (input[windowAt] >> 3))
  const coded = base + (base / 8) * (input[windowAt] & 7)
  const size = sizeBytes === 0 ? undefined : number(sizeAt, sizeBytes) + (sizeBytes === 2 ? 256 : 0)
  const windowBytes = isSingle && size !== undefined ? size : coded
  return { windowBytes, contentBytes: size, hasChecksum: (descriptor & 4) !== 0, blocksAt }
}

/** What frames that follow each other share, so that many small ones cost little. */
class Shared {
  readonly #input: Uint8Array
  #window: Window | undefined
  #windowBytes = 0
  #blocks: ZstdBlocks | undefined

  constructor(input: Uint8Array) {
    this.#input = input
  }

  begin(windowBytes: number): { window: Window; blocks: ZstdBlocks } {
    if (this.#window === undefined || windowBytes > this.#windowBytes) {
      this.#window = new Window(windowBytes, MAX_BLOCK_BYTES)
      this.#windowBytes = windowBytes
    } else this.#window.reset()
    this.#blocks ??= new ZstdBlocks(this.#input, this.#window)
    this.#blocks.begin(this.#window)
    return { window: this.#window, blocks: this.#blocks }
  }
}

function* frame(input: Uint8Array, start: number, shared: Shared): Decoder {
  if (start + 8 > input.length) throw tooEarly(input)
  const magic = u32le(input, start)
  if (magic >>> 4 === SKIPPABLE_FRAME) {
    const end = start + 8 + u32le(input, start + 4)
    if (end > input.length) throw tooEarly(input)
    return end
  }
  if (magic !== FRAME) throw malformed('No header of Zstandard', start)
  const { windowBytes, contentBytes, hasChecksum, blocksAt } = readHeader(input, start)
  const { window, blocks } = shared.begin(windowBytes)
  let at = blocksAt
  let produced = 0
  const piece = (): Uint8Array => {
    const made = window.piece()
    produced += made.length
    return made
  }
  try {
    for (let isLast = false; !isLast;) {
      if (at + 3 > input.length) throw tooEarly(input)
      const header = input[at] | (input[at + 1] << 8) | (input[at + 2] << 16)
      isLast = (header & 1) !== 0
      at = decodeBlock(input, at + 3, (header >> 1) & 3, header >> 3, blocks, window)
      if (window.at < window.limit) continue
      yield piece()
      window.open()
    }
  } catch (error) {
    if (window.pending) yield window.piece()
    throw error
  }
  if (window.pending) yield piece()
  if (contentBytes !== undefined && produced !== contentBytes)
    throw malformed(`The frame holds ${produced} bytes, its header says ${contentBytes}`, at)
  at += hasChecksum ? CHECKSUM_BYTES : 0
  if (at > input.length) throw tooEarly(input)
  return at
}

/** Section 3.1.1.2. @returns the offset behind the block */
function decodeBlock(
  input: Uint8Array,
  at: number,
  type: number,
  size: number,
  blocks: ZstdBlocks,
  window: Window,
): number {
  if (size > MAX_BLOCK_BYTES) throw malformed('A block is too large', at)
  const end = at + (type === REPEATED ? 1 : size)
  const present = Math.min(end, input.length)
  if (type === RAW) {
    window.bytes.set(input.subarray(at, present), window.at)
    window.at += present - at
  } else if (end > input.length) throw tooEarly(input)
  else if (type === REPEATED) {
    window.bytes.fill(input[at], window.at, window.at + size)
    window.at += size
  } else if (type === COMPRESSED) blocks.decode(at, end)
  else throw malformed('Reserved type of block', at)
  if (present < end) throw tooEarly(input)
  return end
}

function isZstd(input: Uint8Array, at: number): boolean {
  if (at + 4 > input.length) return false
  const magic = u32le(input, at)
  return magic === FRAME || magic >>> 4 === SKIPPABLE_FRAME
}

/**
 * Zstandard (RFC 8878): all frames that follow each other, skippable ones, too. Checksums and sizes are passed over.
 * Pieces of at most 192 KiB. 150–240 MB/s.
 * @throws ContentError malformed, after everything that was decoded up to there; unsupported for dictionaries;
 * too-large where distances reach beyond the history that is kept (256 MiB)
 */
export function zstd(input: Uint8Array, start: number): Decoder {
  const shared = new Shared(input)
  return members(input, start, (bytes, at) => frame(bytes, at, shared), isZstd)
}

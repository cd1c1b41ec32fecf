import { ContentError, u32le } from '../bytes/index.ts'
import type { Decoder } from './decoder.ts'
import { members } from './members.ts'
import { Window } from './window.ts'

const FRAME = 0x184d2204
const LEGACY_FRAME = 0x184c2102
const SKIPPABLE_FRAME = 0x184d2a5
const HISTORY_BYTES = 64 << 10
/** What a sequence without further length bytes writes at most: 14 literals and a match of 18. */
const SHORT_SEQUENCE_BYTES = 32
/** A block of a legacy frame is never longer packed: 8 MiB, and a byte more for every 255. */
const MAX_LEGACY_BLOCK_BYTES = (8 << 20) + ((8 << 20) >> 7)
const UNCOMPRESSED = 0x8000_0000

// Flags of a frame.
const HAS_DICTIONARY = 1
const HAS_CONTENT_CHECKSUM = 4
const HAS_CONTENT_SIZE = 8
const HAS_BLOCK_CHECKSUM = 16

const malformed = (message: string, offset: number): ContentError => new ContentError('malformed', message, offset)
const tooEarly = (input: Uint8Array): ContentError => malformed('LZ4 ends too early', input.length)

/** Decodes blocks; what does not fit the window any more waits in the fields. */
class Blocks {
  readonly window = new Window(HISTORY_BYTES, SHORT_SEQUENCE_BYTES)
  readonly #input: Uint8Array
  #pos = 0
  #literals = 0
  #matchBytes = 0
  #distance = 0
  #hasMatch = false

  constructor(input: Uint8Array) {
    this.#input = input
  }

  *stored(start: number, end: number): Decoder {
    const { window } = this
    for (let at = start; at < end;) {
      if (window.at >= window.limit) {
        yield window.piece()
        window.open()
      }
      const take = Math.min(end - at, window.limit - window.at)
      window.bytes.set(this.#input.subarray(at, at + take), window.at)
      window.at += take
      at += take
    }
    return end
  }

  *packed(start: number, end: number): Decoder {
    this.#pos = start
    this.#literals = 0
    this.#matchBytes = 0
    this.#hasMatch = false
    while (this.#sequences(end)) {
      yield this.window.piece()
      this.window.open()
    }
    return end
  }

  /** Decodes until the block ends (false) or the window is full (true). */
  #sequences(end: number): boolean {
    const { window } = this
    const input = this.#input
    while (window.at < window.limit) {
      if (this.#literals > 0) this.#copyLiterals(end)
      else if (this.#hasMatch) this.#startMatch(end)
      else if (this.#matchBytes > 0) this.#copyMatch()
      else {
        if (this.#pos >= end) return false
        const token = input[this.#pos++]
        if (token < 0xf0 && (token & 15) < 15 && this.#pos + 16 <= end) {
          this.#short(token)
          continue
        }
        this.#literals = token >> 4
        if (this.#literals === 15) this.#literals += this.#moreLength(end)
        this.#matchBytes = token & 15
        this.#hasMatch = true
      }
    }
    return true
  }

  /** A whole sequence without further length bytes, all of which is there. */
  #short(token: number): void {
    const { window } = this
    const { bytes } = window
    const input = this.#input
    let { at } = window
    let pos = this.#pos
    for (const stop = pos + (token >> 4); pos < stop;) bytes[at++] = input[pos++]
    const distance = input[pos] | (input[pos + 1] << 8)
    window.at = at
    this.#pos = pos + 2
    if (distance === 0) throw malformed('A distance of zero', this.#pos)
    if (distance > at) window.tooFar(distance, pos)
    let from = at - distance
    for (const stop = at + (token & 15) + 4; at < stop;) bytes[at++] = bytes[from++]
    window.at = at
  }

  #moreLength(end: number): number {
    let sum = 0
    for (;;) {
      if (this.#pos >= end) throw malformed('An LZ4 block ends too early', end)
      const byte = this.#input[this.#pos++]
      sum += byte
      if (byte !== 255) return sum
    }
  }

  #copyLiterals(end: number): void {
    const { window } = this
    const input = this.#input
    const take = Math.min(this.#literals, window.limit - window.at, end - this.#pos)
    if (take <= 0) throw malformed('An LZ4 block ends too early', end)
    const { bytes } = window
    let { at } = window
    let pos = this.#pos
    if (take > 32) bytes.set(input.subarray(pos, pos + take), at)
    else for (const stop = pos + take; pos < stop;) bytes[at++] = input[pos++]
    window.at += take
    this.#pos += take
    this.#literals -= take
  }

  /** Behind the literals: the last sequence has no match. */
  #startMatch(end: number): void {
    this.#hasMatch = false
    const input = this.#input
    if (this.#pos >= end && this.#matchBytes === 0) return
    if (this.#pos + 2 > end) throw malformed('An LZ4 block ends too early', end)
    this.#distance = input[this.#pos] | (input[this.#pos + 1] << 8)
    this.#pos += 2
    if (this.#distance === 0) throw malformed('A distance of zero', this.#pos)
    if (this.#matchBytes === 15) this.#matchBytes += this.#moreLength(end)
    this.#matchBytes += 4
    this.#copyMatch()
  }

  #copyMatch(): void {
    const { window } = this
    const take = Math.min(this.#matchBytes, window.limit + SHORT_SEQUENCE_BYTES - window.at)
    window.copy(this.#distance, take, this.#pos)
    this.#matchBytes -= take
  }
}

/** One frame of any kind. */
function* frame(input: Uint8Array, start: number, blocks: Blocks): Decoder {
  if (start + 4 > input.length) throw tooEarly(input)
  const magic = u32le(input, start)
  if (magic !== LEGACY_FRAME && start + 8 > input.length) throw tooEarly(input)
  if (magic >>> 4 === SKIPPABLE_FRAME) {
    const end = start + 8 + u32le(input, start + 4)
    if (end > input.length) throw tooEarly(input)
    return end
  }
  if (magic !== FRAME && magic !== LEGACY_FRAME) throw malformed('No header of LZ4', start)
  const { window } = blocks
  window.reset()
  try {
    const end = yield* magic === FRAME ? frameBlocks(input, start, blocks) : legacyBlocks(input, start, blocks)
    if (window.pending) yield window.piece()
    return end
  } catch (error) {
    if (window.pending) yield window.piece()
    throw error
  }
}

function* frameBlocks(input: Uint8Array, start: number, blocks: Blocks): Decoder {
  const flags = input[start + 4]
  if (flags >> 6 !== 1) throw new ContentError('unsupported', `Version ${flags >> 6} of LZ4 frames`, start + 4)
  if ((flags & HAS_DICTIONARY) !== 0) throw new ContentError('unsupported', 'A preset dictionary of LZ4', start + 4)
  const blockChecksumBytes = (flags & HAS_BLOCK_CHECKSUM) !== 0 ? 4 : 0
  let at = start + 7 + ((flags & HAS_CONTENT_SIZE) !== 0 ? 8 : 0)
  for (;;) {
    if (at + 4 > input.length) throw tooEarly(input)
    const size = u32le(input, at)
    at += 4
    if (size === 0) break
    const end = at + (size & (UNCOMPRESSED - 1))
    const present = Math.min(end, input.length)
    yield* size >= UNCOMPRESSED ? blocks.stored(at, present) : blocks.packed(at, present)
    at = end + blockChecksumBytes
  }
  at += (flags & HAS_CONTENT_CHECKSUM) !== 0 ? 4 : 0
  if (at > input.length) throw tooEarly(input)
  return at
}

/** Behind the last block of a legacy frame. */
const MAX_LEGACY_TAIL_BYTES = 16

/** Blocks up to the end of the input, or to what can be no size of a block. */
function* legacyBlocks(input: Uint8Array, start: number, blocks: Blocks): Decoder {
  let at = start + 4
  while (at + 4 <= input.length) {
    const size = u32le(input, at)
    if (size === 0 || size > MAX_LEGACY_BLOCK_BYTES) {
      // A kernel's image ends with its size; more than that is a block that cannot be read.
      if (size !== 0 && !isLz4(input, at) && at + MAX_LEGACY_TAIL_BYTES < input.length)
        throw malformed('A block of LZ4 that is longer than they may be', at)
      break
    }
    const end = at + 4 + size
    yield* blocks.packed(at + 4, Math.min(end, input.length))
    if (end > input.length) throw tooEarly(input)
    at = end
  }
  return at
}

/**
 * Whether the first frame from `start` on that holds something is one of LZ4. Skippable frames are the same in LZ4 and
 * Zstandard, so a file that starts with one may be either.
 */
export function leadsToLz4(input: Uint8Array, start: number): boolean {
  for (let at = start; at + 4 <= input.length;) {
    const magic = u32le(input, at)
    if (magic >>> 4 !== SKIPPABLE_FRAME) return magic === FRAME || magic === LEGACY_FRAME
    if (at + 8 > input.length) return false
    at += 8 + u32le(input, at + 4)
  }
  return false
}

function isLz4(input: Uint8Array, at: number): boolean {
  if (at + 4 > input.length) return false
  const magic = u32le(input, at)
  return magic === FRAME || magic === LEGACY_FRAME || magic >>> 4 === SKIPPABLE_FRAME
}

/**
 * LZ4: all frames that follow each other, legacy and skippable ones, too. Checksums and sizes are passed over. Pieces
 * of at most 65 KiB. 300–400 MB/s. Source: LZ4 frame format 1.6.4, LZ4 block format.
 * @throws ContentError malformed, after everything that was decoded up to there; unsupported for dictionaries
 */
export function lz4(input: Uint8Array, start: number): Decoder {
  const blocks = new Blocks(input)
  return members(input, start, (bytes, at) => frame(bytes, at, blocks), isLz4)
}

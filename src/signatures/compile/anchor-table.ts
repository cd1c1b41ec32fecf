import { ANCHOR_WORDS, ENTRY_WORDS, hashWindow, type TableMeta } from '../image/layout.ts'
import type { Anchor } from './anchors.ts'
import { GrowableWords } from './growable.ts'

// The anchor table of one target: a bitmap over hashed windows, buckets, entries.

/** Bits of the bitmap per entry: fewer mean more false hits, more mean more cache misses. */
const BITMAP_BITS_PER_ENTRY = 32
const MIN_BITMAP_BITS = 15
/** 2^22 bits are 512 KiB, the second-level cache of a current core. */
const MAX_BITMAP_BITS = 22

/** Collects what one target must search for. */
export class AnchorCollector {
  /** Six words an entry: the entry's four, then the anchor's two. */
  readonly words = new GrowableWords()
  readonly always = new GrowableWords()
  readonly direct = new GrowableWords()

  get entries(): number {
    return this.words.length / (ENTRY_WORDS + ANCHOR_WORDS)
  }

  addAnchor(pattern: number, anchor: Anchor): void {
    for (const window of anchor.windows()) {
      this.words.push(window)
      this.words.push(anchor.extraValue)
      this.words.push(anchor.extraMask)
      this.words.push(anchor.extraAt >>> 0)
      this.words.push(pattern)
      this.words.push(((anchor.part << 24) | anchor.distance) >>> 0)
    }
  }
}

export interface AnchorTable {
  readonly meta: TableMeta
  readonly bitmap: Uint8Array
  readonly starts: Uint32Array
  readonly entries: Uint32Array
  readonly anchors: Uint32Array
  readonly always: Uint32Array
  readonly direct: Uint32Array
}

function concatenate(parts: readonly Uint32Array[]): Uint32Array {
  const all = new Uint32Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

const clamp = (value: number, low: number, high: number): number => Math.max(low, Math.min(high, value))

/** Merges collectors (those of a target and of "any") into one table. */
export function buildAnchorTable(target: number, collectors: readonly AnchorCollector[]): AnchorTable {
  const words = concatenate(collectors.map(collector => collector.words.view()))
  const stride = ENTRY_WORDS + ANCHOR_WORDS
  const count = words.length / stride
  const bitmapBits = clamp(
    Math.ceil(Math.log2(Math.max(1, count) * BITMAP_BITS_PER_ENTRY)),
    MIN_BITMAP_BITS,
    MAX_BITMAP_BITS,
  )
  const bucketBits = clamp(Math.ceil(Math.log2(Math.max(1, count))) - 1, 4, bitmapBits)
  const bitmap = new Uint8Array(1 << (bitmapBits - 3))
  const starts = new Uint32Array((1 << bucketBits) + 1)
  for (let i = 0; i < count; i++) {
    const hash = hashWindow(words[i * stride])
    const bit = hash >>> (32 - bitmapBits)
    bitmap[bit >> 3] |= 1 << (bit & 7)
    starts[(hash >>> (32 - bucketBits)) + 1]++
  }
  for (let b = 1; b < starts.length; b++) starts[b] += starts[b - 1]
  const next = starts.slice()
  const entries = new Uint32Array(count * ENTRY_WORDS)
  const anchors = new Uint32Array(count * ANCHOR_WORDS)
  for (let i = 0; i < count; i++) {
    const at = next[hashWindow(words[i * stride]) >>> (32 - bucketBits)]++
    entries.set(words.subarray(i * stride, i * stride + ENTRY_WORDS), at * ENTRY_WORDS)
    anchors.set(words.subarray(i * stride + ENTRY_WORDS, (i + 1) * stride), at * ANCHOR_WORDS)
  }
  const always = concatenate(collectors.map(collector => collector.always.view()))
  const direct = concatenate(collectors.map(collector => collector.direct.view()))
  const meta = { target, entries: count, bitmapBits, bucketBits, always: always.length, direct: direct.length }
  return { meta, bitmap, starts, entries, anchors, always, direct }
}

import {
  ANCHOR_WORDS,
  DISTANCE_BIAS,
  ENTRY_WORDS,
  filterMask,
  filterWord,
  hashPair,
  hashWindow,
  type BucketMeta,
  type TableMeta,
} from '../image/layout.ts'
import type { Anchor } from './anchors.ts'
import { GrowableWords } from './growable.ts'

// The anchor table of one target. A filter over the hashed windows of all entries (two bits in one word each) decides
// which positions are looked at. There, entries are found in buckets: most by the window together with the four bytes
// behind it, for which there is a second filter, because windows alone are too common (`6e 00 69 00` has 200 entries in
// the official set and is at every 250th position of Windows programs); the others by the window.

/** Bits of a filter per entry: fewer mean more false hits, more mean more cache misses. */
const FILTER_BITS_PER_ENTRY = 32
const MIN_FILTER_BITS = 15
/** 2^22 bits are 512 KiB, the second-level cache of a current core. */
const MAX_FILTER_BITS = 22
/** Patterns up to which the prefilter skips positions: beyond, the table would leave the cache. */
const MAX_STRIDE_PATTERNS = 65_536
/**
 * Windows in a row of an anchor, and so the stride of its table. The official signatures for PE have short patterns: with
 * four phases 35 of them had no anchor and were searched for in every program, which took half of the time.
 */
export const phasesOf = (target: number): number => (target === 1 ? 2 : 4)
/** Signatures for any target are entered into tables of both kinds. */
export const ALL_PHASES: readonly number[] = [4, 2]
/** Words of one collected entry: the entry's, the anchor's, and which of its anchor's windows it is. */
const STRIDE_WORDS = ENTRY_WORDS + ANCHOR_WORDS + 1

/** Collects what one target must search for. */
export class AnchorCollector {
  readonly words = new GrowableWords()
  readonly always = new GrowableWords()
  readonly direct = new GrowableWords()
  patterns = 0

  addAnchor(pattern: number, anchor: Anchor): void {
    this.patterns++
    anchor.windows().forEach((window, phase) => {
      for (const spelling of window.spellings) {
        this.words.push(spelling)
        this.words.push(window.extraValue)
        this.words.push(window.extraMask)
        this.words.push(window.extraAt >>> 0)
        this.words.push(pattern)
        this.words.push(((anchor.part << 24) | (window.distance + DISTANCE_BIAS)) >>> 0)
        this.words.push(phase)
      }
    })
  }
}

/** The collected entries that a stride needs: without one, the second window of each anchor, which never lies before its part. */
function entriesFor(words: Uint32Array, stride: number): Uint32Array {
  if (stride > 1) return words
  const kept = new GrowableWords()
  for (let at = 0; at < words.length; at += STRIDE_WORDS)
    if (words[at + STRIDE_WORDS - 1] === 1) for (let i = 0; i < STRIDE_WORDS; i++) kept.push(words[at + i])
  return kept.view()
}

export interface AnchorTable {
  readonly meta: TableMeta
  readonly filter: Uint32Array
  readonly starts: Uint32Array
  readonly pairFilter: Uint32Array
  readonly pairStarts: Uint32Array
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

function sizesFor(count: number): BucketMeta {
  const bits = Math.ceil(Math.log2(Math.max(1, count)))
  const filterBits = clamp(bits + Math.log2(FILTER_BITS_PER_ENTRY), MIN_FILTER_BITS, MAX_FILTER_BITS)
  return { filterBits, bucketBits: clamp(bits - 1, 4, filterBits) }
}

/** True where every bit of the four bytes behind a window is known, but for the case of letters. */
function isPair(words: Uint32Array, at: number): boolean {
  const mask = words[at + 2]
  const known = (mask & 0xdfdfdfdf) >>> 0 === 0xdfdfdfdf
  return known && (words[at + 3] | 0) === 4
}

const windowHash = (words: Uint32Array, at: number): number => hashWindow(words[at])
const pairHash = (words: Uint32Array, at: number): number => hashPair(hashWindow(words[at]), words[at + 1])

function fillFilter(
  places: readonly number[],
  words: Uint32Array,
  hashOf: typeof windowHash,
  filterBits: number,
): Uint32Array {
  const filter = new Uint32Array(1 << (filterBits - 5))
  for (const at of places) {
    const hash = hashOf(words, at)
    filter[filterWord(hash, filterBits)] |= filterMask(hash)
  }
  return filter
}

/** Sorts places by bucket, keeping their order inside one; `starts` count from `first`. */
function sortIntoBuckets(
  places: readonly number[],
  words: Uint32Array,
  hashOf: typeof windowHash,
  bucketBits: number,
  first: number,
): { starts: Uint32Array; sorted: Uint32Array } {
  const starts = new Uint32Array((1 << bucketBits) + 1)
  const shift = 32 - bucketBits
  for (const at of places) starts[(hashOf(words, at) >>> shift) + 1]++
  starts[0] = first
  for (let b = 1; b < starts.length; b++) starts[b] += starts[b - 1]
  const next = starts.slice()
  const sorted = new Uint32Array(places.length)
  for (const at of places) sorted[next[hashOf(words, at) >>> shift]++ - first] = at
  return { starts, sorted }
}

/** Merges collectors (those of a target and of "any") into one table. */
export function buildAnchorTable(target: number, collectors: readonly AnchorCollector[]): AnchorTable {
  const patterns = collectors.reduce((sum, collector) => sum + collector.patterns, 0)
  const stride = patterns <= MAX_STRIDE_PATTERNS ? phasesOf(target) : 1
  const words = entriesFor(concatenate(collectors.map(collector => collector.words.view())), stride)
  const places = Array.from({ length: words.length / STRIDE_WORDS }, (_, i) => i * STRIDE_WORDS)
  const singles = places.filter(at => !isPair(words, at))
  const pairs = places.filter(at => isPair(words, at))
  const single = { filterBits: sizesFor(places.length).filterBits, bucketBits: sizesFor(singles.length).bucketBits }
  const pair = sizesFor(pairs.length)
  const singleBuckets = sortIntoBuckets(singles, words, windowHash, single.bucketBits, 0)
  const pairBuckets = sortIntoBuckets(pairs, words, pairHash, pair.bucketBits, singles.length)
  const entries = new Uint32Array(places.length * ENTRY_WORDS)
  const anchors = new Uint32Array(places.length * ANCHOR_WORDS)
  concatenate([singleBuckets.sorted, pairBuckets.sorted]).forEach((at, i) => {
    entries.set(words.subarray(at, at + ENTRY_WORDS), i * ENTRY_WORDS)
    anchors.set(words.subarray(at + ENTRY_WORDS, at + ENTRY_WORDS + ANCHOR_WORDS), i * ANCHOR_WORDS)
  })
  const always = concatenate(collectors.map(collector => collector.always.view()))
  const direct = concatenate(collectors.map(collector => collector.direct.view()))
  const meta = {
    target,
    entries: places.length,
    firstPair: singles.length,
    stride,
    single,
    pair,
    always: always.length,
    direct: direct.length,
  }
  return {
    meta,
    filter: fillFilter(places, words, windowHash, single.filterBits),
    starts: singleBuckets.starts,
    pairFilter: fillFilter(pairs, words, pairHash, pair.filterBits),
    pairStarts: pairBuckets.starts,
    entries,
    anchors,
    always,
    direct,
  }
}

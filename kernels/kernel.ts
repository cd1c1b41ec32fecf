// The prefilter in AssemblyScript: at every position, hash of four bytes -> two bits in one word of a filter -> bucket of
// anchor entries -> window and four more bytes compared exactly -> candidate. The reference version in TypeScript is
// createReferenceKernel in src/match/kernel.ts; both are tested against each other.
//
// All pointers are bytes in the imported memory. Content must have 8 readable bytes before and after it.

// Tried and dropped (2026-11): folding the case of letters in the hash of windows, to save the spellings of patterns
// without case: entries 309,000 -> 233,000, but positions that pass the filter 4.7 % -> 7.3 %, PE 600 -> 400 MB/s.
const MULTIPLIER: u32 = 0x9e3779b1
/** What the tables look like to this kernel; src/match/kernel.ts refuses another one. */
export const version: u32 = 4
/** Bytes of one entry: window, extra value, extra mask, extra distance. */
const ENTRY_BYTES: usize = 16

/** Where a call stopped: next position, next entry in that position's bucket (0: from its start). */
const STATE_POSITION: usize = 0
const STATE_ENTRY: usize = 4

/** Case of letters does not matter to the hash of a window and its following four bytes. */
const FOLD: u32 = 0xdfdfdfdf
const MIX: u32 = 0x85ebca6b

// What one call works with; set by scan, read by buckets. The kernel is one instance per thread.
let out: usize = 0
let capacity: u32 = 0
let count: u32 = 0

/**
 * Finds candidates at positions start, start + stride, ... up to end (exclusive) of content.
 * @param firstEntry - entry to go on with at `start`, from the state of the call before; 0 at first
 * @param table - ten u32: filter, shift of its word index, starts, shift of their bucket number (for single windows);
 *   the same four for pairs of windows; entries; number of the first entry of a pair
 * @param output - candidates as pairs of u32: position, entry
 * @param room - pairs that `output` can take; the call ends early when it is full
 * @param state - two u32: position and entry to go on with; position is not below `end` when all was looked at
 * @returns number of pairs written
 */
export function scan(
  content: usize, start: u32, end: u32, stride: u32, firstEntry: u32, table: usize, output: usize, room: u32, state: usize,
): u32 {
  const filter = <usize>load<u32>(table), filterShift = load<u32>(table, 4)
  const starts = <usize>load<u32>(table, 8), bucketShift = load<u32>(table, 12)
  const pairFilter = <usize>load<u32>(table, 16), pairFilterShift = load<u32>(table, 20)
  const pairStarts = <usize>load<u32>(table, 24), pairBucketShift = load<u32>(table, 28)
  const entries = <usize>load<u32>(table, 32), firstPair = load<u32>(table, 36)
  out = output
  capacity = room
  count = 0
  let position = start
  let resume = firstEntry
  while (position < end) {
    if (resume == 0) {
      position = skip(content, position, end, stride, filter, filterShift)
      if (position >= end) break
    }
    const at = content + position
    const hash = load<u32>(at) * MULTIPLIER
    let stopped: u32 = 0
    if (resume < firstPair) {
      const bucket = starts + (<usize>(hash >>> bucketShift) << 2)
      stopped = compare(at, position, entries, resume == 0 ? load<u32>(bucket) : resume, load<u32>(bucket, 4))
      resume = 0
    }
    if (!stopped) {
      let mixed = hash ^ (load<u32>(at, 4) & FOLD)
      mixed = (mixed ^ (mixed >>> 15)) * MIX
      if (filtered(mixed, pairFilter, pairFilterShift) & 1) {
        const bucket = pairStarts + (<usize>(mixed >>> pairBucketShift) << 2)
        stopped = compare(at, position, entries, resume == 0 ? load<u32>(bucket) : resume, load<u32>(bucket, 4))
      }
      resume = 0
    }
    if (stopped) {
      store<u32>(state, position, STATE_POSITION)
      store<u32>(state, stopped - 1, STATE_ENTRY)
      return count
    }
    position += stride
  }
  store<u32>(state, position, STATE_POSITION)
  store<u32>(state, 0, STATE_ENTRY)
  return count
}

/** Compares entries [entry, last) at one position; answers 0, or the entry for which there was no room, plus 1. */
// @ts-ignore: decorator
@inline
function compare(at: usize, position: u32, entries: usize, first: u32, last: u32): u32 {
  const window = load<u32>(at)
  for (let entry = first; entry < last; entry++) {
    const record = entries + <usize>entry * ENTRY_BYTES
    if (load<u32>(record) != window) continue
    if ((load<u32>(at + <isize>load<i32>(record, 12)) & load<u32>(record, 8)) != load<u32>(record, 4)) continue
    if (count == capacity) return entry + 1
    const pair = out + (<usize>count << 3)
    store<u32>(pair, position)
    store<u32>(pair, entry, 4)
    count++
  }
  return 0
}

/** First of the positions from `position` on whose window passes the filter, or one that is not below end. */
// @ts-ignore: decorator
@inline
function skip(content: usize, position: u32, end: u32, stride: u32, filter: usize, shift: u32): u32 {
  const stride2 = stride << 1
  const stride3 = stride2 + stride
  while (position + stride3 < end) {
    const at = content + position
    const hitA = filtered(load<u32>(at) * MULTIPLIER, filter, shift)
    const hitB = filtered(load<u32>(at + stride) * MULTIPLIER, filter, shift)
    const hitC = filtered(load<u32>(at + stride2) * MULTIPLIER, filter, shift)
    const hitD = filtered(load<u32>(at + stride3) * MULTIPLIER, filter, shift)
    if ((hitA | hitB | hitC | hitD) & 1) {
      if (hitA & 1) return position
      if (hitB & 1) return position + stride
      return position + (hitC & 1 ? stride2 : stride3)
    }
    position += stride3 + stride
  }
  while (position < end && !(filtered(load<u32>(content + position) * MULTIPLIER, filter, shift) & 1)) position += stride
  return position
}

/** Lowest bit: both bits of the hash are set in its word. Shift counts are taken modulo 32. */
// @ts-ignore: decorator
@inline
function filtered(hash: u32, filter: usize, shift: u32): u32 {
  const word = load<u32>(filter + (<usize>(hash >>> shift) << 2))
  return (word >>> (hash >>> 10)) & (word >>> (hash >>> 5))
}

/**
 * First position in [from, to) at which three bytes fit: (content[position + oN] & mN) == vN; `to` where there is none.
 * Reads up to 16 bytes behind the last position's bytes.
 */
export function seek(
  content: usize, from: u32, to: u32,
  o0: u32, v0: u32, m0: u32, o1: u32, v1: u32, m1: u32, o2: u32, v2: u32, m2: u32,
): u32 {
  const values0 = i8x16.splat(<i8>v0), masks0 = i8x16.splat(<i8>m0)
  const values1 = i8x16.splat(<i8>v1), masks1 = i8x16.splat(<i8>m1)
  const values2 = i8x16.splat(<i8>v2), masks2 = i8x16.splat(<i8>m2)
  for (let position = from; position < to; position += 16) {
    const at = content + position
    const fit0 = i8x16.eq(v128.and(v128.load(at + o0), masks0), values0)
    const fit1 = i8x16.eq(v128.and(v128.load(at + o1), masks1), values1)
    const both = v128.and(fit0, fit1)
    if (!v128.any_true(both)) continue
    const fit2 = i8x16.eq(v128.and(v128.load(at + o2), masks2), values2)
    const lanes = i8x16.bitmask(v128.and(both, fit2))
    if (lanes == 0) continue
    const found = position + <u32>ctz(lanes)
    return found < to ? found : to
  }
  return to
}

/** Bits of one byte of the fingerprints at sixteen positions: those of its low half and those of its high half. */
// @ts-ignore: decorator
@inline
function bitsOf(low: v128, high: v128, lowHalves: v128, highHalves: v128): v128 {
  return v128.and(i8x16.relaxed_swizzle(low, lowHalves), i8x16.relaxed_swizzle(high, highHalves))
}

/**
 * Bits of the fingerprints that stand at positions [from, to), and perhaps of some up to sixteen positions behind.
 * src/match/presence.ts draws the tables. Reads up to 32 bytes behind the last position.
 */
// Each sixteen bytes are loaded and halved once, and what they say of the second and third byte is shifted into place:
// 0.107 ms/MB; three loads of their own and three times halves: 0.202 (2026-11).
export function present(content: usize, from: u32, to: u32, tables: usize): u32 {
  const low0 = v128.load(tables), high0 = v128.load(tables, 16)
  const low1 = v128.load(tables, 32), high1 = v128.load(tables, 48)
  const low2 = v128.load(tables, 64), high2 = v128.load(tables, 80)
  const mask = i8x16.splat(15)
  const end = content + to
  let at = content + from
  let bytes = v128.load(at)
  let low = v128.and(bytes, mask), high = v128.and(i16x8.shr_u(bytes, 4), mask)
  let first = bitsOf(low0, high0, low, high)
  let second = bitsOf(low1, high1, low, high)
  let third = bitsOf(low2, high2, low, high)
  let all = i8x16.splat(0)
  while (at < end) {
    at += 16
    bytes = v128.load(at)
    low = v128.and(bytes, mask)
    high = v128.and(i16x8.shr_u(bytes, 4), mask)
    const secondNext = bitsOf(low1, high1, low, high)
    const thirdNext = bitsOf(low2, high2, low, high)
    const both = v128.and(
      v128.shuffle<u8>(second, secondNext, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16),
      v128.shuffle<u8>(third, thirdNext, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17),
    )
    all = v128.or(all, v128.and(first, both))
    first = bitsOf(low0, high0, low, high)
    second = secondNext
    third = thirdNext
  }
  const words = i64x2.extract_lane(all, 0) | i64x2.extract_lane(all, 1)
  const word = <u32>words | <u32>(words >>> 32)
  const half = word | (word >>> 16)
  return (half | (half >>> 8)) & 0xff
}

/** Moves the bytes of eight that are kept to the front, by a table of their places; answers how many there are. */
// @ts-ignore: decorator
@inline
function pack(target: usize, bytes: v128, kept: u32, places: usize): u32 {
  const order = v128.load64_zero(places + (<usize>kept << 3))
  v128.store64_lane(target, i8x16.swizzle(bytes, order), 0)
  return popcnt(kept)
}

/**
 * Puts text into its normal form where it stands: letters in lower case, white space as spaces, a second space and what
 * is neither ASCII nor white space left out. The reference is in src/match/kernel.ts.
 * @param forms - 256 bytes: what becomes of each byte, 0 for nothing; then for each set of eight bytes their places in
 *   order, eight bytes each
 * @param state - one u32: not 0 when anything changed
 * @returns the length of the normal form
 */
// Sixteen bytes at a time, where none of them is dropped for what it is: 0.34 ms/MB; byte by byte 1.9 (2026-11).
export function normalise(content: usize, length: u32, forms: usize, state: usize): u32 {
  const places = forms + 256
  const end = content + <usize>length
  const space = i8x16.splat(0x20)
  let target = content
  let at = content
  /** 1 where what was kept last is a space. */
  let spaced: u32 = 0
  let changed: u32 = 0
  while (at < end) {
    // Behind the end of the content there are always sixteen bytes that may be read.
    const bytes = v128.load(at)
    const white = v128.or(
      i8x16.eq(bytes, space),
      i8x16.lt_u(i8x16.sub(bytes, i8x16.splat(0x09)), i8x16.splat(5)),
    )
    const plain = i8x16.lt_u(i8x16.sub(bytes, i8x16.splat(0x21)), i8x16.splat(0x5f))
    if (at + 16 > end || !i8x16.all_true(v128.or(white, plain))) {
      for (const stop = min<usize>(at + 16, end); at < stop; at++) {
        const byte: u32 = load<u8>(at)
        const form: u32 = load<u8>(forms + <usize>byte)
        const isSpace = u32(form == 0x20)
        const kept = u32(form != 0) & ((isSpace & spaced) ^ 1)
        store<u8>(target, form)
        changed |= (form ^ byte) | (kept ^ 1)
        spaced = select<u32>(isSpace, spaced, kept)
        target += <usize>kept
      }
      continue
    }
    const capital = i8x16.lt_u(i8x16.sub(bytes, i8x16.splat(0x41)), i8x16.splat(26))
    const form = v128.bitselect(space, v128.or(bytes, v128.and(capital, space)), white)
    const spaces: u32 = i8x16.bitmask(white)
    const twice = spaces & ((spaces << 1) | spaced)
    changed |= twice | u32(v128.any_true(v128.xor(form, bytes)))
    spaced = spaces >>> 15
    at += 16
    if (twice == 0) {
      v128.store(target, form)
      target += 16
      continue
    }
    const kept = ~twice
    target += <usize>pack(target, form, kept & 0xff, places)
    const high = v128.shuffle<u8>(form, form, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15)
    target += <usize>pack(target, high, (kept >>> 8) & 0xff, places)
  }
  store<u32>(state, changed)
  return <u32>(target - content)
}

// The prefilter in AssemblyScript: for every position, hash of four bytes -> bit in a bitmap -> bucket of anchor
// entries -> window and four more bytes compared exactly -> candidate. The reference version in TypeScript is
// createReferenceKernel in src/match/kernel.ts; both are tested against each other.
//
// All pointers are bytes in the imported memory. Content must have 8 readable bytes before and after it.

const MULTIPLIER: u32 = 0x9e3779b1
/** Bytes of one entry: window, extra value, extra mask, extra distance. */
const ENTRY_BYTES: usize = 16

/** Where a call stopped: next position, next entry in that position's bucket (0: from its start). */
const STATE_POSITION: usize = 0
const STATE_ENTRY: usize = 4

/**
 * Finds candidates at positions [start, end) of content.
 * @param firstEntry - entry to go on with at `start`, from the state of the call before; 0 at first
 * @param out - candidates as pairs of u32: position, entry
 * @param capacity - pairs that `out` can take; the call ends early when it is full
 * @param state - two u32: position and entry to go on with; position is `end` when all was looked at
 * @returns number of pairs written
 */
export function scan(
  content: usize, start: u32, end: u32, firstEntry: u32,
  bitmap: usize, bitmapShift: u32, starts: usize, bucketShift: u32, entries: usize,
  out: usize, capacity: u32, state: usize,
): u32 {
  let count: u32 = 0
  let position = start
  let resume = firstEntry
  while (position < end) {
    if (resume == 0) {
      position = skip(content, position, end, bitmap, bitmapShift)
      if (position >= end) break
    }
    const at = content + position
    const window = load<u32>(at)
    const bucket = starts + ((<usize>((window * MULTIPLIER) >>> bucketShift)) << 2)
    const last = load<u32>(bucket, 4)
    let entry = resume == 0 ? load<u32>(bucket) : resume
    resume = 0
    for (; entry < last; entry++) {
      const record = entries + <usize>entry * ENTRY_BYTES
      if (load<u32>(record) != window) continue
      if ((load<u32>(at + <isize>load<i32>(record, 12)) & load<u32>(record, 8)) != load<u32>(record, 4)) continue
      if (count == capacity) {
        store<u32>(state, position, STATE_POSITION)
        store<u32>(state, entry, STATE_ENTRY)
        return count
      }
      const pair = out + (<usize>count << 3)
      store<u32>(pair, position)
      store<u32>(pair, entry, 4)
      count++
    }
    position++
  }
  store<u32>(state, end, STATE_POSITION)
  store<u32>(state, 0, STATE_ENTRY)
  return count
}

/** First position in [position, end) whose window's bit is set, or end. */
// @ts-ignore: decorator
@inline
function skip(content: usize, position: u32, end: u32, bitmap: usize, shift: u32): u32 {
  while (position + 4 <= end) {
    const at = content + position
    const a = (load<u32>(at) * MULTIPLIER) >>> shift
    const b = (load<u32>(at, 1) * MULTIPLIER) >>> shift
    const c = (load<u32>(at, 2) * MULTIPLIER) >>> shift
    const d = (load<u32>(at, 3) * MULTIPLIER) >>> shift
    if ((<u32>load<u8>(bitmap + (a >>> 3)) >>> (a & 7)) & 1) return position
    if ((<u32>load<u8>(bitmap + (b >>> 3)) >>> (b & 7)) & 1) return position + 1
    if ((<u32>load<u8>(bitmap + (c >>> 3)) >>> (c & 7)) & 1) return position + 2
    if ((<u32>load<u8>(bitmap + (d >>> 3)) >>> (d & 7)) & 1) return position + 3
    position += 4
  }
  for (; position < end; position++) {
    const a = (load<u32>(content + position) * MULTIPLIER) >>> shift
    if ((<u32>load<u8>(bitmap + (a >>> 3)) >>> (a & 7)) & 1) return position
  }
  return end
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

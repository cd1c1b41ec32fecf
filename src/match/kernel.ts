import { hashWindow, ENTRY_WORDS, type AnchorTableView } from '../signatures/index.ts'

// The prefilter as the matcher sees it: candidates of one anchor table in one piece of content.

/** Bytes that must be readable before and after content in the shared memory. */
export const CONTENT_MARGIN_BYTES = 64
/** Candidates that one call hands over. */
export const CANDIDATE_CAPACITY = 8192

/** Three bytes that a part must have: offset, value and mask of each; nine numbers. */
export type Probe = readonly number[]

export interface Kernel {
  /** Pairs position, entry; valid until the next call. */
  readonly candidates: Uint32Array
  /** Position and entry to go on with after a call. */
  readonly state: Uint32Array
  /**
   * Looks at positions [start, end) of the content in the window; at each position four bytes must be in the content.
   * @returns number of candidates
   */
  scan(table: AnchorTableView, start: number, end: number, firstEntry: number): number
  /** First position in [from, to) of the window at which the probe fits, or `to`. Cost: about 0.1 ns a byte. */
  seek(probe: Probe, from: number, to: number): number
}

/** What a thread owns of the shared memory: content with margins, then the kernel's output. */
export interface ThreadMemory {
  readonly memory: WebAssembly.Memory
  /** Address of the first byte of the window. */
  readonly windowAt: number
  /** Address of CANDIDATE_CAPACITY pairs, then two words of state; a multiple of 8. */
  readonly outAt: number
}

export const KERNEL_OUT_BYTES = CANDIDATE_CAPACITY * 8 + 8

type SeekFunction = (content: number, from: number, to: number, ...probe: readonly number[]) => number
type ScanFunction = (
  content: number,
  start: number,
  end: number,
  firstEntry: number,
  bitmap: number,
  bitmapShift: number,
  starts: number,
  bucketShift: number,
  entries: number,
  out: number,
  capacity: number,
  state: number,
) => number

/** The kernel in WebAssembly over a shared memory. @param module - compiled dist/kernel.wasm */
export function createKernel(module: WebAssembly.Module, thread: ThreadMemory): Kernel {
  const { memory, windowAt, outAt } = thread
  const instance = new WebAssembly.Instance(module, { env: { memory, abort: () => {} } })
  const run = instance.exports['scan'] as ScanFunction
  const seek = instance.exports['seek'] as SeekFunction
  const stateAt = outAt + CANDIDATE_CAPACITY * 8
  return {
    candidates: new Uint32Array(memory.buffer, outAt, CANDIDATE_CAPACITY * 2),
    state: new Uint32Array(memory.buffer, stateAt, 2),
    seek: (p, from, to) => seek(windowAt, from, to, p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8]),
    scan: (table, start, end, firstEntry) =>
      run(
        windowAt,
        start,
        end,
        firstEntry,
        table.bitmap.byteOffset,
        32 - table.meta.bitmapBits,
        table.starts.byteOffset,
        32 - table.meta.bucketBits,
        table.entries.byteOffset,
        outAt,
        CANDIDATE_CAPACITY,
        stateAt,
      ),
  }
}

/** The same in TypeScript, over any array: the oracle of the kernel's tests, and what runs where no kernel was built. */
export function createReferenceKernel(window: Uint8Array, capacity = CANDIDATE_CAPACITY): Kernel {
  const candidates = new Uint32Array(capacity * 2)
  const state = new Uint32Array(2)
  const load = (at: number): number =>
    ((window[at] ?? 0) |
      ((window[at + 1] ?? 0) << 8) |
      ((window[at + 2] ?? 0) << 16) |
      ((window[at + 3] ?? 0) << 24)) >>>
    0
  const scan = (table: AnchorTableView, start: number, end: number, firstEntry: number): number => {
    const { bitmap, starts, entries } = table
    let count = 0
    for (let position = start; position < end; position++) {
      const value = load(position)
      const hash = hashWindow(value)
      const bit = hash >>> (32 - table.meta.bitmapBits)
      if ((bitmap[bit >> 3] & (1 << (bit & 7))) === 0) continue
      const bucket = hash >>> (32 - table.meta.bucketBits)
      const from = position === start && firstEntry !== 0 ? firstEntry : starts[bucket]
      for (let entry = from; entry < starts[bucket + 1]; entry++) {
        const at = entry * ENTRY_WORDS
        if (entries[at] !== value) continue
        const extra = load(position + (entries[at + 3] | 0))
        if ((extra & entries[at + 2]) >>> 0 !== entries[at + 1]) continue
        if (count === capacity) {
          state[0] = position
          state[1] = entry
          return count
        }
        candidates[count * 2] = position
        candidates[count * 2 + 1] = entry
        count++
      }
    }
    state[0] = end
    state[1] = 0
    return count
  }
  const seek = (probe: Probe, from: number, to: number): number => {
    for (let position = from; position < to; position++) {
      let fits = true
      for (let i = 0; i < 9 && fits; i += 3) fits = (window[position + probe[i]] & probe[i + 2]) === probe[i + 1]
      if (fits) return position
    }
    return to
  }
  return { candidates, state, scan, seek }
}

import { normaliseInPlace, TEXT_FORMS } from '../formats/index.ts'
import { ENTRY_WORDS, hashPair, hashWindow, passesFilter, type AnchorTableView } from '../signatures/index.ts'

// The kernel as the matcher sees it: candidates of one anchor table, and places of a few bytes, in one piece of content.

import { FINGERPRINT_BYTES, FINGERPRINT_TABLE_BYTES } from './presence.ts'

/** Bytes that must be readable before and after content in the shared memory. */
export const CONTENT_MARGIN_BYTES = 64
/** Candidates that one call hands over. */
export const CANDIDATE_CAPACITY = 8192
/** Words with which a table is described to the kernel. */
const TABLE_WORDS = 10
const FINGERPRINTS_AT = CANDIDATE_CAPACITY * 8 + 8 + TABLE_WORDS * 4
const FORMS_AT = FINGERPRINTS_AT + FINGERPRINT_TABLE_BYTES
/** For each set of eight bytes, the places of those in it, in order: by this the kernel moves them together. */
const PLACES = Uint8Array.from({ length: 256 * 8 }, (_, i) => places(i >> 3)[i & 7] ?? 0)
/** Bytes of a thread's output: candidates, state, description of the table, tables of fingerprints, forms of text. */
export const KERNEL_OUT_BYTES = FORMS_AT + TEXT_FORMS.length + PLACES.length

function places(set: number): number[] {
  return [0, 1, 2, 3, 4, 5, 6, 7].filter(place => (set & (1 << place)) !== 0)
}

/** Three bytes that a part must have: offset, value and mask of each; nine numbers. */
export type Probe = readonly number[]

export interface Kernel {
  /** Pairs of position and entry number; valid until the next scan. */
  readonly candidates: Uint32Array
  /** Position and entry to go on with after a scan. */
  readonly state: Uint32Array
  /**
   * Looks at positions start, start + stride, … up to end (exclusive) of the content in the window.
   * @param firstEntry - entry to go on with at `start`, from the state of the call before; 0 at first
   * @returns number of candidates
   */
  scan(table: AnchorTableView, start: number, end: number, firstEntry: number): number
  /** First position in [from, to) of the window at which the probe fits, or `to`. Cost: about 0.1 ns a byte. */
  seek(probe: Probe, from: number, to: number): number
  /**
   * Bits of the fingerprints (presence.ts) that stand at some position in [from, to) of the window, and perhaps of some
   * up to sixteen positions behind. Cost: about 0.1 ns a byte.
   */
  present(tables: Uint8Array, from: number, to: number): number
  /**
   * Puts the text that lies at the start of the window into its normal form (formats/text-normal.ts), in place.
   * @returns the length of the normal form, or -1 where the text is in it already. Cost: about 0.2 ns a byte.
   */
  normalise(length: number): number
}

/** What a thread owns of the shared memory: content with margins, then the kernel's output. */
export interface ThreadMemory {
  readonly memory: WebAssembly.Memory
  /** Address of the first byte of the window. */
  readonly windowAt: number
  /** Address of KERNEL_OUT_BYTES bytes; a multiple of 8. */
  readonly outAt: number
}

/** Raised with `version` in kernels/kernel.ts whenever one of the two would misunderstand the other. */
const KERNEL_VERSION = 4

type SeekFunction = (content: number, from: number, to: number, ...probe: readonly number[]) => number
type NormaliseFunction = (content: number, length: number, forms: number, state: number) => number
type PresentFunction = (content: number, from: number, to: number, tables: number) => number
type ScanFunction = (
  content: number,
  start: number,
  end: number,
  stride: number,
  firstEntry: number,
  table: number,
  output: number,
  room: number,
  state: number,
) => number

/** Writes what the kernel needs to know of a table: addresses and shifts, in the order that kernels/kernel.ts gives. */
function describe(table: AnchorTableView, words: Uint32Array): void {
  const { single, pair, firstPair } = table.meta
  // The filters' words have 32 bits: five bits of the hash less for their index.
  words.set([
    table.filter.byteOffset,
    32 - single.filterBits + 5,
    table.starts.byteOffset,
    32 - single.bucketBits,
    table.pairFilter.byteOffset,
    32 - pair.filterBits + 5,
    table.pairStarts.byteOffset,
    32 - pair.bucketBits,
    table.entries.byteOffset,
    firstPair,
  ])
}

/**
 * The kernel in WebAssembly over a shared memory.
 * @param module - compiled dist/kernel.wasm
 * @throws Error where it was built from other sources
 */
export function createKernel(module: WebAssembly.Module, thread: ThreadMemory): Kernel {
  const { memory, windowAt, outAt } = thread
  const instance = new WebAssembly.Instance(module, { env: { memory, abort: () => {} } })
  const version = (instance.exports['version'] as { readonly value: unknown } | undefined)?.value
  if (version !== KERNEL_VERSION)
    throw new Error(
      `kernel.wasm is of version ${String(version)}, not ${KERNEL_VERSION}: build again with npm run build`,
    )
  const scan = instance.exports['scan'] as ScanFunction
  const seek = instance.exports['seek'] as SeekFunction
  const present = instance.exports['present'] as PresentFunction
  const normalise = instance.exports['normalise'] as NormaliseFunction
  const stateAt = outAt + CANDIDATE_CAPACITY * 8
  const tableAt = stateAt + 8
  const tableWords = new Uint32Array(memory.buffer, tableAt, TABLE_WORDS)
  const fingerprintsAt = outAt + FINGERPRINTS_AT
  const fingerprints = new Uint8Array(memory.buffer, fingerprintsAt, FINGERPRINT_TABLE_BYTES)
  const formsAt = outAt + FORMS_AT
  const forms = new Uint8Array(memory.buffer, formsAt, TEXT_FORMS.length + PLACES.length)
  forms.set(TEXT_FORMS)
  forms.set(PLACES, TEXT_FORMS.length)
  const state = new Uint32Array(memory.buffer, stateAt, 2)
  let described: AnchorTableView | undefined
  return {
    candidates: new Uint32Array(memory.buffer, outAt, CANDIDATE_CAPACITY * 2),
    state,
    scan: (table, start, end, firstEntry) => {
      if (described !== table) describe((described = table), tableWords)
      return scan(windowAt, start, end, table.meta.stride, firstEntry, tableAt, outAt, CANDIDATE_CAPACITY, stateAt)
    },
    seek: (p, from, to) => seek(windowAt, from, to, p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8]),
    present: (tables, from, to) => {
      fingerprints.set(tables)
      return present(windowAt, from, to, fingerprintsAt)
    },
    normalise: length => {
      const normal = normalise(windowAt, length, formsAt, stateAt)
      return state[0] === 0 ? -1 : normal
    },
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
  const fits = (entries: Uint32Array, entry: number, position: number): boolean => {
    const at = entry * ENTRY_WORDS
    if (entries[at] !== load(position)) return false
    return (load(position + (entries[at + 3] | 0)) & entries[at + 2]) >>> 0 === entries[at + 1]
  }
  const scan = (table: AnchorTableView, start: number, end: number, firstEntry: number): number => {
    const { meta, filter, starts, pairFilter, pairStarts } = table
    let count = 0
    let position = start
    /** Compares entries at the position; answers the one for which there is no room, or -1. */
    const compare = (first: number, last: number): number => {
      for (let entry = first; entry < last; entry++) {
        if (!fits(table.entries, entry, position)) continue
        if (count === capacity) return entry
        candidates[count * 2] = position
        candidates[count * 2 + 1] = entry
        count++
      }
      return -1
    }
    for (let resume = firstEntry; position < end; position += meta.stride, resume = 0) {
      const hash = hashWindow(load(position))
      if (!passesFilter(filter, hash, meta.single.filterBits)) continue
      let stopped = -1
      if (resume < meta.firstPair) {
        const bucket = hash >>> (32 - meta.single.bucketBits)
        stopped = compare(resume === 0 ? starts[bucket] : resume, starts[bucket + 1])
        resume = 0
      }
      const mixed = hashPair(hash, load(position + 4))
      if (stopped < 0 && passesFilter(pairFilter, mixed, meta.pair.filterBits)) {
        const bucket = mixed >>> (32 - meta.pair.bucketBits)
        stopped = compare(resume === 0 ? pairStarts[bucket] : resume, pairStarts[bucket + 1])
      }
      if (stopped >= 0) {
        state[0] = position
        state[1] = stopped
        return count
      }
    }
    state[0] = position
    state[1] = 0
    return count
  }
  const seek = (probe: Probe, from: number, to: number): number => {
    for (let position = from; position < to; position++) {
      let fit = true
      for (let i = 0; i < 9 && fit; i += 3) fit = (window[position + probe[i]] & probe[i + 2]) === probe[i + 1]
      if (fit) return position
    }
    return to
  }
  const present = (tables: Uint8Array, from: number, to: number): number => {
    let found = 0
    for (let position = from; position < to; position++) {
      let bits = 0xff
      for (let i = 0; i < FINGERPRINT_BYTES; i++) {
        const byte = window[position + i]
        bits &= tables[i * 32 + (byte & 15)] & tables[i * 32 + 16 + (byte >> 4)]
      }
      found |= bits
    }
    return found
  }
  const normalise = (length: number): number => normaliseInPlace(window, length)
  return { candidates, state, scan, seek, present, normalise }
}

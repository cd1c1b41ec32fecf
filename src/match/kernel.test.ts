import { existsSync, readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { normaliseInPlace } from '../formats/index.ts'
import { buildAnchorTable, AnchorCollector } from '../signatures/compile/anchor-table.ts'
import type { AnchorTableView } from '../signatures/index.ts'
import { FINGERPRINT_TABLE_BYTES } from './presence.ts'
import {
  CANDIDATE_CAPACITY,
  CONTENT_MARGIN_BYTES,
  createKernel,
  createReferenceKernel,
  KERNEL_OUT_BYTES,
  type Kernel,
} from './kernel.ts'

// The kernel in WebAssembly against its reference in TypeScript, on arbitrary tables and content.

const KERNEL = new URL('../../dist/kernel.wasm', import.meta.url)
const WINDOW_BYTES = 8192
const TABLE_AT = 65_536

/** Puts a table into memory, as an image would hold it. */
function place(memory: WebAssembly.Memory, target: ReturnType<typeof buildAnchorTable>): AnchorTableView {
  let at = TABLE_AT
  const words = (source: Uint32Array): Uint32Array => {
    const view = new Uint32Array(memory.buffer, at, source.length)
    view.set(source)
    at += source.byteLength
    return view
  }
  const { starts, entries, anchors, always, direct, meta } = target
  const views = {
    meta,
    filter: words(target.filter),
    pairFilter: words(target.pairFilter),
    pairStarts: words(target.pairStarts),
    starts: words(starts),
    entries: words(entries),
    anchors: words(anchors),
    always: words(always),
    direct: words(direct),
  }
  return views
}

interface Entry {
  window: number
  extraAt: -4 | 4
  extraValue: number
  extraMask: number
}

function table(entries: readonly Entry[]): ReturnType<typeof buildAnchorTable> {
  const collector = new AnchorCollector()
  entries.forEach(({ window, extraAt, extraValue, extraMask }, pattern) =>
    collector.addAnchor(pattern, {
      part: 0,
      windows: () => [
        { distance: 0, spellings: [window], extraAt, extraMask, extraValue: (extraValue & extraMask) >>> 0 },
      ],
      cost: 1,
    }),
  )
  return buildAnchorTable(1, [collector])
}

function all(kernel: Kernel, view: AnchorTableView, end: number): number[] {
  const pairs: number[] = []
  for (let position = 0, entry = 0; position < end;) {
    const count = kernel.scan(view, position, end, entry)
    pairs.push(...kernel.candidates.subarray(0, count * 2))
    position = kernel.state[0]!
    entry = kernel.state[1]!
  }
  return pairs
}

function setup(entries: readonly Entry[]): {
  wasm: Kernel
  reference: Kernel
  view: AnchorTableView
  window: Uint8Array
} {
  const memory = new WebAssembly.Memory({ initial: 16, maximum: 65_536, shared: true })
  const outAt = 8 * 65_536
  const windowAt = outAt + KERNEL_OUT_BYTES + CONTENT_MARGIN_BYTES
  const window = new Uint8Array(memory.buffer, windowAt, WINDOW_BYTES)
  const wasm = createKernel(new WebAssembly.Module(readFileSync(KERNEL)), { memory, windowAt, outAt })
  // The reference sees the margins too, as zero bytes.
  return { wasm, reference: createReferenceKernel(window), view: place(memory, table(entries)), window }
}

// Few byte values, so that windows are hit often.
const byte = fc.constantFrom(0, 1, 0x41, 0x61, 0xff)
const window = fc.tuple(byte, byte, byte, byte).map(([a, b, c, d]) => (a | (b << 8) | (c << 16) | (d << 24)) >>> 0)
const anyEntry: fc.Arbitrary<Entry> = fc.record({
  window,
  extraAt: fc.constantFrom<-4 | 4>(-4, 4),
  extraValue: window,
  extraMask: fc.constantFrom(0, 0xff, 0xffff, 0xdfdfdfdf, 0xffffffff),
})

test.skipIf(!existsSync(KERNEL))('candidates are those of the reference', () => {
  fc.assert(
    fc.property(
      fc.array(anyEntry, { maxLength: 60 }),
      fc.uint8Array({ maxLength: 600 }),
      fc.array(byte, { maxLength: 600 }),
      (entries, noise, bytes) => {
        const { wasm, reference, view, window: content } = setup(entries)
        content.set([...bytes, ...noise])
        const end = bytes.length + noise.length
        expect(all(wasm, view, end)).toEqual(all(reference, view, end))
      },
    ),
    { numRuns: 150 },
  )
})

test.skipIf(!existsSync(KERNEL))('a full output is continued without loss or repetition', () => {
  const entries = Array.from({ length: 40 }, (): Entry => ({ window: 0, extraAt: 4, extraValue: 0, extraMask: 0 }))
  const { wasm, view } = setup(entries)
  const positions = 4000
  const looked = positions / view.meta.stride
  const pairs = all(wasm, view, positions)
  expect(looked * entries.length).toBeGreaterThan(CANDIDATE_CAPACITY * 2)
  expect(pairs.length / 2).toBe(looked * entries.length)
  expect(new Set(pairs.map((value, i) => (i % 2 === 0 ? `${value}:${pairs[i + 1]}` : ''))).size).toBe(
    looked * entries.length + 1,
  )
})

test.skipIf(!existsSync(KERNEL))('seeking finds what the reference finds', () => {
  const probe = fc.array(fc.tuple(fc.nat(40), byte, fc.constantFrom(0xff, 0xdf, 0xf0, 0x0f)), {
    minLength: 3,
    maxLength: 3,
  })
  fc.assert(
    fc.property(fc.array(byte, { minLength: 1, maxLength: 300 }), probe, fc.nat(200), (bytes, three, from) => {
      const { wasm, reference, window: content } = setup([])
      content.set(bytes)
      const flat = three.flatMap(([at, value, mask]) => [at, value & mask, mask])
      const to = Math.max(from, bytes.length)
      expect(wasm.seek(flat, from, to)).toBe(reference.seek(flat, from, to))
    }),
    { numRuns: 300 },
  )
})

test.skipIf(!existsSync(KERNEL))('presence is that of the reference, give or take what lies just behind', () => {
  const tables = fc.uint8Array({ minLength: FINGERPRINT_TABLE_BYTES, maxLength: FINGERPRINT_TABLE_BYTES })
  const sparse = fc.tuple(tables, tables, tables).map(([a, b, c]) => a.map((bits, i) => bits & b[i] & c[i]))
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 300 }), sparse, fc.nat(40), (bytes, fingerprints, from) => {
      const { wasm, reference, window: content } = setup([])
      content.set(bytes)
      const to = Math.max(from, bytes.length)
      const found = wasm.present(fingerprints, from, to)
      expect(found & reference.present(fingerprints, from, to)).toBe(reference.present(fingerprints, from, to))
      expect(found & ~reference.present(fingerprints, from, to + 16)).toBe(0)
    }),
    { numRuns: 300 },
  )
})

test.skipIf(!existsSync(KERNEL))('the normal form of text is that of the reference, in place', () => {
  const { wasm: kernel, window } = setup([])
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.string({ maxLength: 300 }).map(text => Buffer.from(text)),
    fc
      .string({ maxLength: 300, unit: fc.constantFrom('a', 'B', ' ', '  ', '\n', '\t', '\x7f', 'é', '\0') })
      .map(text => Buffer.from(text)),
  )
  fc.assert(
    fc.property(bytes, content => {
      window.set(content)
      const length = kernel.normalise(content.length)
      const expected = content.slice()
      expect(length).toBe(normaliseInPlace(expected, content.length))
      if (length >= 0) expect([...window.subarray(0, length)]).toEqual([...expected.subarray(0, length)])
    }),
  )
})

import { describe, expect, it } from 'vitest'
import { Coverage, Interiors } from './coverage.ts'
import { buildZip, concat, descriptorRecord, extraBlock, text } from './build.ts'
import { DescriptorEnds, descriptorAt } from './descriptor.ts'
import { readExtra } from './extra.ts'
import { decodeCp437 } from './names.ts'
import { END_SIZE, readCentral, readEnd, readEnd64, readLocal } from './records.ts'
import { findPlaces, lowerBound } from './scan-records.ts'

const wide = (...values: readonly number[]): Uint8Array =>
  extraBlock(1, concat(...values.map(value => Uint8Array.of(value & 255, value >> 8, 0, 0, 0, 0, 0, 0))))
const FULL = 0xffff_ffff

describe('coverage', () => {
  it('tells what is left, whatever the order', () => {
    const coverage = new Coverage()
    for (const [start, end] of [
      [10, 20],
      [0, 5],
      [15, 30],
      [50, 40],
      [40, 90],
    ])
      coverage.add(start, end)
    expect(coverage.gaps(100)).toEqual([
      { start: 5, end: 10 },
      { start: 30, end: 40 },
      { start: 90, end: 100 },
    ])
    expect(coverage.gaps(35)).toEqual([
      { start: 5, end: 10 },
      { start: 30, end: 35 },
    ])
    expect(new Coverage().gaps(0)).toEqual([])
  })

  it('finds the stretch that holds a place', () => {
    const interiors = new Interiors([
      { start: 100, end: 200 },
      { start: 10, end: 50 },
    ])
    expect([interiors.holding(10, 50), interiors.holding(150, 160)]).toEqual([
      { start: 10, end: 50 },
      { start: 100, end: 200 },
    ])
    expect([interiors.holding(9, 20), interiors.holding(40, 60), interiors.holding(60, 70)]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })
})

describe('extra fields', () => {
  const read = (bytes: Uint8Array, packed: number, unpacked: number) =>
    readExtra(concat(bytes, new Uint8Array(1000)), 0, bytes.length, { packed, unpacked })

  it.each([
    ['both sizes', wide(300, 200), FULL, FULL, { unpacked: 300, packed: 200 }],
    ['one size', wide(200), FULL, 5, { packed: 200 }],
    ['sizes and offset', wide(300, 200, 9), FULL, FULL, { unpacked: 300, packed: 200, offset: 9 }],
    ['offset alone', wide(9), 5, 5, { offset: 9 }],
    ['cut off', wide(300).subarray(0, 10), FULL, FULL, {}],
  ])('Zip64: %s', (_, bytes, packed, unpacked, expected) => {
    expect(read(bytes, packed, unpacked)).toEqual({ unicodeNames: [], otherSizes: [], ...expected })
  })

  it('keeps sizes that nothing asks for, and those of a second field', () => {
    expect(read(wide(300, 200), 5, 6).otherSizes).toEqual([{ packed: 200, unpacked: 300 }])
    expect(read(wide(6, 5), 5, 6).otherSizes).toEqual([])
    expect(read(concat(wide(300, 200), wide(400, 100)), FULL, FULL).otherSizes).toEqual([
      { packed: 100, unpacked: 400 },
    ])
  })
})

describe('descriptors', () => {
  it.each([
    [true, 4, 16],
    [true, 8, 24],
    [false, 4, 12],
    [false, 8, 20],
  ])('signed %s, width %d', (isSigned, width, size) => {
    const bytes = concat(text('data'), descriptorRecord(7, 4, 9, { isSigned, width }), text('next'))
    expect(descriptorAt(bytes, 4, 4, 9, 7)).toEqual({ size, crc: 7, packed: 4, unpacked: 9 })
    // The start of a wide one can still be read as a narrow one.
    const cut = descriptorAt(bytes.subarray(0, 4 + size - 1), 4, 4, 9, 7)
    expect(cut?.size).toBe(width === 4 ? undefined : size - 8)
  })

  it('is what a signature says where nothing fits', () => {
    expect(descriptorAt(descriptorRecord(7, 1, 2), 0, 4, 9, 8)?.size).toBe(16)
    expect(descriptorAt(descriptorRecord(7, 1, 2, { isSigned: false }), 0, 4, 9, 8)).toBeUndefined()
  })

  it('tells where data would have to start', () => {
    const bytes = concat(text('12345'), descriptorRecord(0, 5, 5), text('12'), descriptorRecord(0, 2, 2, { width: 8 }))
    const ends = new DescriptorEnds(bytes, findPlaces(bytes))
    expect([ends.of(0), ends.of(21), ends.of(1)]).toEqual([[5], [23], []])
  })
})

describe('records', () => {
  const zip = buildZip([{ name: 'name', content: 'content' }], { comment: text('comment') })
  const places = findPlaces(zip)

  it('are found in one pass', () => {
    expect(places).toMatchObject({ locals: [0], centrals: [41], ends: [91], ends64: [], descriptors: [] })
    expect([lowerBound([1, 3, 5], 3), lowerBound([1, 3, 5], 4), lowerBound([], 1)]).toEqual([1, 2, 0])
  })

  it.each([
    ['local header', readLocal, 0, 34],
    ['entry', readCentral, 41, 50],
    ['end record', readEnd, 91, END_SIZE],
  ])('%s: undefined where it does not fit', (_, read, at, size) => {
    for (let length = 0; length < size; length++) expect(read(zip.subarray(0, at + length), at)).toBeUndefined()
    expect(read(zip.subarray(0, at + size), at)).toMatchObject({ at })
    expect([read(zip, -1), readEnd64(zip, at)]).toEqual([undefined, undefined])
  })
})

describe('code page 437', () => {
  it('knows all 256 characters', () => {
    const all = decodeCp437(Uint8Array.from({ length: 256 }, (_, i) => i))
    expect(new Set(all).size).toBe(256)
    expect(all.slice(0xe0, 0xf0)).toBe('αßΓπΣσµτΦΘΩδ∞φε∩')
  })
})

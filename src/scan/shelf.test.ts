import { expect, test } from 'vitest'
import { Shelf } from './shelf.ts'

const MIB = 1 << 20

test('memory is used again, the smallest that is large enough, else the largest grows', () => {
  const shelf = new Shelf(64 * MIB)
  const [small, large] = [shelf.take(MIB), shelf.take(4 * MIB)]
  expect(small).not.toBe(large)
  shelf.give(large)
  shelf.give(small)
  expect(shelf.take(MIB / 2)).toBe(small)
  shelf.give(small)
  expect(shelf.take(2 * MIB)).toBe(large)
  expect(shelf.take(3 * MIB)).toBe(small)
  expect(small.byteLength).toBe(3 * MIB)
  expect(shelf.take(MIB)).not.toBe(small)
})

test('what is short, or too much, is left to the collector', () => {
  const shelf = new Shelf(256 * MIB)
  const short = shelf.take(10)
  shelf.give(short)
  expect(shelf.take(10)).not.toBe(short)
  const large = [100, 100].map(mib => shelf.take(mib * MIB))
  for (const buffer of large) shelf.give(buffer)
  expect(large).toContain(shelf.take(MIB))
  expect(large).not.toContain(shelf.take(MIB))
})

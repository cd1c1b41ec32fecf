import { describe, expect, test } from 'vitest'
import { createRing, RingReader, RingWriter } from './ring.ts'

/** Both ends in one thread: the reader is only asked when there is something to read. */
const ends = (capacity: number): { writer: RingWriter; reader: RingReader } => {
  const shared = createRing(capacity)
  return { writer: new RingWriter(shared), reader: new RingReader(shared) }
}

const bytesFrom = (start: number, count: number): Uint8Array => Uint8Array.from({ length: count }, (_, i) => start + i)

describe('a ring of 16 bytes', () => {
  test('what is written is read, around the end', () => {
    const { writer, reader } = ends(16)
    writer.begin(1)
    const read: number[] = []
    for (let start = 0; start < 100; start += 7) {
      expect(writer.write(bytesFrom(start, 7))).toBe(true)
      while (read.length < start + 7) {
        reader.wait(1)
        const bytes = reader.peek()
        read.push(...bytes)
        reader.done(bytes.length)
      }
    }
    expect(read).toEqual([...bytesFrom(0, read.length)])
    expect(writer.isDrained(reader.consumed)).toBe(true)
  })

  test('a writer that is stuck is told of room once half of it is free', () => {
    const { writer, reader } = ends(16)
    writer.begin(1)
    expect(writer.write(bytesFrom(0, 20))).toBe(false)
    expect(reader.done(4)).toBe(false)
    expect(reader.done(4)).toBe(true)
    expect(reader.done(1)).toBe(false)
    expect(writer.isDrained(16)).toBe(false)
    expect(writer.more()).toBe(true)
    expect([...reader.peek()]).toEqual([9, 10, 11, 12, 13, 14, 15])
    reader.done(7)
    expect([...reader.peek()]).toEqual([16, 17, 18, 19])
  })

  test('an end is said behind the last byte', () => {
    const { writer, reader } = ends(16)
    writer.begin(1)
    writer.write(bytesFrom(0, 20))
    writer.end('time', 'too slow')
    expect(reader.ending.why).toBe('')
    reader.done(16)
    writer.more()
    reader.wait(1)
    expect([...reader.peek()]).toEqual([16, 17, 18, 19])
    reader.done(4)
    reader.wait(1)
    expect(reader.peek()).toHaveLength(0)
    expect(reader.ending).toEqual({ state: 'time', why: 'too slow' })
  })

  test('the next run begins empty', () => {
    const { writer, reader } = ends(16)
    writer.begin(1)
    writer.write(bytesFrom(0, 9))
    writer.end('crashed', 'x'.repeat(2000))
    expect(reader.ending).toEqual({ state: 'crashed', why: 'x'.repeat(512) })
    writer.begin(2)
    writer.write(bytesFrom(50, 2))
    reader.wait(2)
    expect([...reader.peek()]).toEqual([50, 51])
    expect(reader.ending).toEqual({ state: 'crashed', why: '' })
  })
})

import { describe, expect, test } from 'vitest'
import { collect, missedOf } from '../testing/collect.ts'
import { iso9660 } from './iso9660.ts'

const SECTOR = 2048
const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1')
const wide = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16()

interface Entry {
  readonly name: string
  readonly sector: number
  readonly length: number
}

/** One directory record. */
function record(name: Buffer, sector: number, length: number, isDirectory: boolean): Buffer {
  const size = 33 + name.length + ((33 + name.length) % 2)
  const bytes = Buffer.alloc(size)
  bytes[0] = size
  bytes.writeUInt32LE(sector, 2)
  bytes.writeUInt32LE(length, 10)
  bytes[25] = isDirectory ? 2 : 0
  bytes[32] = name.length
  name.copy(bytes, 33)
  return bytes
}

/** An image with a primary and a Joliet tree of one directory each. */
function image(primary: readonly Entry[], joliet: readonly Entry[] | undefined, content: Buffer): Buffer {
  const sectors = Buffer.alloc(24 * SECTOR + content.length)
  const descriptor = (number: number, type: number, root: number) => {
    const at = number * SECTOR
    sectors[at] = type
    latin1('CD001').copy(sectors, at + 1)
    if (type === 2) latin1('%/E').copy(sectors, at + 88)
    if (type !== 255) record(Buffer.of(0), root, SECTOR, true).copy(sectors, at + 156)
  }
  const directory = (sector: number, entries: readonly Entry[], encode: (text: string) => Buffer) => {
    const own = [record(Buffer.of(0), sector, SECTOR, true), record(Buffer.of(1), sector, SECTOR, true)]
    const files = entries.map(({ name, sector: at, length }) => record(encode(name), at, length, false))
    Buffer.concat([...own, ...files]).copy(sectors, sector * SECTOR)
  }
  descriptor(16, 1, 20)
  if (joliet === undefined) descriptor(17, 255, 0)
  else {
    descriptor(17, 2, 21)
    descriptor(18, 255, 0)
    directory(21, joliet, wide)
  }
  directory(20, primary, latin1)
  content.copy(sectors, 24 * SECTOR)
  return sectors
}

const A: Entry = { name: 'A.TXT;1', sector: 24, length: 5 }
const B: Entry = { name: 'B.TXT;1', sector: 25, length: 6 }
const content = Buffer.concat([latin1('first'), Buffer.alloc(SECTOR - 5), latin1('second')])
const found = async (bytes: Buffer) =>
  (await collect(iso9660, bytes, { type: 'iso9660' })).children.map(
    ({ name, bytes: of }) => `${name} ${Buffer.from(of).toString()}`,
  )

describe('discs with two trees', () => {
  test('a file of the primary tree alone is given', async () => {
    expect(await found(image([A, B], [{ ...A, name: 'a.txt' }], content))).toEqual(['B.TXT second'])
  })

  test('files of both trees, and discs without Joliet, are left to others', async () => {
    expect(await found(image([A, B], [A, B], content))).toEqual([])
    expect(await found(image([A, B], undefined, content))).toEqual([])
  })

  test('what lies outside of the image is missed', async () => {
    const bytes = image([A, { ...B, sector: 5000 }], [A], content)
    expect(missedOf(await collect(iso9660, bytes, { type: 'iso9660' }))).toEqual(['malformed'])
  })

  test('cut off and changed anywhere it is no error', async () => {
    const bytes = image([A, B], [A], content)
    for (let length = 0; length < bytes.length; length += 61)
      await collect(iso9660, bytes.subarray(0, length), { type: 'iso9660' })
    for (let at = 16 * SECTOR; at < 23 * SECTOR; at += 3) {
      const changed = Buffer.from(bytes)
      changed[at] ^= 1 << (at & 7)
      await collect(iso9660, changed, { type: 'iso9660' })
    }
  })
})

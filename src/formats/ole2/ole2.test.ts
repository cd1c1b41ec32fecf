import { describe, expect, it } from 'vitest'
import { bytesOf, ContentError, Writer } from '../../bytes/index.ts'
import { buildOle2 } from './build.ts'
import type { Ole2Entry } from './build.ts'
import { openCompound } from './compound.ts'
import type { CompoundFile } from './compound.ts'
import { joinExtents, pathOf, streamBytes, streamPieces } from './content.ts'
import { isMsiName, unpackMsiName } from './msi-name.ts'
import { readPropertySets } from './property-set.ts'

const data = (size: number, seed = 1) => Uint8Array.from({ length: size }, (_, i) => (i * 31 + (i >> 8) + seed) & 0xff)
const text = (bytes: Uint8Array) => String.fromCharCode(...bytes)

const ENTRIES: readonly Ole2Entry[] = [
  { path: 'small', data: data(100) },
  { path: 'A/B/deep', data: data(5000, 2) },
  { path: 'A/other', data: data(4096, 3) },
  { path: 'empty', data: new Uint8Array(0) },
  { path: '\u0005SummaryInformation', data: data(70, 4) },
  { path: 'Storage' },
]

/** What no stream reaches is padding. */
const holdsNothing = ({ bytes, unreached }: CompoundFile) => joinExtents(bytes, unreached).every(byte => byte === 0)

/** Every stream by its path. */
function streamsOf(bytes: Uint8Array) {
  const file = openCompound(bytes)
  return new Map(file.streams.map(stream => [pathOf(stream), streamBytes(file, stream)]))
}

describe.each([3, 4] as const)('version %d', version => {
  it('is read as it was written', () => {
    const file = openCompound(buildOle2({ entries: ENTRIES, version }))
    expect(file.problems).toEqual([])
    expect(holdsNothing(file)).toBe(true)
    expect(file.isCrossLinked).toBe(false)
    expect(file.storages.map(pathOf).sort()).toEqual(['A', 'A/B', 'Storage'])
    for (const { path, data } of ENTRIES) {
      if (data === undefined) continue
      const stream = file.streams.find(stream => pathOf(stream) === path)!
      expect([stream.problem, stream.present]).toEqual([undefined, data.length])
      expect(Buffer.concat([...streamPieces(file, stream)])).toEqual(Buffer.from(data))
    }
  })
})

it('reads a FAT that goes on in sectors of its own', () => {
  const big = data(9 << 20)
  const bytes = buildOle2({
    entries: [
      { path: 'big', data: big },
      { path: 'small', data: data(10) },
    ],
  })
  const file = openCompound(bytes)
  expect([file.problems, holdsNothing(file)]).toEqual([[], true])
  expect(
    Buffer.compare(
      streamBytes(
        file,
        file.streams.find(stream => stream.name === 'big')!,
      ),
      big,
    ),
  ).toBe(0)
})

describe('what trees do not reach', () => {
  it('is found in the array of entries', () => {
    const bytes = buildOle2({ entries: ENTRIES, orphans: ['small', 'A/other'] })
    const file = openCompound(bytes)
    expect(
      file.streams
        .filter(stream => stream.isOrphan)
        .map(stream => stream.name)
        .sort(),
    ).toEqual(['other', 'small'])
    expect(streamsOf(bytes).get('small')).toEqual(data(100))
  })

  it('is told, sector by sector', () => {
    const whole = buildOle2({
      entries: [
        { path: 'kept', data: data(5000) },
        { path: 'gone', data: data(6000, 9) },
      ],
    })
    // The entry of `gone` is emptied: type, start and size.
    const at = whole.length - bytesFromEnd(whole, 'gone')
    const bytes = whole.slice()
    bytes.fill(0, at, at + 128)
    const tail = bytesOf('behind the end')
    const file = openCompound(Uint8Array.of(...bytes, ...tail))
    expect(joinExtents(file.bytes, file.unreached.slice(0, file.tailAt)).subarray(0, 6000)).toEqual(data(6000, 9))
    expect(text(joinExtents(file.bytes, file.unreached.slice(file.tailAt)))).toBe('behind the end')
  })
})

/** Distance from the end of the entry with this name. */
function bytesFromEnd(bytes: Uint8Array, name: string): number {
  const wanted = name.split('').flatMap(character => [character.charCodeAt(0), 0])
  return bytes.length - Buffer.from(bytes).lastIndexOf(Uint8Array.from(wanted))
}

describe('damage', () => {
  const whole = buildOle2({ entries: ENTRIES })

  it('keeps the start of a stream whose chain is too short', () => {
    const bytes = buildOle2({ entries: [{ path: 'big', data: data(5000) }] })
    const at = bytes.length - bytesFromEnd(bytes, 'big')
    const damaged = bytes.slice()
    damaged.set([0x00, 0x40], at + 120)
    const file = openCompound(damaged)
    const pieces: Uint8Array[] = []
    expect(() => {
      for (const piece of streamPieces(file, file.streams[0])) pieces.push(piece)
    }).toThrow(ContentError)
    expect(Buffer.concat(pieces).subarray(0, 5000)).toEqual(Buffer.from(data(5000)))
  })

  it('of the tree: a loop ends', () => {
    const damaged = whole.slice()
    const at = whole.length - bytesFromEnd(whole, 'deep')
    // Its right neighbour is the root's first child.
    damaged.set([1, 0, 0, 0], at + 72)
    const file = openCompound(damaged)
    expect(file.problems).toEqual(['The directory tree reaches an entry twice'])
    expect(file.streams).toHaveLength(5)
  })

  it('many entries over one chain are bounded', () => {
    const bytes = buildOle2({
      entries: Array.from({ length: 2_000 }, (_, i) => ({ path: `s${i}`, data: data(i === 0 ? 200_000 : 1) })),
    })
    const file = openCompound(bytes)
    const first = file.streams.find(stream => stream.name === 's0')!
    const forged = bytes.slice()
    const place = Buffer.from('s1'.split('').flatMap(c => [c.charCodeAt(0), 0]))
    for (let at = 512; at < forged.length; at += 128)
      if (Buffer.from(forged.subarray(at, at + 2)).equals(place.subarray(0, 2)) && forged[at + 66] === 2) {
        new DataView(forged.buffer).setUint32(at + 116, first.start, true)
        new DataView(forged.buffer).setUint32(at + 120, 200_000, true)
      }
    const shared = openCompound(forged)
    const total = shared.streams.reduce((sum, stream) => sum + stream.present, 0)
    expect(shared.isCrossLinked).toBe(true)
    expect(total).toBeLessThan(40 * bytes.length)
    expect(shared.streams.some(stream => stream.problem?.includes('share'))).toBe(true)
  })

  it.each([
    [100, 'cut off'],
    [512, undefined],
  ])('a header of %d bytes: %s', (size, message) => {
    const open = () => openCompound(whole.subarray(0, size))
    if (message === undefined) expect(open().streams).toEqual([])
    else expect(open).toThrow(message)
  })

  it('anywhere gives streams inside the file, or a ContentError', () => {
    let errors = 0
    let state = 7
    const next = (below: number) => (state = (state * 48_271) % 0x7fff_ffff) % below
    const check = (bytes: Uint8Array) => {
      try {
        const file = openCompound(bytes)
        for (const { extents } of file.streams)
          for (let i = 0; i < extents.length; i += 2)
            expect(extents[i] + extents[i + 1]).toBeLessThanOrEqual(bytes.length)
      } catch (error) {
        if (!(error instanceof ContentError)) throw error
        errors++
      }
    }
    for (let size = 0; size < whole.length; size += 37) check(whole.subarray(0, size))
    for (let i = 0; i < 1_500; i++) {
      const bytes = whole.slice()
      const range = next(2) === 0 ? 512 : bytes.length
      for (let k = 0; k < 5; k++) bytes[next(range)] = next(2) === 0 ? 0xff : next(256)
      check(bytes)
    }
    expect(errors).toBeGreaterThan(0)
  })
})

describe('property sets', () => {
  const build = (values: readonly (readonly [id: number, type: number, value: Uint8Array])[]) => {
    const out = new Writer()
      .u16(0xfffe)
      .u16(0)
      .u32(0)
      .bytes(new Uint8Array(16))
      .u32(1)
      .bytes(new Uint8Array(16))
      .u32(48)
    const body = new Writer()
    const head = new Writer().u32(0).u32(values.length)
    for (const [id, type, value] of values) {
      head.u32(id).u32(8 + 8 * values.length + body.length)
      body.u32(type).bytes(value).align(4)
    }
    return out.bytes(head.finish()).bytes(body.finish()).finish()
  }
  const string = (bytes: Uint8Array) => new Writer().u32(bytes.length).bytes(bytes).finish()

  it('have texts in their code page, times and numbers', () => {
    const [set] = readPropertySets(
      build([
        [1, 2, new Writer().u16(1251).finish()],
        [2, 0x1e, string(Uint8Array.of(0xcf, 0xf0, 0xe8, 0))],
        [4, 0x1f, new Writer().u32(2).u16(0x42).u16(0).finish()],
        [12, 0x40, new Writer().u64(116_444_736_000_000_000 + 10_000_000).finish()],
        [14, 3, new Writer().u32(7).finish()],
      ]),
    )
    expect([...set]).toEqual([
      [1, '1251'],
      [2, 'При'],
      [4, 'B'],
      [12, '1970-01-01T00:00:01.000Z'],
      [14, '7'],
    ])
  })

  it('never throw', () => {
    const bytes = build([[2, 0x1e, string(bytesOf('title\0'))]])
    for (let size = 0; size < bytes.length; size++) readPropertySets(bytes.subarray(0, size))
    for (let at = 0; at < bytes.length; at++) {
      const damaged = bytes.slice()
      damaged[at] = 0xff
      readPropertySets(damaged)
    }
    expect(readPropertySets(bytes)[0].get(2)).toBe('title')
  })
})

describe('names of installer streams', () => {
  it.each([
    ['\u4840\u3f3f\u4577\u446c\u3b6a\u45e4\u4824', '!_StringData'],
    ['\u4840\u3b3f\u43f2\u4438\u45b1', '!_Columns'],
    ['\u4840\u3f7f\u4164\u422f\u4836', '!_Tables'],
  ])('%s', (packed, name) => {
    expect([isMsiName(packed), unpackMsiName(packed)]).toEqual([true, name])
  })

  it.each(['WordDocument', '', '\u0005SummaryInformation'])('%j is none', name => expect(isMsiName(name)).toBe(false))
})

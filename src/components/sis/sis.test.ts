import { deflateSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { bytesOf, latin1, Writer } from '../../bytes/index.ts'
import { identify } from '../../formats/index.ts'
import { collect, missedOf } from '../testing/collect.ts'
import { mutations, truncations } from '../testing/torture.ts'
import { sisComponent } from './sis.ts'

const packed = (text: string) => new Uint8Array(deflateSync(bytesOf(text)))
const HEADER = 100

interface SisParts {
  readonly isRelease6?: boolean
  readonly options?: number
}

/** A file, one in two languages, a condition, an option, and another file. */
function sis({ isRelease6 = true, options = 0 }: SisParts = {}): Uint8Array {
  const isCompressed = isRelease6 && (options & 8) === 0
  const stored = ['one', 'deux', 'zwei', 'three'].map(text => (isCompressed ? packed(text) : bytesOf(text)))
  const name = (options & 1) === 0 ? bytesOf('name') : new Uint8Array(Buffer.from('name', 'utf16le'))
  const extra = isRelease6 ? 4 : 0
  const mime = isRelease6 ? 8 : 0
  const file = (count: number) => 28 + count * (8 + extra) + mime
  const recordsSize = file(1) + 16 + file(2) + 4 + (8 + 2 * 8 + 16) + file(1)
  const nameAt = HEADER + recordsSize
  const starts = stored.map(
    (_, i) => nameAt + name.length + stored.slice(0, i).reduce((size, { length }) => size + length, 0),
  )
  const writer = new Writer()
  writer
    .u32(1)
    .u32(isRelease6 ? 0x1000_3a12 : 0x1000_006d)
    .u32(0x1000_0419)
    .u32(0)
    .u16(0)
    .u16(2)
    .u16(6)
  writer.padTo(36).u16(options).padTo(52).u32(HEADER).padTo(HEADER)
  const record = (kind: number, members: readonly number[]) => {
    writer.u32(kind).u32(0).u32(0).u32(0).u32(0).u32(name.length).u32(nameAt)
    for (const member of members) writer.u32(stored[member].length)
    for (const member of members) writer.u32(starts[member])
    if (isRelease6) writer.padTo(writer.length + members.length * 4 + 8)
  }
  record(0, [0])
  writer
    .u32(3)
    .u32(8)
    .padTo(writer.length + 8)
  record(1, [1, 2])
  writer.u32(6)
  writer
    .u32(2)
    .u32(1)
    .padTo(writer.length + 32)
  record(0, [3])
  writer.bytes(name)
  for (const data of stored) writer.bytes(data)
  return writer.finish()
}

const field = (type: number | undefined, content: Uint8Array) => {
  const writer = new Writer()
  if (type !== undefined) writer.u32(type)
  return writer.u32(content.length).bytes(content).align(4).finish()
}
const join = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts))
const compressed = (algorithm: number, data: Uint8Array) => new Writer().u32(algorithm).u64(0).bytes(data).finish()
const array = (element: number, ...elements: Uint8Array[]) =>
  field(2, join(new Writer().u32(element).finish(), ...elements.map(content => field(undefined, content))))

function sisx(): Uint8Array {
  const files = [compressed(1, packed('one')), compressed(0, bytesOf('two'))]
  const unit = array(32, ...files.map(file => field(3, file)))
  const contents = join(
    field(34, new Uint8Array(2)),
    field(3, compressed(1, packed('about'))),
    field(30, array(31, unit)),
  )
  return join(new Writer().u32(0x1020_1a7a).padTo(16).finish(), field(12, contents))
}

const shown = async (bytes: Uint8Array) => {
  const collected = await collect(sisComponent, bytes, { type: 'sis' })
  return [collected.children.map(child => [child.name, latin1(child.bytes)]), missedOf(collected)]
}

describe('sis', () => {
  it.each<[string, SisParts]>([
    ['release 6', {}],
    ['release 6, Unicode', { options: 1 }],
    ['release 6, not compressed', { options: 8 }],
    ['before', { isRelease6: false }],
  ])('%s', async (_, parts) => {
    const bytes = sis(parts)
    expect(identify(bytes).name).toBe('sis')
    const files = ['one', 'deux', 'zwei', 'three'].map(text => ['name', text])
    expect(await shown(bytes)).toEqual([files, []])
  })

  it('version 9', async () => {
    const bytes = sisx()
    expect(identify(bytes).name).toBe('sis')
    expect(await shown(bytes)).toEqual([
      [
        ['controller', 'about'],
        ['file-1', 'one'],
        ['file-2', 'two'],
      ],
      [],
    ])
  })

  it('says what it cannot read', async () => {
    expect(await shown(sis().subarray(0, 120))).toEqual([[], ['malformed']])
    expect(await shown(sis({ options: 8 }).subarray(0, -2))).toEqual([expect.anything(), ['malformed name']])
    const broken = sis()
    broken[HEADER] = 99
    expect(await shown(broken)).toEqual([[], ['malformed']])
  })

  it('survives truncation and mutation', async () => {
    for (const bytes of [sis(), sisx()]) {
      await truncations(sisComponent, bytes, { type: 'sis' })
      await mutations(sisComponent, bytes, { type: 'sis' }, 1000)
    }
  })
})

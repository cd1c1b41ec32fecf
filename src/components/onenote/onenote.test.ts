import { describe, expect, it } from 'vitest'
import { bytesOf, decodeHex, latin1, Writer } from '../../bytes/index.ts'
import { collect, missedOf } from '../testing/collect.ts'
import { mutilate } from '../testing/mutilate.ts'
import { oneNote } from './onenote.ts'

const hex = (text: string) => decodeHex(text)!
const TYPE = hex('e4525c7b8cd8a74daeb15378d02996d3')
const PAYLOAD = bytesOf('MZ this stands for a program, and is none')

const file = (data: Uint8Array, claimed = data.length) =>
  new Writer().bytes(hex('e716e3bd65261145a4c48d4d0b7a9eac')).u64(claimed).u32(0).u64(0).bytes(data).align(8)
    .bytes(hex('22a7fb71790f0b4abb13899256426b24')).finish() // prettier-ignore
const section = (...parts: readonly Uint8Array[]) => {
  const out = new Writer().bytes(TYPE).padTo(1024)
  for (const part of parts) out.bytes(part).padTo(out.length + 24)
  return out.finish()
}
const run = (bytes: Uint8Array) => collect(oneNote, bytes)
const texts = ({ children }: Awaited<ReturnType<typeof run>>) => children.map(child => latin1(child.bytes))

it('gives attached files', async () => {
  const found = await run(section(file(PAYLOAD), file(bytesOf('second'))))
  expect([texts(found), missedOf(found)]).toEqual([[latin1(PAYLOAD), 'second'], []])
})

it('a file that claims too much is what there is, and hides no other', async () => {
  const found = await run(section(file(PAYLOAD, 1e15), file(bytesOf('second'))))
  expect(texts(found)[0].startsWith(latin1(PAYLOAD))).toBe(true)
  expect(texts(found)[1]).toBe('second')
  expect(missedOf(found)).toEqual(['malformed file-1'])
})

describe('a packaged section', () => {
  const header = () => new Writer().bytes(TYPE).padTo(48).bytes(hex('2fe98d63d4a6c14b9a36b3fc2511a5b7')).u32(0)
  const start32 = (type: number, size: number) => (2 | 4 | (type << 3) | (size << 17)) >>> 0
  const start16 = (type: number, size: number) => type * 8 + size * 512
  /** A length of one or two bytes in front of the data. */
  const item = (data: Uint8Array) => {
    const out = new Writer()
    return (data.length < 128 ? out.u8(2 * data.length + 1) : out.u16(4 * data.length + 2)).bytes(data).finish()
  }

  it('gives its blobs', async () => {
    const long = new Uint8Array(1_000).fill(0x41)
    const out = header().u32(start32(0x7a, 3)).bytes(bytesOf('abc')).u16(start16(0x01, 2)).bytes(bytesOf('xy'))
    out
      .u16(start16(0x02, item(PAYLOAD).length))
      .bytes(item(PAYLOAD))
      .u8(0x05)
    out
      .u32(start32(0x02, item(long).length))
      .bytes(item(long))
      .u8(0x05)
      .u16(0x0000 | (0x7a << 2) | 3)
    const found = await run(out.finish())
    expect([texts(found), missedOf(found)]).toEqual([[latin1(PAYLOAD), latin1(long)], []])
  })

  it('that is cut off is malformed', async () => {
    const out = header()
      .u16(start16(0x02, item(PAYLOAD).length))
      .bytes(item(PAYLOAD).subarray(0, 20))
    const found = await run(out.finish())
    expect([texts(found), missedOf(found)]).toEqual([[latin1(PAYLOAD.subarray(0, 19))], ['malformed blob-1']])
  })
})

it('stands damage anywhere', async () => {
  expect(await mutilate(oneNote, section(file(PAYLOAD)), 'onenote', { step: 3, mutations: 500 })).toBeGreaterThan(10)
})

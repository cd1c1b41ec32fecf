import { describe, expect, it } from 'vitest'
import { decodeHex } from '../../bytes/index.ts'
import { buildTnef } from '../../formats/tnef/build.ts'
import { collect, missedOf } from '../testing/collect.ts'
import { tnef } from './tnef.ts'

const utf16 = (text: string) => Buffer.from(`${text}\0`, 'utf16le')
const DATA = Buffer.from('the content of an attachment')
const RTF = decodeHex(
  '2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0',
)!

const run = (bytes: Uint8Array) => collect(tnef, bytes, { type: 'tnef' })
const children = async (bytes: Uint8Array) =>
  (await run(bytes)).children.map(child => [child.name, Buffer.from(child.bytes).toString()])

const SAMPLE = buildTnef({
  properties: [
    { id: 0x0037, type: 0x1f, value: utf16('Subject ü') },
    { id: 0x8001, type: 0x1e, value: Buffer.from('x\0'), named: 'Keywords' },
    { id: 0x8002, type: 0x03, value: 5 },
    { id: 0x3007, type: 0x40, value: new Uint8Array(8) },
    { id: 0x1000, type: 0x1e, value: Buffer.from('plain body') },
    { id: 0x1013, type: 0x102, value: Buffer.from('<b>html body</b>') },
    { id: 0x1009, type: 0x102, value: RTF },
  ],
  attachments: [
    { title: 'SHORT~1.EXE', data: DATA, properties: [{ id: 0x3707, type: 0x1f, value: utf16('long näme.exe') }] },
    { title: 'b.txt', data: DATA },
    {
      properties: [
        { id: 0x3704, type: 0x1e, value: Buffer.from('c.txt\0') },
        { id: 0x3701, type: 0x102, value: DATA },
      ],
    },
    { properties: [{ id: 0x3701, type: 0x0d, value: Buffer.concat([new Uint8Array(16), buildTnef({})]) }] },
    { data: DATA },
  ],
})

describe('TNEF', () => {
  it('gives bodies, attachments by their longest name, and embedded messages', async () => {
    const all = await children(SAMPLE)
    expect(all).toEqual([
      ['body.txt', 'plain body'],
      ['body.html', '<b>html body</b>'],
      ['body.rtf', '{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n'],
      ['long näme.exe', DATA.toString()],
      ['b.txt', DATA.toString()],
      ['c.txt', DATA.toString()],
      ['attachment-4', Buffer.from(buildTnef({})).toString()],
      ['attachment-5', DATA.toString()],
    ])
    const result = await run(SAMPLE)
    expect(missedOf(result)).toEqual([])
    expect(result.emissions).toContainEqual({ emit: 'property', name: 'mail.subject', value: 'Subject ü' })
  })

  it('keeps what comes before damage, and says what does not', async () => {
    const cut = SAMPLE.subarray(0, SAMPLE.length - 20)
    const result = await run(cut)
    expect(result.children.at(-1)?.bytes.length).toBe(DATA.length - 18)
    expect(missedOf(result)).toEqual(['malformed'])
    expect(missedOf(await run(Buffer.concat([SAMPLE, Buffer.from('behind the attributes')])))).toEqual(['malformed'])
    expect(missedOf(await run(Buffer.from('no TNEF')))).toEqual(['malformed'])
  })

  it('of any length, and with any byte changed, gives no error', async () => {
    for (let size = 0; size < SAMPLE.length; size += 3) await run(SAMPLE.subarray(0, size))
    for (let at = 0; at < SAMPLE.length; at += 2)
      for (const value of [0, 0xff, 0x80]) {
        const changed = SAMPLE.slice()
        changed[at] = value
        await run(changed)
      }
  })

  it('a count in a list of properties costs nothing', async () => {
    const bytes = buildTnef({ properties: [{ id: 0x1000, type: 0x101e, value: Uint8Array.of(255, 255, 255, 127) }] })
    expect(missedOf(await run(bytes))).toEqual(['malformed'])
  })
})

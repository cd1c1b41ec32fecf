import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytesOf, latin1 } from '../bytes/index.ts'
import { buildPe } from '../formats/testing.ts'
import { peResources } from './pe-resources.ts'
import { collect, missedOf } from './testing/collect.ts'

const padded = (text: string, size = 100) => bytesOf(text.padEnd(size, '.'))
const INNER = buildPe({ sections: [{ name: '.text', data: padded('code') }] })
const RESOURCES = [
  { type: 10, name: 'PAYLOAD', language: 1033, data: padded('raw data') },
  { type: 10, name: 7, language: 0, data: padded('too small', 64) },
  { type: 'BINARY', name: 101, language: 1031, data: INNER },
  { type: 'TXT', name: 1, language: 0, data: padded('only text') },
  { type: 3, name: 1, language: 0, data: padded('(\0\0\0 an icon') },
  { type: 2, name: 1, language: 0, data: padded('PK\x03\x04 a bitmap that is an archive') },
]
const WHOLE = buildPe({ sections: [{ name: '.text', data: padded('code') }], resources: RESOURCES })

describe('pe-resources', () => {
  it('gives raw data, programs and containers', async () => {
    const found = await collect(peResources, WHOLE)
    expect(found.children.map(child => child.name)).toEqual([
      '.rsrc/RCDATA/PAYLOAD/1033',
      '.rsrc/BINARY/101/1031',
      '.rsrc/BITMAP/1/0',
    ])
    expect(latin1(found.children[1].bytes)).toBe(latin1(INNER))
    expect(missedOf(found)).toEqual([])
  })

  it('gives nothing for a program without resources', async () => {
    expect(await collect(peResources, INNER)).toEqual({ children: [], emissions: [] })
  })

  it('bears trees that go round in circles', async () => {
    // The first entry of the root leads to the root again.
    const bytes = WHOLE.slice()
    const root = latin1(bytes).indexOf('\x0a\0\0\0', 0x400)
    bytes.set([0, 0, 0, 0x80], root + 4)
    const found = await collect(peResources, bytes)
    expect(found.children.length).toBeLessThan(30)
  })

  it('bears resources that lie over each other', async () => {
    const resources = Array.from({ length: 300 }, (_, i) => ({ type: 10, name: i, language: 0, data: padded('', 66) }))
    const bytes = buildPe({ sections: [], resources })
    const view = new DataView(bytes.buffer)
    for (let at = 0; at + 8 < bytes.length; at++)
      if (view.getUint32(at, true) === 66 && view.getUint32(at + 4, true) === 0) view.setUint32(at, 30_000 + at, true)
    const found = await collect(peResources, bytes)
    expect(missedOf(found)).toEqual(['too-large'])
  })

  it('bears damage', async () => {
    for (let size = 0; size < WHOLE.length; size += 3)
      await collect(peResources, WHOLE.subarray(0, size), { type: 'pe' })
    const change = fc.record({ at: fc.nat(WHOLE.length - 1), byte: fc.nat(255) })
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 12 }), async changes => {
        const bytes = WHOLE.slice()
        for (const { at, byte } of changes) bytes[at] = byte
        await collect(peResources, bytes, { type: 'pe' })
      }),
      { numRuns: 500 },
    )
  })
})

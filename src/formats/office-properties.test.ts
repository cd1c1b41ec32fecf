import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { bytesOf, encodeHex } from '../bytes/index.ts'
import { concatenated, ovbaDecompress } from '../codecs/index.ts'
import { base64Pieces, openCompound, pathOf, readRtf, rtfReadings, streamBytes, xmlText } from './index.ts'
import { buildOle2, ovbaStored } from './testing.ts'

// What is written comes back, whatever it is.

it('streams of compound files', () => {
  const name = fc.string({ unit: fc.constantFrom('a', 'B', 'é', '\u0001', '字'), minLength: 1, maxLength: 6 })
  const path = fc.array(name, { minLength: 1, maxLength: 3 }).map(parts => parts.join('/'))
  const data = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.nat(9_000).map(size => new Uint8Array(size).fill(7)),
  )
  const entry = fc.record({ path, data })
  const entries = fc.uniqueArray(entry, { selector: ({ path }) => path.toUpperCase(), maxLength: 12 })
  fc.assert(
    fc.property(entries, fc.constantFrom(3 as const, 4 as const), (entries, version) => {
      const file = openCompound(buildOle2({ entries, version }))
      const found = file.streams.map(stream => [pathOf(stream), encodeHex(streamBytes(file, stream))])
      expect(new Map(found as [string, string][])).toEqual(new Map(entries.map(e => [e.path, encodeHex(e.data)])))
      expect(file.streams.every(stream => stream.problem === undefined)).toBe(true)
    }),
  )
})

it('source of macros', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3_600 }), data => {
      expect(concatenated(ovbaDecompress(ovbaStored(data), 0), 1 << 20)).toEqual(data)
    }),
  )
})

it('base64', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), data => {
      const text = Buffer.from(data).toString('base64')
      expect(Buffer.concat([...base64Pieces(text, 0, text.length)].map(piece => piece.slice()))).toEqual(
        Buffer.from(data),
      )
    }),
  )
})

it('data of RTF objects, with anything between their digits', () => {
  const noise = fc.constantFrom(' ', '\r\n', '\\par ', '{}', '\\foo7 ', '\\*', 'zz', '{\\bar}')
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 60 }),
      fc.array(noise, { minLength: 1, maxLength: 9 }),
      (data, between) => {
        const digits = encodeHex(data).split('')
        const hex = digits.map((digit, i) => digit + between[i % between.length]).join('')
        const bytes = bytesOf(`{\\rtf1{\\*\\objdata ${hex}}}`)
        const [{ start, end }] = readRtf(bytes).spans
        expect(rtfReadings(bytes, start, end).map(encodeHex)).toContain(encodeHex(data))
      },
    ),
  )
})

it('entities of XML', () => {
  const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&#60;').replaceAll('>', '&#x3E;')
  fc.assert(
    fc.property(fc.string(), text => {
      expect(xmlText(escaped(text))).toBe(text)
    }),
  )
})

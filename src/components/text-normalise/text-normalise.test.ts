import { expect, it } from 'vitest'
import { latin1 } from '../../bytes/index.ts'
import { collect } from '../testing/collect.ts'
import { textNormalise } from './text-normalise.ts'

const run = async (bytes: Uint8Array, type: 'text' | 'text-utf16le' | 'text-utf16be' = 'text') =>
  (await collect(textNormalise, bytes, { type })).children.map(child => [
    child.relation,
    child.type,
    latin1(child.bytes),
  ])

it.each([
  ['A  b\r\n\tC\x0b\x0c d ', 'a b c d '],
  ['  x', ' x'],
  ['a\0b\x80\xffc\x7f', 'abc\x7f'],
  ['A \0 b', 'a b'],
  ['@[`{', undefined],
  ['abc def', undefined],
  ['', undefined],
])('%j becomes %j', async (text, expected) => {
  expect(await run(Buffer.from(text, 'latin1'))).toEqual(expected === undefined ? [] : [['view', 'text', expected]])
})

it('every byte, as the rule says', async () => {
  for (let byte = 0; byte < 256; byte++) {
    const isSpace = byte === 0x20 || (byte >= 9 && byte <= 13)
    const form = isSpace ? ' ' : byte > 0x20 && byte < 0x80 ? String.fromCharCode(byte).toLowerCase() : ''
    // A capital letter in front: so there always is a view.
    expect(await run(Uint8Array.of(0x41, byte))).toEqual([['view', 'text', `a${form}`]])
  }
})

it('UTF-16 is transcoded first; long text comes in pieces', async () => {
  const little = Buffer.from('\ufeffAb  ä\nC', 'utf16le')
  expect(await run(little, 'text-utf16le')).toEqual([['view', 'text', 'ab c']])
  expect(await run(Buffer.from(little).swap16(), 'text-utf16be')).toEqual([['view', 'text', 'ab c']])
  const long = await run(Buffer.from('AbC '.repeat(50_000)))
  expect(long).toEqual([['view', 'text', 'abc '.repeat(50_000)]])
})

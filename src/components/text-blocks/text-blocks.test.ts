import { describe, expect, it } from 'vitest'
import { buildBinHex, encodeUu, encodeYenc } from '../../codecs/build.ts'
import { collect, missedOf } from '../testing/collect.ts'
import { binhex } from './binhex.ts'
import { textBlocks } from './text-blocks.ts'
import { uuencode } from './uuencode.ts'

const PAYLOAD = Buffer.from(Array.from({ length: 700 }, (_, i) => (i * 37 + (i >> 3)) & 0xff))
const PROGRAM = Buffer.concat([Buffer.from('MZ\x90\0\x03', 'latin1'), PAYLOAD])
const lines = (text: string) => text.replace(/.{76}/g, '$&\n')

const run = (text: string | Buffer, component = textBlocks, type = 'text' as const) =>
  collect(component, typeof text === 'string' ? Buffer.from(text, 'latin1') : text, { type })
const named = async (text: string | Buffer, component = textBlocks) =>
  (await run(text, component)).children.map(child => [
    child.name,
    PAYLOAD.equals(child.bytes) || PROGRAM.equals(child.bytes),
  ])

const UU = `begin 644 a b.exe\n${encodeUu(PAYLOAD)}\`\nend\n`
const BASE64 = `begin-base64 644 c.exe\n${lines(PAYLOAD.toString('base64'))}\n====\n`
const YENC = `=ybegin line=128 size=700 name=d.exe\r\n${Buffer.from(encodeYenc(PAYLOAD)).toString('latin1')}\r\n=yend size=700\r\n`
const HQX = buildBinHex('e.exe', PAYLOAD)
const RUN = lines(PROGRAM.toString('base64'))

describe('blocks in text', () => {
  it.each([
    ['uuencode', UU, 'a b.exe'],
    ['uuencode without an end', UU.replace('`\nend\n', ''), 'a b.exe'],
    ['begin-base64', BASE64, 'c.exe'],
    ['begin-base64 without an end', BASE64.replace('====', ''), 'c.exe'],
    ['yEnc', YENC, 'd.exe'],
    ['yEnc without an end', YENC.replace(/\r\n=yend.*/, ''), 'd.exe'],
    ['BinHex', HQX, 'e.exe'],
    ['a run of base64', RUN, 'base64-1'],
    ['a run of base64 in one line', `x = "${RUN.replaceAll('\n', '')}";`, 'base64-1'],
  ])('%s', async (_, block, name) => {
    const result = await named(`Hello,\n\n${block}`)
    expect(result).toEqual([[name, true]])
    expect(
      (await named(`begin 644 bogus\n(This file must be converted with BinHex\n${block}`)).filter(([, whole]) => whole),
    ).toEqual([[name, true]])
  })

  it('all of them, in one text, and in UTF-16', async () => {
    const text = `Hello\n${UU}and\n${BASE64}and\n${YENC}and\n${HQX}and \n${RUN}`
    const expected = ['a b.exe', 'c.exe', 'd.exe', 'e.exe', 'base64-1'].map(name => [name, true])
    expect(await named(text)).toEqual(expected)
    const { children } = await collect(textBlocks, Buffer.from(`${UU}${RUN}`, 'utf16le'), { type: 'text-utf16le' })
    expect(children.map(child => [child.name, child.bytes.length])).toEqual([
      ['a b.exe', 700],
      ['base64-1', 705],
    ])
  })

  it('joins the parts of a yEnc file', async () => {
    const part = (number: number, bytes: Buffer) =>
      `=ybegin part=${number} line=128 size=700 name=d.exe\n=ypart begin=1 end=2\n${Buffer.from(encodeYenc(bytes)).toString('latin1')}\n=yend size=1\n`
    expect(await named(`${part(1, PAYLOAD.subarray(0, 300))}${part(2, PAYLOAD.subarray(300))}`)).toEqual([
      ['d.exe', true],
    ])
  })

  it.each([
    ['prose', 'begin with this, and end\nend\n=y what\n'.repeat(50)],
    ['a certificate', `-----BEGIN CERTIFICATE-----\n${lines(PAYLOAD.toString('base64'))}\n-----END CERTIFICATE-----\n`],
    ['a short run', PROGRAM.subarray(0, 100).toString('base64')],
    ['one long word', 'A'.repeat(5000)],
  ])('nothing in %s', async (_, text) => {
    const result = await run(text)
    expect([result.children, missedOf(result)]).toEqual([[], []])
  })

  it('of their own types', async () => {
    expect(await named(UU, uuencode)).toEqual([['a b.exe', true]])
    expect(await named(HQX, binhex)).toEqual([['e.exe', true]])
    const forks = await collect(binhex, Buffer.from(buildBinHex('f', Buffer.from('data'), Buffer.from('resource'))), {
      type: 'binhex',
    })
    expect(forks.children.map(child => [child.name, Buffer.from(child.bytes).toString()])).toEqual([
      ['f', 'data'],
      ['f/rsrc', 'resource'],
    ])
  })

  it('without a name, and without content', async () => {
    expect(await named(UU.replace('a b.exe', ''), uuencode)).toEqual([['', true]])
    expect(await named(UU.replace(' a b.exe', ''))).toEqual([['', true]])
    expect(missedOf(await run('begin nothing', uuencode))).toEqual(['malformed'])
  })

  it('damaged BinHex keeps what came before, and is missed', async () => {
    const result = await collect(binhex, Buffer.from(HQX.slice(0, 500)), { type: 'binhex' })
    expect(result.children[0].bytes.length).toBeGreaterThan(200)
    expect(missedOf(result)).toEqual(['malformed e.exe'])
    expect(missedOf(await collect(binhex, Buffer.from('(This file'), { type: 'binhex' }))).toEqual(['malformed'])
  })

  it('cut off anywhere, give no error', async () => {
    const text = `${YENC}${UU}${HQX}${BASE64}${RUN}`
    for (let size = 0; size < text.length; size += 17) {
      await run(text.slice(0, size))
      await run(text.slice(0, size), binhex)
    }
  })

  it('without end in great numbers cost no more than their size', async () => {
    // Each of these would be read to the end of the text if it did not end at the next.
    for (const head of [
      'begin 644 x\n',
      'begin-base64 644 x\n',
      '=ybegin line=1 size=1 name=x\n',
      '(This file must be converted with BinHex\n:',
    ]) {
      const { children } = await run(`${head}M\n`.repeat(2000))
      const total = children.reduce((sum, child) => sum + child.bytes.length, 0)
      expect(total).toBeLessThan(2000 * 100)
    }
    const { children } = await run(`TVqQAAMA${'A'.repeat(68)}\n`.repeat(2000))
    expect(children.length).toBeLessThanOrEqual(8)
  })
})

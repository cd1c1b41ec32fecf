import { describe, expect, it } from 'vitest'
import { bytesOf, encodeHex, latin1, Writer } from '../../bytes/index.ts'
import { collect, missedOf } from '../testing/collect.ts'
import { mutilate } from '../testing/mutilate.ts'
import { rtf } from './rtf.ts'

const PAYLOAD = bytesOf('MZ this stands for a program, and is none')
const counted = (text: string) =>
  new Writer()
    .u32(text.length + 1)
    .bytes(bytesOf(`${text}\0`))
    .finish()

const object = (className: string, data: Uint8Array, claimed = data.length) =>
  new Writer().u32(0x501).u32(2).bytes(counted(className)).u32(0).u32(0).u32(claimed).bytes(data).finish()
const packed = (data: Uint8Array) =>
  object(
    'Package',
    new Writer()
      .u16(2)
      .bytes(bytesOf('a.exe\0C:\\a.exe\0'))
      .u32(0x30000)
      .u32(1)
      .u8(0)
      .u32(data.length)
      .bytes(data)
      .finish(),
  )

const HEX = encodeHex(packed(PAYLOAD))
const wrapped = (hex: string) =>
  `{\\rtf1\\ansi text {\\object\\objemb{\\*\\objclass Package}{\\*\\objdata ${hex}}} more}`
const run = (text: string) => collect(rtf, bytesOf(text), { type: 'rtf' })
type Run = Awaited<ReturnType<typeof run>>
const childrenOf = ({ children }: Run) => new Map(children.map(child => [child.name, latin1(child.bytes)]))
const anomaliesOf = ({ emissions }: Run) =>
  emissions.flatMap(emission => (emission.emit === 'anomaly' ? [emission.code] : []))
const propertiesOf = ({ emissions }: Run) =>
  emissions.flatMap(emission => (emission.emit === 'property' ? [`${emission.name}=${emission.value}`] : []))

const half = HEX.length >> 1
const even = half & ~1

/** Ways to write the same data that Word bears. */
const WAYS: readonly (readonly [string, string])[] = [
  ['as it is', HEX],
  ['in upper case', HEX.toUpperCase()],
  ['with white space everywhere', HEX.split('').join(' \r\n\t')],
  ['with control words between', HEX.split('').join('\\par ')],
  ['with control words that take numbers', `${HEX.slice(0, even)}\\foo12345 ${HEX.slice(even)}`],
  ['with control symbols', `${HEX.slice(0, even)}\\*\\~\\_\\-${HEX.slice(even)}`],
  ['with braces that are escaped', `${HEX.slice(0, even)}\\{\\}${HEX.slice(even)}`],
  ['with empty groups', `${HEX.slice(0, even)}{}{{}}${HEX.slice(even)}`],
  ['in a group of its own', `{${HEX}}`],
  ['in groups, one after the other', `{${HEX.slice(0, even)}}{${HEX.slice(even)}}`],
  ['with a group that is to be ignored', `${HEX.slice(0, even)}{\\*\\foo 41424344}${HEX.slice(even)}`],
  ['with a group that holds words', `${HEX.slice(0, even)}{\\foo dead beef}${HEX.slice(even)}`],
  ['with characters by number', `${HEX.slice(0, even)}\\'ab${HEX.slice(even)}`],
  ['with half a byte before a character by number', `${HEX.slice(0, even)}4\\'ab${HEX.slice(even)}`],
  ['with a byte order of its own', `\\bin0 ${HEX}`],
  ['as bytes', `\\bin${HEX.length / 2} ${latin1(packed(PAYLOAD))}`],
  [
    'partly as bytes',
    `${HEX.slice(0, even)}\\bin${HEX.length / 2 - even / 2} ${latin1(packed(PAYLOAD).subarray(even / 2))}`,
  ],
  ['with an odd digit at the end', `${HEX}f`],
  ['with what is no digit', `${HEX.slice(0, even)}zyxw!?${HEX.slice(even)}`],
]

describe('an object', () => {
  it.each(WAYS)('is found %s', async (_, hex) => {
    const collected = await run(wrapped(hex))
    expect([...childrenOf(collected).values()]).toContain(latin1(PAYLOAD))
    expect(missedOf(collected)).toEqual([])
  })

  it.each([
    ['without the group around it', `{\\rtf1 \\objdata ${HEX}}`],
    ['with a word that hides its start', `{\\rt{\\object\\objocx{\\objdata\\foo ${HEX}}}}`],
    ['behind braces that are not closed', `{\\rtf1 {{{{{{ {\\object{\\*\\objdata ${HEX}}}`],
    ['after another word of the same group', `{\\rtf1{\\object\\objdata 00 \\objdata ${HEX}}}`],
    ['inside another object', `{\\rtf1{\\*\\objdata 01{\\object{\\*\\objdata ${HEX}}}}}`],
  ])('is found %s', async (_, text) => {
    expect([...childrenOf(await run(text)).values()]).toContain(latin1(PAYLOAD))
  })

  it('that can be read in two ways is ambiguous', async () => {
    const collected = await run(wrapped(`${HEX.slice(0, even)}{\\*\\foo 41424344}${HEX.slice(even)}`))
    expect(anomaliesOf(collected)).toContain('ambiguous')
  })

  it('of another class is its data', async () => {
    const collected = await run(wrapped(encodeHex(object('Equation.3', PAYLOAD))))
    expect(childrenOf(collected).get('objdata-1/Equation.3')).toBe(latin1(PAYLOAD))
    expect(propertiesOf(collected)).toContain('rtf.object=Equation.3')
  })

  it('with a damaged header is all of its data, and the storage in it', async () => {
    const storage = `\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1storage`
    const collected = await run(wrapped(encodeHex(bytesOf(`garbage${storage}`))))
    expect(childrenOf(collected).get('objdata-1')).toBe(`garbage${storage}`)
    expect(childrenOf(collected).get('objdata-1/storage')).toBe(storage)
  })

  it('that claims too much is what there is, and malformed', async () => {
    const collected = await run(wrapped(encodeHex(object('X', PAYLOAD, 9_999))))
    expect(childrenOf(collected).get('objdata-1/X')).toBe(latin1(PAYLOAD))
    expect(missedOf(collected)).toEqual(['malformed objdata-1/X'])
  })

  it('that is cut off is what there is, and malformed', async () => {
    const text = wrapped(HEX)
    const collected = await run(text.slice(0, text.indexOf(HEX) + HEX.length - 40))
    expect(childrenOf(collected).get('objdata-1/a.exe')).toBe(latin1(PAYLOAD.subarray(0, PAYLOAD.length - 20)))
    expect(missedOf(collected)).toEqual(['malformed objdata-1/a.exe', 'malformed objdata-1'])
  })

  it('that is linked tells where to', async () => {
    const linked = new Writer()
      .u32(0x501)
      .u32(1)
      .bytes(counted('htmlfile'))
      .bytes(counted('http://example.com/x'))
      .u32(0)
    const collected = await run(wrapped(encodeHex(linked.finish())))
    expect(propertiesOf(collected)).toContain('rtf.link=http://example.com/x')
    expect(anomaliesOf(collected)).toEqual(['external-object'])
  })
})

it('gives pictures, without the identifiers in them', async () => {
  const collected = await run(`{\\rtf1{\\pict\\pngblip\\picw10{\\*\\blipuid 00112233}${encodeHex(PAYLOAD)}}}`)
  expect([...childrenOf(collected)]).toEqual([['pict-1', latin1(PAYLOAD)]])
})

it('gives a data store, and what stands behind the document', async () => {
  const collected = await run(`{\\rtf1{\\*\\datastore ${encodeHex(PAYLOAD)}}}\r\nMZ behind`)
  expect([...childrenOf(collected)]).toEqual([
    ['datastore-1', latin1(PAYLOAD)],
    ['trailing', '\r\nMZ behind'],
  ])
})

describe('references', () => {
  it.each([
    ['{\\*\\template http://example.com/t.dot}', 'http://example.com/t.dot'],
    ["{\\*\\template \\'68ttp://a}", 'http://a'],
    ['{\\*\\template \\u-65432?ttp://a}', 'http://a'],
    ['{\\*\\template \\\\\\\\host\\\\t.dot}', '\\\\host\\t.dot'],
  ])('%s: a template elsewhere', async (text, target) => {
    const collected = await run(`{\\rtf1 ${text} text}`)
    expect(propertiesOf(collected)).toEqual([`rtf.template=${target}`])
    expect(anomaliesOf(collected)).toEqual(['external-template'])
  })

  it.each([
    '{\\field{\\*\\fldinst DDEAUTO c:\\\\cmd.exe "/c calc"}{\\fldrslt x}}',
    '{\\field{\\*\\fldinst {\\b DDE}{\\i AUTO} calc}{\\fldrslt x}}',
    '{\\field{\\*\\fldinst {\\field{\\*\\fldinst QUOTE 68 68 69}{\\fldrslt }} calc}{\\fldrslt x}}',
  ])('%s: a command', async text => expect(anomaliesOf(await run(`{\\rtf1 ${text}}`))).toEqual(['dde']))

  it('a hyperlink is none', async () => {
    const collected = await run(
      '{\\rtf1{\\field{\\*\\fldinst HYPERLINK "http://a"}{\\fldrslt DDEAUTO}}{\\*\\template Normal.dot}}',
    )
    expect(anomaliesOf(collected)).toEqual([])
  })
})

describe('hostile documents', () => {
  it.each([
    ['braces', '{\\rtf1' + '{'.repeat(400_000)],
    ['data in data', '{\\rtf1' + '{\\objdata 00'.repeat(30_000)],
    ['control words', '{\\rtf1' + '\\a'.repeat(300_000)],
    ['numbers', '{\\rtf1' + '\\bin99999999999 '.repeat(50_000)],
  ])('%s end soon', async (_, text) => {
    const started = performance.now()
    await run(text)
    expect(performance.now() - started).toBeLessThan(2_000)
  })

  it('stand damage anywhere', async () => {
    const text = wrapped(`${HEX.slice(0, even)}{\\*\\foo 4142}\\'ab\\bin4 abcd${HEX.slice(even)}`)
    expect(await mutilate(rtf, bytesOf(text), 'rtf', { step: 2, mutations: 800 })).toBeGreaterThan(100)
  })
})

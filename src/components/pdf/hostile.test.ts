import { deflateSync } from 'node:zlib'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytesOf, latin1 } from '../../bytes/index.ts'
import { collect, missedOf } from '../testing/collect.ts'
import { buildPdf, PAGES } from './build.ts'
import { AES_256, RC4_CLOSED, RC4_OPEN } from './encrypted.samples.ts'
import { pdf } from './pdf.ts'

const SECRET = 'The quick brown fox jumps over the lazy dog, and nobody sees it do so.'
const SCRIPT = 'app.alert(1)'
const read = (bytes: Uint8Array, passwords: readonly string[] = []) => collect(pdf, bytes, { type: 'pdf', passwords })
const sample = (text: string): Uint8Array => Buffer.from(text, 'base64')
const deflated = (text: string) => latin1(deflateSync(bytesOf(text)))

const WHOLE = buildPdf([
  ...PAGES,
  { dictionary: '/Filter/Fl', data: deflated(SECRET) },
  { dictionary: '/Type/ObjStm/N 2/First 8', data: '12 0 13 4 (a) <</S/JavaScript/JS(app.alert(1))>>' },
  '<</S/Launch/F(a.exe)/Next<</S/JavaScript/JS<6162>>>>>',
  '<</Type/Filespec/F(a.exe)/EF<</F 8 0 R>>>>',
  { dictionary: '/Filter[/A85/RL]', data: '!!~>' },
  { dictionary: '/Filter/LZW/DecodeParms<</Predictor 12/Columns 3/EarlyChange 0>>', data: '\x80\x0b\x60\x50' },
])

describe('pdf: encryption', () => {
  it.each([
    ['no password', RC4_OPEN, []],
    ['the user’s, RC4', RC4_CLOSED, ['wrong', 'user']],
    ['the owner’s, RC4', RC4_CLOSED, ['owner']],
    ['the user’s, AES', AES_256, ['wrong', 'user']],
    ['the owner’s, AES', AES_256, ['owner']],
  ])('opens with %s', async (_, text, passwords) => {
    const found = await read(sample(text), passwords)
    const texts = found.children.map(child => latin1(child.bytes))
    expect(texts).toEqual([SCRIPT, SECRET])
    expect(missedOf(found)).toEqual([])
    expect(found.emissions.filter(({ emit }) => emit === 'password')).toHaveLength(passwords.length > 0 ? 1 : 0)
  })

  it('leaves its input as it is, also where that is a Buffer', async () => {
    for (const text of [RC4_OPEN, RC4_CLOSED, AES_256]) {
      const bytes = Buffer.from(text, 'base64')
      await read(bytes, ['wrong', 'user', 'owner'])
      expect(bytes.toString('base64')).toBe(text.replaceAll('\n', ''))
    }
  })

  it.each([
    ['RC4', RC4_CLOSED],
    ['AES', AES_256],
  ])('is closed without a password: %s', async (_, text) => {
    const found = await read(sample(text), ['wrong'])
    expect(missedOf(found)).toEqual(['encrypted'])
    expect(found.emissions).toContainEqual({ emit: 'property', name: 'encrypted', value: 'pdf' })
    expect(found.children).toEqual([])
  })

  it('reads both where a decoy says that a plain file is encrypted', async () => {
    const decoy = latin1(sample(RC4_OPEN))
    const encrypt = /\/Encrypt (\d+) 0 R/.exec(decoy)!
    const dictionary = decoy
      .slice(decoy.indexOf(`\n${encrypt[1]} 0 obj`))
      .replace(/\d+/, '90')
      .split('endobj')[0]
    const id = /\/ID \[.*?\]/s.exec(decoy)![0]
    const plain = latin1(buildPdf([...PAGES, { data: SECRET }, '<</S/JavaScript/JS(app.alert(1))>>']))
    const found = await read(bytesOf(`${plain}${dictionary}endobj\ntrailer\n<</Encrypt 90 0 R${id}>>\n`))
    const texts = found.children.map(child => latin1(child.bytes))
    expect(texts).toContain(SECRET)
    expect(texts).toContain(SCRIPT)
    expect(found.children).toHaveLength(4)
    expect(found.emissions).toContainEqual(expect.objectContaining({ emit: 'anomaly', code: 'ambiguous' }))
  })

  it('reads a file as it is whose Encrypt dictionary is nowhere, and says that something may be closed', async () => {
    const found = await read(buildPdf([...PAGES, { data: SECRET }], { trailer: '/Root 1 0 R/Encrypt 99 0 R' }))
    expect(found.children.map(child => latin1(child.bytes))).toEqual([SECRET])
    expect(missedOf(found)).toEqual(['encrypted'])
  })

  it('says that one of two encryptions stays closed', async () => {
    const open = latin1(sample(RC4_OPEN))
    const closed = '<</Filter/Standard/V 1/R 2/O(x)/U(y)/P 0>>'
    const found = await read(bytesOf(`${open}\n80 0 obj${closed}endobj\ntrailer\n<</Encrypt 80 0 R>>\n`))
    expect(found.children.map(child => latin1(child.bytes))).toEqual([SCRIPT, SECRET])
    expect(missedOf(found)).toEqual(['encrypted'])
  })
})

describe('pdf: damage', () => {
  it('bears truncation at every offset', async () => {
    for (let size = 0; size < WHOLE.length; size++) await read(WHOLE.subarray(0, size))
    for (const text of [RC4_OPEN, AES_256])
      for (let size = 0; size < sample(text).length; size += 37) await read(sample(text).subarray(0, size), ['user'])
    expect((await read(WHOLE)).children.map(child => child.name)).toEqual([
      'obj-6-0.js',
      'obj-13-0.js',
      'obj-4-0',
      'obj-5-0',
      'a.exe',
      'obj-9-0',
    ])
  })

  it('bears mutation', async () => {
    const letters = [...bytesOf('<>[]()/%#0R 9\nstreamobj')]
    const change = fc.record({
      at: fc.nat(WHOLE.length - 1),
      byte: fc.oneof(fc.nat(255), fc.constantFrom(...letters)),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 12 }), async changes => {
        const bytes = WHOLE.slice()
        for (const { at, byte } of changes) bytes[at] = byte
        await read(bytes)
      }),
      { numRuns: 400 },
    )
  })

  it('bears mutation of what is encrypted', async () => {
    const whole = sample(AES_256)
    const change = fc.record({ at: fc.nat(whole.length - 1), byte: fc.nat(255) })
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 6 }), async changes => {
        const bytes = whole.slice()
        for (const { at, byte } of changes) bytes[at] = byte
        await read(bytes, ['user'])
      }),
      { numRuns: 30 },
    )
  })

  it('bears any tokens in any order', async () => {
    const tokens = ['1 0 obj', '2 0 obj', '<<', '>>', '[', ']', '(', ')', '<', '>', '/JS', '/Length', '/Filter', '/Fl']
    const more = [
      '/EF',
      '/XFA',
      '1 0 R',
      '2 0 R',
      '9',
      'stream\n',
      'endstream',
      'endobj',
      'xref',
      'trailer',
      'startxref 0',
    ]
    const token = fc.constantFrom(
      ...tokens,
      ...more,
      '/S/Launch',
      '/Win',
      '/Type/ObjStm/N 1/First 4',
      '/Encrypt',
      '%',
      '\n',
    )
    await fc.assert(
      fc.asyncProperty(fc.array(token, { maxLength: 60 }), async list => void (await read(bytesOf(list.join(' '))))),
      { numRuns: 400 },
    )
  })
})

/** Crafted input that an innocent reader needs quadratic time or endless memory for. */
const TRAPS: readonly (readonly [string, string, boolean])[] = [
  ['open strings', '1 0 obj (('.repeat(100_000), true],
  ['open hexadecimal strings', '1 0 obj <'.repeat(60_000), true],
  ['streams without an end', '1 0 obj<<>>stream\n'.repeat(20_000), true],
  ['nested arrays', `1 0 obj ${'['.repeat(1_000_000)}`, false],
  ['nested dictionaries', `1 0 obj ${'<</a'.repeat(300_000)}`, false],
  ['heads only', '1 0 obj '.repeat(100_000), false],
  ['white space', `1 0 obj ${' '.repeat(1_000_000)}`.repeat(2), false],
  [
    'references in circles',
    '1 0 obj 1 0 R endobj 2 0 obj<</JS 1 0 R/EF 2 0 R/Length 1 0 R>>stream\nx\n'.repeat(3000),
    false,
  ],
  [
    'one script of many definitions',
    `${'1 0 obj(x)endobj\n'.repeat(2000)}${'2 0 obj<</JS 1 0 R>>endobj\n'.repeat(2000)}`,
    false,
  ],
  ['lengths over each other', '1 0 obj<</Length 2000000/Filter/Fl>>stream\n'.repeat(20_000), true],
  ['sections', `xref\n0 1\ntrailer<</Prev 0>>\n`.repeat(20_000) + 'startxref\n0\n%%EOF', false],
  ['comments', '%\n'.repeat(500_000), false],
  ['repeated keys', `1 0 obj<<${'/JS(x)'.repeat(10_000)}>>`, false],
  ['page of a file', `1 0 obj<</Type/ObjStm/N 9/First 5/Length 9>>stream\n1 0 (((((\nendstream\n`.repeat(5000), false],
]

describe('pdf: traps', () => {
  it.each(TRAPS)('%s', async (_, body, isMissed) => {
    const start = performance.now()
    const found = await read(bytesOf(`%PDF-1.4\n${body}`))
    expect(performance.now() - start).toBeLessThan(6000)
    if (isMissed) expect(missedOf(found).length).toBeGreaterThan(0)
  })
})

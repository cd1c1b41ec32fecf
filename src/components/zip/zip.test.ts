import { deflateRawSync } from 'node:zlib'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Writer } from '../../bytes/index.ts'
import { crc32 } from '../../codecs/index.ts'
import {
  buildZip,
  centralRecord,
  concat,
  descriptorRecord,
  endRecord,
  extraBlock,
  localRecord,
  text,
} from '../../formats/zip/build.ts'
import type { MemberRecipe } from '../../formats/zip/build.ts'
import { componentCrypto } from '../../runtime/component-crypto.ts'
import { collect, missedOf } from '../testing/collect.ts'
import type { CollectOptions, Collected } from '../testing/collect.ts'
import { withAes, withClassic, withStrong } from './build-encrypted.ts'
import { zipComponent } from './index.ts'

const open = (zip: Uint8Array, how: CollectOptions = {}): Promise<Collected> =>
  collect(zipComponent, zip, { type: 'zip', ...how })
const shown = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')
const childrenOf = ({ children }: Collected): string[] => children.map(({ name, bytes }) => `${name}: ${shown(bytes)}`)
const anomaliesOf = ({ emissions }: Collected): string[] =>
  emissions.flatMap(emission => (emission.emit === 'anomaly' ? [`${emission.code} ${emission.detail}`] : []))
const propertyOf = ({ emissions }: Collected, name: string): string[] =>
  emissions.flatMap(emission => (emission.emit === 'property' && emission.name === name ? [emission.value] : []))
const oddOf = (collected: Collected): string[] => [...anomaliesOf(collected), ...missedOf(collected)]

const TEXT = 'some text that is long enough to be worth it; '.repeat(5)
const plain: MemberRecipe = { name: 'plain', content: 'plain content' }
const packed: MemberRecipe = { name: 'packed', content: TEXT, data: deflateRawSync(TEXT), method: 8 }
const FLAG_DESCRIPTOR = 8
const FLAG_UTF8 = 0x800

describe('sound archives', () => {
  const streamed = (member: MemberRecipe, form: { isSigned?: boolean; width?: number }): MemberRecipe => ({
    ...member,
    flags: FLAG_DESCRIPTOR,
    local: { crc: 0, packed: 0, unpacked: 0 },
    descriptor: descriptorRecord(
      crc32(text(member.content)),
      (member.data ?? text(member.content)).length,
      text(member.content).length,
      form,
    ),
  })
  const inner = buildZip([plain, packed])

  it.each<[string, Uint8Array, string[]]>([
    ['empty', buildZip([]), []],
    ['stored and deflated', buildZip([plain, packed]), ['plain: plain content', `packed: ${TEXT}`]],
    ['folders', buildZip([{ name: 'a/', content: '' }, plain]), ['plain: plain content']],
    ['folders that are deflated', buildZip([{ name: 'a/', content: '', data: Uint8Array.of(3, 0), method: 8 }]), []],
    ['empty files', buildZip([{ name: 'a', content: '' }]), ['a: ']],
    ['descriptors', buildZip([streamed(plain, {}), streamed(packed, {})]), ['plain: plain content', `packed: ${TEXT}`]],
    [
      'descriptors without signature',
      buildZip([streamed(packed, { isSigned: false }), plain]),
      [`packed: ${TEXT}`, 'plain: plain content'],
    ],
    [
      'wide descriptors',
      buildZip([streamed(packed, { width: 8 }), plain]),
      [`packed: ${TEXT}`, 'plain: plain content'],
    ],
    ['an archive inside, stored', buildZip([{ name: 'a.zip', content: inner }]), [`a.zip: ${shown(inner)}`]],
    [
      'an archive inside, deflated without compression',
      buildZip([{ name: 'a.zip', content: inner, data: deflateRawSync(inner, { level: 0 }), method: 8 }]),
      [`a.zip: ${shown(inner)}`],
    ],
    ['marker of volumes', concat(Uint8Array.of(0x50, 0x4b, 7, 8), buildZip([plain], {}, 4)), ['plain: plain content']],
    ['marker of one volume', concat(text('PK00'), buildZip([plain], {}, 4)), ['plain: plain content']],
  ])('%s', async (_, zip, children) => {
    const collected = await open(zip)
    expect(childrenOf(collected)).toEqual(children)
    expect(oddOf(collected)).toEqual([])
  })

  it('tells members and comment', async () => {
    const collected = await open(buildZip([plain, packed], { comment: text('c'.repeat(300)) }))
    expect(propertyOf(collected, 'zip.members')).toEqual(['2'])
    expect(propertyOf(collected, 'zip.comment')).toEqual(['c'.repeat(200)])
    expect(propertyOf(collected, 'encrypted')).toEqual([])
    expect(collected.children[1].properties).toEqual([{ name: 'zip.method', value: 'deflate' }])
  })

  it('twenty thousand members', async () => {
    const members = Array.from({ length: 20_000 }, (_, i) => ({ ...packed, name: `${i}` }))
    const collected = await open(buildZip(members))
    expect([collected.children.length, ...oddOf(collected)]).toEqual([20_000])
  })
})

describe('names', () => {
  const unicode = (name: string, of: Uint8Array): Uint8Array =>
    extraBlock(0x7075, new Writer().u8(1).u32(crc32(of)).bytes(text(name)).finish())
  it.each<[string, MemberRecipe, string]>([
    ['UTF-8 by flag', { name: 'ä€', content: '', flags: FLAG_UTF8 }, 'ä€'],
    ['UTF-8 without flag', { name: 'ä€', content: '' }, 'ä€'],
    ['damaged UTF-8 by flag', { name: Uint8Array.of(0x61, 0xff), content: '', flags: FLAG_UTF8 }, 'a\ufffd'],
    ['code page 437', { name: Uint8Array.of(0x80, 0x81, 0xe1, 0xff, 0xb0), content: '' }, 'Çüß\u00a0░'],
    ['Unicode field', { name: Uint8Array.of(0x81), content: '', extra: unicode('ü', Uint8Array.of(0x81)) }, 'ü'],
  ])('%s', async (_, member, name) => {
    const collected = await open(buildZip([member]))
    expect(collected.children.map(child => child.name)).toEqual([name])
    expect(oddOf(collected)).toEqual([])
  })

  it('tells the name in the local header where it differs, and gives the content once', async () => {
    const collected = await open(buildZip([{ ...plain, local: { name: 'other' } }]))
    expect(childrenOf(collected)).toEqual(['plain: plain content'])
    expect(collected.children[0].properties).toContainEqual({ name: 'zip.local-name', value: 'other' })
    expect(anomaliesOf(collected)).toEqual(['ambiguous Names of a member differ'])
  })
})

describe('encryption', () => {
  const ways: Record<string, (member: MemberRecipe, password: string) => MemberRecipe> = {
    classic: withClassic,
    'AES-128, AE-2': (member, password) => withAes(member, password, componentCrypto, { strength: 1 }),
    'AES-192, AE-2': (member, password) => withAes(member, password, componentCrypto, { strength: 2 }),
    'AES-256, AE-2': (member, password) => withAes(member, password, componentCrypto),
    strong: (member, password) => withStrong(member, password, componentCrypto),
    'AES-256, AE-1': (member, password) => withAes(member, password, componentCrypto, { version: 1 }),
  }

  it.each(Object.entries(ways))('%s opens with a password of the list, told once', async (_, way) => {
    const zip = buildZip([way(packed, 'geheim-ä'), way(plain, 'geheim-ä'), { name: 'open', content: 'x' }])
    const collected = await open(zip, { passwords: ['wrong', 'geheim-ä', 'never'] })
    expect(childrenOf(collected)).toEqual([`packed: ${TEXT}`, 'plain: plain content', 'open: x'])
    expect(oddOf(collected)).toEqual([])
    expect(collected.emissions.filter(({ emit }) => emit === 'password')).toEqual([
      { emit: 'password', password: 'geheim-ä' },
    ])
    expect(propertyOf(collected, 'encrypted')).toEqual(['zip'])
    expect(propertyOf(collected, 'zip.encrypted-members')).toEqual(['2'])
  })

  it.each(Object.entries(ways))('%s stays closed without the password, and says so', async (_, way) => {
    const collected = await open(buildZip([way(packed, 'x'), way(plain, 'x')]), { passwords: ['y'] })
    expect(childrenOf(collected)).toEqual([])
    expect(oddOf(collected)).toEqual(['encrypted packed', 'encrypted plain'])
    expect(propertyOf(collected, 'encrypted')).toEqual(['zip'])
  })

  it('tries the empty password', async () => {
    expect(childrenOf(await open(buildZip([withClassic(plain, '')])))).toEqual(['plain: plain content'])
  })

  it('takes a password in Latin-1 where UTF-8 does not open', async () => {
    const zip = buildZip([withClassic(plain, 'x')])
    expect(missedOf(await open(zip, { passwords: ['ä'] }))).toEqual(['encrypted plain'])
  })

  it('does not take a wrong password that passes the check byte', async () => {
    const zip = buildZip([withClassic(packed, 'right')])
    const passwords = Array.from({ length: 2000 }, (_, i) => `wrong ${i}`)
    expect(oddOf(await open(zip, { passwords }))).toEqual(['encrypted packed'])
    expect(childrenOf(await open(zip, { passwords: [...passwords, 'right'] }))).toEqual([`packed: ${TEXT}`])
  })

  it('strong encryption and a masked header are missed', async () => {
    const strong = { ...plain, flags: 0x41, crc: 1 }
    const masked = { ...plain, name: '0', flags: 0x2000, local: { crc: 0, packed: 0, unpacked: 0 } }
    expect(missedOf(await open(buildZip([strong])))).toEqual(['encrypted plain'])
    expect(missedOf(await open(localRecord(masked)))).toContain('encrypted 0')
  })
})

describe('bytes that belong to nothing', () => {
  const zip = buildZip([plain])
  const apk = concat(new Uint8Array(24).fill(7), text('APK Sig Block 42'))
  const withGap = (gap: Uint8Array): Uint8Array => {
    const local = localRecord(plain)
    const directory = centralRecord(plain, 0)
    return concat(local, gap, directory, endRecord(1, directory.length, local.length + gap.length))
  }
  it.each<[string, Uint8Array, string[], string[]]>([
    ['before it', concat(text('prefix'), zip), ['gap-at-0: prefix'], ['Offsets', 'before']],
    ['before it, offsets adjusted', concat(text('prefix'), buildZip([plain], {}, 6)), ['gap-at-0: prefix'], ['before']],
    ['behind it', concat(zip, text('suffix')), [`gap-at-${zip.length}: suffix`], ['behind']],
    ['between', withGap(text('hidden')), [`gap-at-${localRecord(plain).length}: hidden`], ['between']],
    ['zeros between', withGap(new Uint8Array(100)), [], []],
    ['signatures of an Android package', withGap(apk), [`gap-at-${localRecord(plain).length}: ${shown(apk)}`], []],
    [
      'behind the end of deflated data',
      buildZip([
        { ...packed, name: 'plain', content: 'x', data: concat(deflateRawSync('x'), text('trailing')), unpacked: 1 },
      ]),
      ['gap-at-38: trailing'],
      ['compressed', 'between'],
    ],
  ])('%s', async (_, bytes, gaps, told) => {
    const collected = await open(bytes)
    expect(childrenOf(collected).filter(child => child.startsWith('gap'))).toEqual(gaps)
    expect(collected.children.some(child => child.name === 'plain')).toBe(true)
    const anomalies = anomaliesOf(collected)
    expect(anomalies.length).toBe(told.length)
    for (const word of told) expect(anomalies.some(anomaly => anomaly.includes(word))).toBe(true)
    expect(missedOf(collected)).toEqual([])
  })

  it('is nothing odd around an archive in another file', async () => {
    const collected = await open(concat(text('MZ program'), buildZip([plain], {}, 10), text('signature')), {
      type: 'zip-sfx',
    })
    expect(childrenOf(collected)).toEqual(['plain: plain content', 'gap-at-0: MZ program', 'gap-at-131: signature'])
    expect(anomaliesOf(collected)).toEqual([])
  })

  it('members behind the end of deflated data are members', async () => {
    const data = concat(deflateRawSync('x'), localRecord(packed))
    const collected = await open(buildZip([{ ...packed, name: 'a', content: 'x', data }]))
    expect(childrenOf(collected)).toEqual(['a: x', `packed: ${TEXT}`])
    expect(anomaliesOf(collected).join()).toContain('no directory lists')
  })
})

describe('damage', () => {
  it.each<[string, Uint8Array, string[], string[]]>([
    ['wrong checksum', buildZip([{ ...plain, crc: 1 }]), ['plain: plain content'], ['zip-checksum']],
    [
      'shorter than declared',
      buildZip([{ ...packed, crc: 1, unpacked: 1000 }]),
      [`packed: ${TEXT}`],
      ['zip-checksum', 'zip-size', 'malformed packed'],
    ],
    [
      'longer than declared: one reader stops, another does not',
      buildZip([{ ...packed, unpacked: 9 }]),
      [`packed: ${TEXT}`, 'packed: some text'],
      ['zip-size'],
    ],
    ['unknown method', buildZip([{ ...plain, method: 77, crc: 1 }]), [], ['unsupported plain']],
    ['unknown method, stored in truth', buildZip([{ ...plain, method: 77 }]), ['plain: plain content'], ['ambiguous']],
    ['unknown method, deflated in truth', buildZip([{ ...packed, method: 77 }]), [`packed: ${TEXT}`], ['ambiguous']],
    [
      'no such place',
      buildZip([{ ...plain, central: { offset: 999 } }]),
      ['plain: plain content'],
      ['ambiguous', 'ambiguous', 'malformed plain'],
    ],
    [
      'signature of a local header missing',
      buildZip([{ ...plain, local: { signature: 1 } }]),
      [
        'plain: plain content',
        `gap-at-0: ${shown(localRecord({ ...plain, local: { signature: 1 } }).subarray(0, 35))}`,
      ],
      ['ambiguous', 'ambiguous'],
    ],
  ])('%s', async (_, zip, children, odd) => {
    const collected = await open(zip)
    expect(childrenOf(collected)).toEqual(children)
    expect(
      oddOf(collected).map(told =>
        told.startsWith('zip-') || told.startsWith('ambiguous') ? told.split(' ')[0] : told,
      ),
    ).toEqual(odd)
  })

  it('of one member does not touch the others', async () => {
    const bad = { ...packed, name: 'bad', data: new Uint8Array(40).fill(0xff) }
    const collected = await open(buildZip([bad, plain]))
    expect(childrenOf(collected)).toContain('plain: plain content')
    expect(missedOf(collected)).toEqual(['malformed bad'])
  })

  it('a damaged member hides none that no directory lists', async () => {
    const hidden = concat(localRecord(packed), text('rest'))
    const collected = await open(buildZip([{ name: 'cover', content: hidden, crc: 1 }]))
    expect(childrenOf(collected)).toContain(`packed: ${TEXT}`)
  })

  it('volumes: what starts elsewhere is missed, what is here is read', async () => {
    const zip = buildZip(
      [
        { ...packed, central: { disk: 0, offset: 500 } },
        { ...plain, disk: 1 },
      ],
      { disk: 1 },
    )
    const collected = await open(zip)
    expect(childrenOf(collected)).toContain('plain: plain content')
    expect(missedOf(collected)).toEqual(['unsupported packed'])
  })

  it('overlapping members are told, and end at the budget', async () => {
    // Each member quotes the local headers of those behind it in stored blocks, and ends in the same kernel.
    const COUNT = 30
    const kernel = deflateRawSync(new Uint8Array(1 << 20))
    const unpacked = (i: number): number => (COUNT - 1 - i) * 32 + (1 << 20)
    const fields = (i: number): MemberRecipe => ({
      name: `${10 + i}`,
      content: '',
      method: 8,
      crc: 0,
      packed: (COUNT - 1 - i) * 37 + kernel.length,
      unpacked: unpacked(i),
    })
    const block = Uint8Array.of(0, 32, 0, 0xdf, 0xff)
    const heads = Array.from({ length: COUNT }, (_, i) => localRecord(fields(i)))
    const body = concat(...heads.flatMap((head, i) => (i === 0 ? [head] : [block, head])), kernel)
    const directory = concat(...heads.map((_, i) => centralRecord(fields(i), i * 37)))
    const zip = concat(body, directory, endRecord(COUNT, directory.length, body.length))
    const collected = await open(zip)
    expect(anomaliesOf(collected)).toContainEqual(expect.stringContaining('zip-overlap'))
    expect(collected.children.map(child => child.bytes.length)).toEqual(heads.map((_, i) => unpacked(i)))
    expect(missedOf(await open(zip, { budget: { outputBytes: 5 << 20 } }))).toContain('too-large')
  })
})

describe('hostile archives', () => {
  const sample = concat(
    buildZip([
      packed,
      {
        ...plain,
        flags: FLAG_DESCRIPTOR,
        local: { crc: 0, packed: 0, unpacked: 0 },
        descriptor: descriptorRecord(crc32(text(plain.content)), 13, 13),
      },
      withClassic({ ...packed, name: 'closed' }, 'x'),
    ]),
  )

  it('cut off anywhere, give what is whole, and say what is not', async () => {
    for (let length = 0; length < sample.length; length++) {
      const collected = await open(sample.subarray(0, length))
      const seen = collected.children.reduce((sum, child) => sum + child.bytes.length, 0)
      if (length > 60 && seen === 0) expect(missedOf(collected)).not.toEqual([])
      if (length > localRecord(packed).length) expect(childrenOf(collected)).toContain(`packed: ${TEXT}`)
    }
  })

  it('changed anywhere, never end in a fault', async () => {
    const changes = fc.array(fc.tuple(fc.nat(sample.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(changes, async list => {
        const bytes = sample.slice()
        for (const [at, value] of list) bytes[at] = value
        await open(bytes, { passwords: ['x'] })
      }),
      { numRuns: 400 },
    )
  })

  const repeated = (unit: Uint8Array, times: number): Uint8Array => {
    const out = new Uint8Array(unit.length * times)
    for (let i = 0; i < times; i++) out.set(unit, i * unit.length)
    return out
  }
  const entry = centralRecord({ name: 'a', content: '' }, 0)
  it.each<[string, () => Uint8Array]>([
    ['end records', () => concat(localRecord(plain), entry, repeated(endRecord(1, entry.length, 48), 20_000))],
    [
      'end records for every entry',
      () =>
        concat(
          localRecord(plain),
          repeated(entry, 4000),
          ...Array.from({ length: 4000 }, (_, i) => endRecord(1, 0, 48 + i * entry.length)),
        ),
    ],
    [
      'local headers that reach to the end',
      () => repeated(localRecord({ name: 'a', content: '', packed: 1 << 20, unpacked: 1 << 20, flags: 1 }), 3000),
    ],
    [
      'local headers without sizes',
      () => repeated(localRecord({ name: 'a', content: '', flags: FLAG_DESCRIPTOR }), 5000),
    ],
    [
      'descriptors',
      () =>
        concat(
          localRecord({ ...plain, flags: FLAG_DESCRIPTOR, packed: 0 }),
          repeated(descriptorRecord(0, 16, 16), 20_000),
        ),
    ],
    [
      'entries of one member',
      () => {
        const entries = Array.from({ length: 5000 }, (_, i) =>
          centralRecord({ ...plain, packed: i % 13, unpacked: i }, 0),
        )
        const directory = concat(...entries)
        return concat(localRecord(plain), directory, endRecord(5000, directory.length, 48))
      },
    ],
  ])('a flood of %s costs little', async (_, make) => {
    const zip = make()
    const start = performance.now()
    await open(zip)
    expect(performance.now() - start).toBeLessThan(5000)
  })
})

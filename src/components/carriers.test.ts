import { deflateSync } from 'node:zlib'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytesOf, latin1 } from '../bytes/index.ts'
import { lnk } from './lnk.ts'
import { swf } from './swf.ts'
import { collect, missedOf } from './testing/collect.ts'
import type { Collected } from './testing/collect.ts'
import { xdp } from './xdp.ts'

const texts = ({ children }: Collected) => children.map(child => `${child.name}: ${latin1(child.bytes)}`)
const properties = ({ emissions }: Collected) =>
  Object.fromEntries(emissions.flatMap(e => (e.emit === 'property' ? [[e.name, e.value] as const] : [])))

/** Every truncation and some mutations must end with children or reasons. */
async function survives(
  component: typeof swf,
  whole: Uint8Array,
  type: 'swf-compressed' | 'xdp' | 'lnk',
): Promise<void> {
  for (let size = 0; size < whole.length; size++) await collect(component, whole.subarray(0, size), { type })
  const change = fc.record({ at: fc.nat(whole.length - 1), byte: fc.nat(255) })
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 8 }), async changes => {
      const bytes = whole.slice()
      for (const { at, byte } of changes) bytes[at] = byte
      await collect(component, bytes, { type })
    }),
    { numRuns: 300 },
  )
}

const MOVIE = `x\0\x05_\0\0\x0f\xa0\0\0\x0c\x01\0${'getURL(http://example.org/) '.repeat(6)}@\0\0\0`
/** By xz's liblzma, from the movie above. */
const ZWS = 'WldTDcEAAAA6AAAAXQAAAQAAO//8phQWWnvwWgRnj0fhmSqLU+KO28nT2s0Rs6/R0wShM9s+8Ucsntf3LePykE9LVB9P///2TRAA'
const sized = (signature: string) => `${signature}\x0d${String.fromCharCode(MOVIE.length + 8)}\0\0\0`
const cws = (rest = '') => bytesOf(sized('CWS') + latin1(deflateSync(bytesOf(MOVIE))) + rest)

describe('swf', () => {
  it.each([
    ['zlib', cws()],
    ['lzma', Uint8Array.from(Buffer.from(ZWS, 'base64'))],
  ])('%s', async (compression, bytes) => {
    const found = await collect(swf, bytes)
    expect(texts(found)).toEqual([`uncompressed.swf: ${sized('FWS')}${MOVIE}`])
    expect(found.children[0].type).toBe('swf')
    expect(properties(found)).toEqual({ 'swf.version': '13', 'swf.compression': compression })
    expect(missedOf(found)).toEqual([])
  })

  it('leaves its input as it is', async () => {
    const bytes = Buffer.from(cws())
    await collect(swf, bytes)
    expect(latin1(bytes)).toBe(latin1(cws()))
  })

  it('gives what is appended, and says what is cut off', async () => {
    const appended = await collect(swf, cws('something behind the end'))
    expect(texts(appended)[1]).toBe(`gap-at-${cws().length}: something behind the end`)
    const cut = await collect(swf, cws().subarray(0, -20))
    expect(missedOf(cut)).toEqual(['malformed uncompressed.swf'])
    expect(missedOf(await collect(swf, bytesOf('CWS\x0d'), { type: 'swf-compressed' }))).toEqual(['malformed'])
  })

  it('bears damage', async () => {
    await survives(swf, cws(), 'swf-compressed')
    await survives(swf, Uint8Array.from(Buffer.from(ZWS, 'base64')), 'swf-compressed')
  })
})

const INNER = '%PDF-1.4 with something inside'
const base64 = (text: string) => Buffer.from(text, 'latin1').toString('base64')
const packaged = (text: string) =>
  bytesOf(`<?xml version="1.0"?><xdp:xdp xmlns:xdp="x"><pdf xmlns="y"><document>${text}</document></pdf></xdp:xdp>`)
const encoded = base64(INNER)

describe('xdp', () => {
  it.each([
    ['plain', `<chunk>${encoded}</chunk>`],
    ['prefix and attributes', `<p:chunk a='b'\n>\n${encoded}\n</p:chunk >`],
    ['comment', `<chunk>${encoded.slice(0, 9)}<!-- </chunk> -->${encoded.slice(9)}</chunk>`],
    ['CDATA', `<chunk>${encoded.slice(0, 9)}<![CDATA[${encoded.slice(9)}]]></chunk>`],
    [
      'references',
      `<chunk>&#${encoded.charCodeAt(0)};&#x${encoded.charCodeAt(1).toString(16)};${encoded.slice(2)}</chunk>`,
    ],
    ['among others', `<chunks>${'A'.repeat(99)}</chunks><chunk/><chunk>${encoded}</chunk>`],
  ])('%s', async (_, text) => {
    const found = await collect(xdp, packaged(text))
    expect(found.children.map(child => latin1(child.bytes))).toEqual([INNER])
    expect(found.children[0].name).toMatch(/^chunk-at-\d+\.pdf$/)
    expect(missedOf(found)).toEqual([])
  })

  it('scripts', async () => {
    const found = await collect(xdp, packaged('<script>a &lt; b &amp;&amp; "&#65;" != &quot;&bad;</script>'))
    expect(found.children.map(child => latin1(child.bytes))).toEqual(['a < b && "A" != "'])
  })

  it('gives every chunk and image, and says where one does not end', async () => {
    const found = await collect(xdp, packaged(`<chunk>${encoded}</chunk><image>${encoded}</image><chunk>${encoded}`))
    expect(found.children).toHaveLength(3)
    expect(missedOf(found)).toEqual([`malformed ${found.children[2].name}`])
  })

  it('bears damage and traps', async () => {
    await survives(xdp, packaged(`<chunk>${encoded}<!-- x --><![CDATA[x]]>&#65;</chunk>`), 'xdp')
    for (const trap of ['<chunk', '<chunk>', '<', '<!--', '<![CDATA[', '<chunk><!--', '&', '<chunk>&#'])
      await collect(xdp, packaged(trap.repeat(100_000)), { type: 'xdp' })
  })
})

interface LinkParts {
  readonly flags: number
  readonly parts: readonly Uint8Array[]
}

function shortcut({ flags, parts }: LinkParts): Uint8Array {
  const header = new Uint8Array(0x4c)
  header.set(Buffer.from('4c0000000114020000000000c000000000000046', 'hex'))
  new DataView(header.buffer).setUint32(0x14, flags, true)
  new DataView(header.buffer).setInt32(0x38, -3, true)
  return Buffer.concat([header, ...parts])
}

const wide = (text: string) => Uint8Array.from(Buffer.from(text, 'utf16le'))
const u16 = (value: number) => Uint8Array.of(value & 255, value >> 8)
const u32 = (value: number) => Uint8Array.of(value & 255, (value >> 8) & 255, (value >> 16) & 255, value >>> 24)
const counted = (text: string) => Buffer.concat([u16(text.length), wide(text)])
const ansi = (text: string) => bytesOf(`${text}\0`)
const END = u32(0)

function linkInfo(path: string, suffix: string): Uint8Array {
  const size = 28 + path.length + 1 + suffix.length + 1
  const numbers = [size, 28, 1, 0, 28, 0, 28 + path.length + 1]
  return Buffer.concat([...numbers.map(u32), ansi(path), ansi(suffix)])
}

function items(...list: readonly Uint8Array[]): Uint8Array {
  const body = Buffer.concat([...list.flatMap(item => [u16(item.length + 2), item]), u16(0)])
  return Buffer.concat([u16(body.length), body])
}

/** A file entry with a short and a long name. */
function fileItem(short: string, long: string): Uint8Array {
  const head = Buffer.concat([Uint8Array.of(0x32), new Uint8Array(11), ansi(short)])
  const name = wide(`${long}\0`)
  const block = Buffer.concat([u16(48 + name.length), u16(9), u32(0xbeef0004), new Uint8Array(38), name])
  return Buffer.concat([head, block, u16(head.length + 2)])
}

const block = (signature: number, text: string) =>
  Buffer.concat([u32(788), u32(signature), new Uint8Array(260), wide(text), new Uint8Array(520 - 2 * text.length)])

const SHORTCUT: LinkParts = {
  flags: 0x1 | 0x2 | 0x4 | 0x20 | 0x40 | 0x80,
  parts: [
    items(bytesOf('\x1fxyz'), bytesOf('/C:\\\0'), fileItem('WINDOW~1', 'Windows'), fileItem('CMD.EXE', 'cmd.exe')),
    linkInfo('C:\\Windows', 'cmd.exe'),
    counted('A document'),
    counted('/c calc ü'),
    counted('%SystemRoot%\\shell32.dll'),
    block(0xa0000001, '%windir%\\cmd.exe'),
    Buffer.concat([u32(12), u32(0xa0000003), u32(7)]),
    END,
  ],
}

describe('lnk', () => {
  it('tells what a shortcut starts', async () => {
    const found = await collect(lnk, shortcut(SHORTCUT))
    expect(properties(found)).toEqual({
      'lnk.target': 'C:\\Windows\\cmd.exe',
      'lnk.item-path': 'C:\\Windows\\cmd.exe',
      'lnk.environment-target': '%windir%\\cmd.exe',
      'lnk.arguments': '/c calc ü',
      'lnk.description': 'A document',
      'lnk.icon': '%SystemRoot%\\shell32.dll,-3',
    })
    expect(found.children).toEqual([
      { emit: 'child', name: 'arguments', relation: 'view', type: 'text', bytes: Buffer.from('/c calc ü') },
    ])
    expect(missedOf(found)).toEqual([])
  })

  it.each([
    ['items only', { flags: 0x1, parts: [items(bytesOf('/D:\\\0'), fileItem('A.EXE', ''))] }, 'D:\\A.EXE'],
    ['environment only', { flags: 0, parts: [block(0xa0000001, '%a%')] }, '%a%'],
    ['relative path, ANSI', { flags: 0x8, parts: [u16(5), bytesOf('a.exe')] }, 'a.exe'],
    [
      'network',
      {
        flags: 0x2,
        parts: [...[65, 28, 2, 0, 0, 28, 58].map(u32), ...[30, 0, 20, 0, 0].map(u32), bytesOf('\\\\h\\share\0a.exe\0')],
      },
      '\\\\h\\share\\a.exe',
    ],
  ])('target: %s', async (_, parts, target) => {
    expect(properties(await collect(lnk, shortcut(parts)))['lnk.target']).toBe(target)
  })

  it('gives what is appended, but not padding', async () => {
    const whole = shortcut(SHORTCUT)
    const appended = await collect(lnk, Buffer.concat([whole, bytesOf('MZ something behind the end')]))
    expect(texts(appended)[1]).toBe(`gap-at-${whole.length}: MZ something behind the end`)
    expect((await collect(lnk, Buffer.concat([whole, new Uint8Array(99)]))).children).toHaveLength(1)
  })

  it('says when arguments are long', async () => {
    const long = await collect(lnk, shortcut({ flags: 0xa0, parts: [counted(`${' '.repeat(300)}calc`), END] }))
    expect(long.emissions).toContainEqual(expect.objectContaining({ emit: 'anomaly', code: 'lnk-long-arguments' }))
    expect(long.children[0].bytes).toHaveLength(304)
  })

  it('says what is cut off, and bears damage', async () => {
    const whole = shortcut(SHORTCUT)
    expect(missedOf(await collect(lnk, whole.subarray(0, 200)))).toEqual(['malformed'])
    expect(missedOf(await collect(lnk, whole.subarray(0, 40), { type: 'lnk' }))).toEqual(['malformed'])
    await survives(lnk, whole, 'lnk')
  })
})

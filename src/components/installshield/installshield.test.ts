import { deflateRawSync, deflateSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { bytesOf, latin1, Writer } from '../../bytes/index.ts'
import type { FileTypeName } from '../../formats/index.ts'
import { buildPe } from '../../formats/testing.ts'
import { collect, missedOf } from '../testing/collect.ts'
import { mutations, truncations } from '../testing/torture.ts'
import { cabinet, setupChainOf, setupMsiOf } from './build.ts'
import { installShieldComponent } from './installshield.ts'

const join = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts))
const program = (overlay: Uint8Array) =>
  join(buildPe({ sections: [{ name: '.text', data: new Uint8Array(512) }] }), overlay)
const block = (text: string) => {
  const packed = new Uint8Array(deflateRawSync(bytesOf(text)))
  return new Writer().u16(packed.length).bytes(packed).finish()
}
const take = async (bytes: Uint8Array, type: FileTypeName) => {
  const collected = await collect(installShieldComponent, bytes, { type })
  const shown = collected.children.map(child => [child.name, latin1(child.bytes)])
  return { collected, shown, missed: missedOf(collected) }
}
const obfuscated = (data: Uint8Array) =>
  data.map((byte, i) => {
    const mixed = (byte + (i % 0x47)) & 0xff
    return ((mixed << 2) | (mixed >> 6)) ^ 0xd5
  })

const FILES = [
  { name: 'plain', data: bytesOf('as it is'), isCompressed: false },
  { name: 'packed', data: join(block('first '), block('second')), isCompressed: true },
  { name: 'hidden', data: obfuscated(bytesOf('x'.repeat(100))), isCompressed: false, isObfuscated: true },
]
const SHOWN = [
  ['plain', 'as it is'],
  ['packed', 'first second'],
  ['hidden', 'x'.repeat(100)],
]
const { cab, hdr } = cabinet(FILES)
const packed = (text: string) => new Uint8Array(deflateSync(bytesOf(text)))
const LONG = 'a line that is longer than its key\n'.repeat(90) + Array.from({ length: 900 }, (_, i) => i * i).join()

describe('installshield', () => {
  it('takes a cabinet that describes itself', async () => {
    expect(await take(cabinet(FILES, true).cab, 'cab-installshield')).toMatchObject({ shown: SHOWN, missed: [] })
  })

  it('takes cabinets of a setup program by their header', async () => {
    const chain = setupChainOf([
      ['data1.cab', cab],
      ['data1.hdr', hdr],
      ['clam.exe', bytesOf('MZ')],
    ])
    const { collected, shown, missed } = await take(program(chain), 'pe')
    expect(shown.slice(2)).toEqual([['Disk1\\clam.exe', 'MZ'], ...SHOWN])
    expect(collected.children.map(({ relation }) => relation).slice(0, 3)).toEqual(['view', 'view', undefined])
    expect(missed).toEqual([])
  })

  it('takes the files of a setup program for MSI packages', async () => {
    const carried = setupMsiOf([
      ['a.msi', packed(LONG), 6],
      ['plain.ini', bytesOf('text'), 0],
    ])
    expect(await take(program(carried), 'pe')).toMatchObject({
      shown: [
        ['a.msi', LONG],
        ['plain.ini', 'text'],
      ],
      missed: [],
    })
    expect(await take(carried, 'ishield-msi')).toMatchObject({
      shown: [
        ['a.msi', LONG],
        ['plain.ini', 'text'],
      ],
    })
  })

  it('has nothing to say about other programs', async () => {
    for (const overlay of ['', 'a\0b\0c\0d\0', 'InstallShield'])
      expect((await take(program(bytesOf(overlay)), 'pe')).collected).toEqual({ children: [], emissions: [] })
  })

  it('says what is missed', async () => {
    expect((await take(cab, 'cab-installshield')).missed).toEqual(['unsupported'])
    const cut = program(setupChainOf([['a', bytesOf('content')]])).subarray(0, -3)
    expect((await take(cut, 'pe')).missed).toEqual(['malformed Disk1\\a'])
    const alone = program(setupChainOf([['data1.hdr', hdr]]))
    expect((await take(alone, 'pe')).missed).toEqual(['malformed plain', 'malformed packed', 'malformed hidden'])
  })

  it('survives truncation and mutation', async () => {
    const one = cabinet(FILES, true).cab
    await truncations(installShieldComponent, one, { type: 'cab-installshield' }, 3)
    await mutations(installShieldComponent, one, { type: 'cab-installshield' }, 1000)
    const chain = program(
      setupChainOf([
        ['data1.cab', cab],
        ['data1.hdr', hdr],
      ]),
    )
    await truncations(installShieldComponent, chain, { type: 'pe' }, 41)
    await mutations(installShieldComponent, chain, { type: 'pe' }, 500)
    const carried = setupMsiOf([['a.msi', packed(LONG), 6]])
    await mutations(installShieldComponent, carried, { type: 'ishield-msi' }, 300)
  })
})

import { deflateSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { bytesOf, latin1 } from '../../bytes/index.ts'
import { collect, missedOf } from '../testing/collect.ts'
import { mutations, truncations } from '../testing/torture.ts'
import { pyInstallerPackage, pyz } from './build.ts'
import { pyInstallerComponent } from './pyinstaller.ts'

const TYPE = { type: 'data' } as const
const take = async (bytes: Uint8Array) => {
  const collected = await collect(pyInstallerComponent, bytes, TYPE)
  return { shown: collected.children.map(({ name, bytes }) => [name, latin1(bytes)]), missed: missedOf(collected) }
}
const zlib = (text: string) => new Uint8Array(deflateSync(bytesOf(text)))
const behind = (bytes: Uint8Array) => new Uint8Array(Buffer.concat([bytesOf('loader MEI\x0c\x0b\x0a\x0b\x0e'), bytes]))

const ARCHIVE = pyz([
  ['os', zlib('code of os')],
  ['json.decoder', zlib('more code')],
])
const ENTRIES = [
  { name: 'run', kind: 's', data: zlib('script'), isCompressed: true },
  { name: 'lib.so', kind: 'b', data: bytesOf('ELF') },
  { name: 'pyi-contents', kind: 'o', data: bytesOf('') },
  { name: 'PYZ-00.pyz', kind: 'z', data: ARCHIVE },
]
const SHOWN = [
  ['run', 'script'],
  ['lib.so', 'ELF'],
  ['PYZ-00.pyz', latin1(ARCHIVE)],
  ['PYZ-00.pyz/os', 'code of os'],
  ['PYZ-00.pyz/json.decoder', 'more code'],
]

describe('pyinstaller', () => {
  it.each(['2.0', '2.1'] as const)('takes a package of %s', async version => {
    expect(await take(behind(pyInstallerPackage(ENTRIES, version)))).toEqual({ shown: SHOWN, missed: [] })
  })

  it('takes a PYZ archive with a dictionary as its table', async () => {
    // {'a': (0, 12, 9)} as Python 2 writes it
    const data = zlib('x')
    const table = [0x7b, 0x74, 1, 0, 0, 0, 0x61, 0x28, 3, 0, 0, 0]
    const numbers = [0x69, 0, 0, 0, 0, 0x69, 12, 0, 0, 0, 0x69, data.length, 0, 0, 0, 0x30]
    const head = [...bytesOf('PYZ\0'), 0, 0, 0, 0, 0, 0, 0, 12 + data.length]
    const archive = Uint8Array.from([...head, ...data, ...table, ...numbers])
    const { shown, missed } = await take(pyInstallerPackage([{ name: 'z', kind: 'z', data: archive }], '2.0'))
    expect({ shown: shown.slice(1), missed }).toEqual({ shown: [['z/a', 'x']], missed: [] })
  })

  it('says nothing of a magic that is a constant', async () => {
    expect(await take(behind(new Uint8Array(200).fill(0xff)))).toEqual({ shown: [], missed: [] })
  })

  it.each<[string, Uint8Array, string]>([
    ['encrypted modules', pyz([['a', bytesOf('\x01\x02\x03')]]), 'encrypted z'],
    ['no archive', bytesOf('PYX'), 'malformed z'],
    ['a table that is cut short', ARCHIVE.slice(0, -3), 'malformed z'],
    ['a table with other values', ARCHIVE.with(ARCHIVE.length - 5, 0x79), 'unsupported z'],
    ['a module with damaged data', pyz([['a', zlib('abcdef').slice(0, 6)]]), 'malformed z/a'],
  ])('says that something is missed: %s', async (_, data, expected) => {
    expect((await take(pyInstallerPackage([{ name: 'z', kind: 'z', data }], '2.1'))).missed).toEqual([expected])
  })

  it('says that the start of a package is not there', async () => {
    expect((await take(pyInstallerPackage(ENTRIES, '2.1').slice(20))).missed).toEqual(['malformed'])
  })

  it('survives damage', async () => {
    const bytes = pyInstallerPackage(ENTRIES, '2.1')
    await truncations(pyInstallerComponent, bytes, TYPE)
    await mutations(pyInstallerComponent, bytes, TYPE, 2000)
  })
})

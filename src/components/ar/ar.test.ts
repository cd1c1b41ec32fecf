import { describe, expect, it } from 'vitest'
import { bytesOf, latin1 } from '../../bytes/index.ts'
import { identify } from '../../formats/index.ts'
import { ar } from '../../formats/ar/build.ts'
import { collect, missedOf } from '../testing/collect.ts'
import { mutations, truncations } from '../testing/torture.ts'
import { arComponent } from './ar.ts'

const file = (name: string, text: string) => ({ name, data: bytesOf(text) })
const take = async (bytes: Uint8Array) => {
  const collected = await collect(arComponent, bytes, { type: 'ar' })
  return { ...collected, shown: collected.children.map(child => [child.name, latin1(child.bytes)]) }
}
const GNU = [
  file('/', '\0\0\0\0'),
  file('//', 'a-long-name.o/\nanother-long-name.o/\n'),
  file('short.o/', 'odd'),
  file('/0', 'first'),
  file('/15', 'second'),
]

describe('ar', () => {
  it.each<[string, Uint8Array, (readonly [string, string])[]]>([
    [
      'GNU',
      ar(GNU),
      [
        ['short.o', 'odd'],
        ['a-long-name.o', 'first'],
        ['another-long-name.o', 'second'],
      ],
    ],
    [
      'BSD',
      ar([file('__.SYMDEF', 'x'), file('#1/20', 'a long name.o\0\0\0\0\0\0\0data'), file('#1/12', '__.SYMDEF\0\0\0x')]),
      [['a long name.o', 'data']],
    ],
    [
      'System V',
      ar([file('debian-binary', '2.0\n'), file('data.tar.xz', 'x')]),
      [
        ['debian-binary', '2.0\n'],
        ['data.tar.xz', 'x'],
      ],
    ],
    [
      'without padding',
      ar([{ ...file('a', 'odd'), isPadded: false }, file('b', 'y')]),
      [
        ['a', 'odd'],
        ['b', 'y'],
      ],
    ],
    ['nothing', ar([]), []],
    ['no table of names', ar([file('/12', 'x')]), [['/12', 'x']]],
  ])('%s', async (_, archive, expected) => {
    const { shown, emissions } = await take(archive)
    expect(shown).toEqual(expected)
    expect(emissions).toEqual([])
    expect(['ar', 'deb']).toContain(identify(archive).name)
  })

  it('counts what a thin archive refers to', async () => {
    const thin = ar([file('//', 'dir/a.o/\n'), { name: '/0', size: 900 }, { name: 'b.o/', size: 900 }], '!<thin>\n')
    const { shown, emissions } = await take(thin)
    expect(identify(thin).name).toBe('ar')
    expect(shown).toEqual([])
    expect(emissions).toEqual([{ emit: 'property', name: 'ar.references', value: '2' }])
  })

  it('goes on behind a damaged header', async () => {
    const archive = ar([file('a', 'x'), file('b', 'payload'), file('c', 'z')])
    archive[8 + 62 + 58] = 0
    const collected = await take(archive)
    expect(collected.children.map(child => child.name)).toEqual(['a', 'gap-at-70', 'c'])
    expect(collected.shown[1][1]).toContain('payload')
    expect(missedOf(collected)).toEqual(['malformed'])
  })

  it('keeps what is left of a member, and says so', async () => {
    const collected = await take(ar([file('a', 'content')]).subarray(0, 71))
    expect(collected.shown).toEqual([['a', 'con']])
    expect(missedOf(collected)).toEqual(['malformed a'])
  })

  it('survives truncation and mutation', async () => {
    await truncations(arComponent, ar(GNU), { type: 'ar' })
    await mutations(arComponent, ar(GNU), { type: 'ar' }, 2000)
  })
})

import { describe, expect, it } from 'vitest'
import { bytesOf, latin1 } from '../../bytes/index.ts'
import { identify } from '../../formats/index.ts'
import { concat, longEntry, oldSparseEntry, paxEntry, tar, tarEntry, TAR_END } from '../../formats/tar/build.ts'
import { collect, missedOf } from '../testing/collect.ts'
import type { Collected } from '../testing/collect.ts'
import { mutations, truncations } from '../testing/torture.ts'
import { tarComponent } from './tar.ts'

const data = bytesOf('content')
const big = Uint8Array.from({ length: 1500 }, (_, i) => i % 251)
const file = (name: string, content: string) => tarEntry({ name, data: bytesOf(content) })
const take = (bytes: Uint8Array) => collect(tarComponent, bytes, { type: 'tar' })
const shown = ({ children }: Collected) => children.map(child => [child.name, latin1(child.bytes)])
const codes = ({ emissions }: Collected) =>
  emissions.flatMap(emission => (emission.emit === 'anomaly' ? [emission.code] : []))
const zeros = (size: number) => '\0'.repeat(size)

const SPARSE = 'abc' + zeros(1021) + 'def' + zeros(1021)
const SPARSE_MAP = [0, 3, 1024, 3]
const stored = bytesOf('abcdef')
const many = Array.from({ length: 60 }, (_, i) => [i * 10, 1]).flat()

describe('tar', () => {
  it.each<[string, Uint8Array, (readonly [string, string])[]]>([
    ['version 7', tar(tarEntry({ name: 'a', data, magic: 'none', typeFlag: '\0' })), [['a', 'content']]],
    ['ustar with a prefix', tar(tarEntry({ name: 'a', data, prefix: 'x/y' })), [['x/y/a', 'content']]],
    ['GNU without one', tar(tarEntry({ name: 'a', data, magic: 'gnu', prefix: 'junk' })), [['a', 'content']]],
    ['base 256', tar(tarEntry({ name: 'a', data, base256: true })), [['a', 'content']]],
    ['signed checksum', tar(tarEntry({ name: 'é', data, signedSum: true })), [['é', 'content']]],
    ['long name', tar(longEntry('l'.repeat(300)), longEntry('k', 'K'), file('l', 'x')), [['l'.repeat(300), 'x']]],
    [
      'pax path and size',
      tar(
        paxEntry([
          ['path', 'ü'],
          ['size', '7'],
        ]),
        tarEntry({ name: 'a', data, size: 0 }),
      ),
      [['ü', 'content']],
    ],
    [
      'pax, unknown keys',
      tar(
        paxEntry([
          ['mtime', '1.5'],
          ['SCHILY.xattr.user.x', '\n=1'],
        ]),
        file('a', 'x'),
      ),
      [['a', 'x']],
    ],
    [
      'global pax',
      tar(paxEntry([['path', 'p']], 'g'), file('a', 'x'), file('b', 'y')),
      [
        ['p', 'x'],
        ['p', 'y'],
      ],
    ],
    [
      'links, folders',
      tar(
        tarEntry({ name: 'l', typeFlag: '2', linkName: 'x' }),
        tarEntry({ name: 'd/', typeFlag: '5' }),
        file('d/', ''),
        file('a', 'x'),
      ),
      [['a', 'x']],
    ],
    [
      'a hard link that names a size',
      tar(tarEntry({ name: 'l', typeFlag: '1', size: 900 }), file('a', 'x')),
      [['a', 'x']],
    ],
    [
      'a hard link with data',
      tar(tarEntry({ name: 'l', typeFlag: '1', data }), file('a', 'x')),
      [
        ['l', 'content'],
        ['a', 'x'],
      ],
    ],
    ['a folder with data', tar(tarEntry({ name: 'l/', typeFlag: '5', data })), [['l/', 'content']]],
    ['types nobody knows', tar(tarEntry({ name: 'a', typeFlag: 'Z', data })), [['a', 'content']]],
    [
      'one lone block of zeros',
      concat([file('a', 'x'), TAR_END.subarray(512), file('b', 'y'), TAR_END]),
      [
        ['a', 'x'],
        ['b', 'y'],
      ],
    ],
    ['no end', concat([file('a', 'x')]), [['a', 'x']]],
    ['empty files', tar(file('a', '')), [['a', '']]],
    [
      'old sparse',
      tar(oldSparseEntry('a', SPARSE_MAP, 2048, stored), file('b', 'y')),
      [
        ['a', SPARSE],
        ['b', 'y'],
      ],
    ],
    [
      'star sparse',
      tar(oldSparseEntry('a', SPARSE_MAP, 2048, stored, true), file('b', 'y')),
      [
        ['a', SPARSE],
        ['b', 'y'],
      ],
    ],
    [
      'old sparse, continued',
      tar(oldSparseEntry('a', many, 600, bytesOf('z'.repeat(60))), file('b', 'y')),
      [
        ['a', ('z' + zeros(9)).repeat(60)],
        ['b', 'y'],
      ],
    ],
    [
      'sparse 0.0',
      tar(
        paxEntry([
          ['GNU.sparse.size', '2048'],
          ['GNU.sparse.numblocks', '2'],
          ['GNU.sparse.offset', '0'],
          ['GNU.sparse.numbytes', '3'],
          ['GNU.sparse.offset', '1024'],
          ['GNU.sparse.numbytes', '3'],
        ]),
        file('a', 'abcdef'),
      ),
      [['a', SPARSE]],
    ],
    [
      'sparse 0.1',
      tar(
        paxEntry([
          ['GNU.sparse.size', '2048'],
          ['GNU.sparse.map', '0,3,1024,3'],
          ['GNU.sparse.name', 'n'],
        ]),
        file('a', 'abcdef'),
      ),
      [['n', SPARSE]],
    ],
    [
      'sparse 1.0',
      tar(
        paxEntry([
          ['GNU.sparse.major', '1'],
          ['GNU.sparse.minor', '0'],
          ['GNU.sparse.realsize', '2048'],
          ['GNU.sparse.name', 'n'],
        ]),
        file('a', '2\n0\n3\n1024\n3\n' + zeros(499) + 'abcdef'),
      ),
      [['n', SPARSE]],
    ],
  ])('%s', async (_, archive, expected) => {
    const collected = await take(archive)
    expect(shown(collected)).toEqual(expected)
    expect(missedOf(collected)).toEqual([])
    expect(['tar', 'tar-old', 'data', 'text']).toContain(identify(archive).name)
  })

  it('counts links', async () => {
    const { emissions } = await take(
      tar(tarEntry({ name: 'l', typeFlag: '2' }), tarEntry({ name: 'm', typeFlag: '1' })),
    )
    expect(emissions).toEqual([{ emit: 'property', name: 'tar.links', value: '2' }])
  })

  it('takes every archive of several, and what stands behind them', async () => {
    const collected = await take(concat([tar(file('a', 'x')), tar(file('b', 'y')), bytesOf('tail')]))
    expect(shown(collected)).toEqual([
      ['a', 'x'],
      ['b', 'y'],
      ['gap-at-4096', 'tail'],
    ])
    expect(codes(collected)).toEqual(['ambiguous', 'tar.trailing'])
    expect(missedOf(collected)).toEqual([])
  })

  it('goes on behind a damaged header', async () => {
    const damaged = file('b', 'payload')
    damaged[0] ^= 1
    const collected = await take(tar(file('a', 'x'), damaged, file('c', 'z')))
    expect(collected.children.map(child => [child.name, child.bytes.length])).toEqual([
      ['a', 1],
      ['gap-at-1024', 1024],
      ['c', 1],
    ])
    expect(latin1(collected.children[1].bytes)).toContain('payload')
    expect(missedOf(collected)).toEqual(['malformed'])
  })

  it('keeps what is left of a member, and says so', async () => {
    const collected = await take(tarEntry({ name: 'a', data: big }).subarray(0, 512 + 700))
    expect(collected.children[0].bytes).toEqual(Buffer.from(big.subarray(0, 700)))
    expect(missedOf(collected)).toEqual(['malformed a'])
  })

  it('follows both sizes where two are told', async () => {
    const inner = file('hidden', 'payload')
    const header = tarEntry({ name: 'a', data: concat([bytesOf('x'.repeat(512)), inner]), size: 512 })
    const collected = await take(tar(paxEntry([['size', '1536']]), header, file('b', 'y')))
    expect(collected.children.map(child => child.name)).toEqual(['a', 'a', 'b', 'hidden'])
    expect(codes(collected)).toEqual(['ambiguous', 'ambiguous'])
  })

  it('skips holes that are nothing but size', async () => {
    const collected = await take(
      tar(
        paxEntry([
          ['GNU.sparse.size', '9000000000000'],
          ['GNU.sparse.map', '0,3'],
        ]),
        file('a', 'abc'),
      ),
    )
    expect(collected.children[0].bytes.length).toBe(3 + (64 << 20))
    expect(collected.children[0].properties).toContainEqual({
      name: 'tar.sparse.skipped',
      value: String(9e12 - 3 - (64 << 20)),
    })
  })

  it.each<[string, Uint8Array, string[]]>([
    [
      'a broken record',
      tar(tarEntry({ name: 'x', typeFlag: 'x', data: bytesOf('99 path=b\n') }), file('a', 'x')),
      ['malformed'],
    ],
    ['a map that is none', tar(paxEntry([['GNU.sparse.major', '1']]), file('a', 'x')), ['malformed']],
    ['a map that asks for more', tar(paxEntry([['GNU.sparse.map', '0,9']]), file('a', 'x')), ['malformed a']],
    ['a map for all', tar(paxEntry([['GNU.sparse.map', '0,9']], 'g'), file('a', 'x')), ['malformed']],
    ['the second volume', tar(tarEntry({ name: 'a', typeFlag: 'M', data })), ['malformed a']],
    ['no size', tar(tarEntry({ name: 'a', patch: header => header.fill(0x78, 124, 136) })), ['malformed']],
  ])('says what is missed: %s', async (_, archive, missed) => {
    expect(missedOf(await take(archive))).toEqual(missed)
  })

  it('emits what is too large for a name', async () => {
    const collected = await take(
      tar(tarEntry({ name: 'L', typeFlag: 'L', data: new Uint8Array(70_000).fill(1) }), file('a', 'x')),
    )
    expect(collected.children.map(child => [child.name, child.bytes.length])).toEqual([
      ['L', 70_000],
      ['a', 1],
    ])
  })

  it('stays linear where every header starts a map of holes over all that follows', async () => {
    const entries = Array.from({ length: 30_000 }, (_, i) =>
      i % 2 === 0
        ? tarEntry({ name: 'l', typeFlag: '1', size: 512, patch: header => header.fill(1, 504, 505) })
        : tarEntry({
            name: 's',
            typeFlag: 'S',
            magic: 'gnu',
            patch: header => header.fill(1, 504, 505).fill(1, 482, 483),
          }),
    )
    const started = performance.now()
    await take(concat(entries))
    expect(performance.now() - started).toBeLessThan(1500)
  })

  const whole = tar(
    paxEntry([
      ['path', 'p'],
      ['GNU.sparse.size', '2048'],
      ['GNU.sparse.map', '0,3,1024,3'],
    ]),
    file('a', 'abcdef'),
    longEntry('long'),
    oldSparseEntry('s', many, 600, bytesOf('z'.repeat(60))),
    tarEntry({ name: 'b', data: big, base256: true }),
  )
  it('survives truncation', () => truncations(tarComponent, whole, { type: 'tar' }, 7))
  it('survives mutation', () => mutations(tarComponent, whole, { type: 'tar' }, 1500))
})

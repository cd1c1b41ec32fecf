import { describe, expect, it } from 'vitest'
import { bytesOf, latin1 } from '../../bytes/index.ts'
import { loadSevenZip, readSevenZipCode } from '../../runtime/seven-zip-loader.ts'
import { collect, missedOf } from '../testing/collect.ts'
import type { Collected, CollectOptions } from '../testing/collect.ts'
import { mutations, truncations } from '../testing/torture.ts'
import { cab } from './build.ts'
import { sevenZipComponent } from './index.ts'

const component = sevenZipComponent(async () => loadSevenZip(await readSevenZipCode()))
const sample = (base64: string) => new Uint8Array(Buffer.from(base64, 'base64'))
/** Made by 7z: a.txt, b.txt and an empty file. */
const PLAIN = sample(
  'N3q8ryccAAQzm3XKgQAAAAAAAAAhAAAAAAAAAMaF/foBABhmaXJzdHNlY29uZCwgYSBiaXQgbG9uZ2VyAAAAgTMHrg/P2W+8D+vqnL82Pf53Qe42TVHwHQQ1Gt9boGV7OT8Rw23Pjl+hyUUPOeqj3IMVvfsl5R4bbz/SfX161mOjqOGiF16jjoOE4Mt8YUPj/NqJIi7skfCWPmmX/dYAAAAXBh0BCWQABwsBAAEjAwEBBV0AEAAADICCCgFg5g4vAAA=',
)
/** a.txt, encrypted with `infected`. */
const ENCRYPTED = sample(
  'N3q8ryccAAQ4l3KWEAAAAAAAAABiAAAAAAAAAGf63ydfUTlBIbQm2Bzc0P/7rCuoAQQGAAEJEAAHCwEAAiQG8QcBElMPGpFEdrQ2fXUBOioHK4+XACEhAQABAAwJBQAICgFX7nGSAAAFARkBABENAGEALgB0AHgAdAAAABQKAQAuMUjBkHzdARUGAQAggKSBAAA=',
)
/** The same with its header. */
const CLOSED = sample(
  'N3q8ryccAAS7a7ExgAAAAAAAAAAuAAAAAAAAALVLidfsiWdBYrAkCm0ZS+0ns/2U8zw+NBmyosdo53Am5Ox/enNGzhhJYwTugOnv0ZusierlsaIdSXMcCE++i9a0NEJBtsSx/fnAdI7e0+MEqF2jeWqPnbNrSfP1srNrIxN2YkjPmkvhiwywnOuK/UN0A5VPb8hvsFcPeTqyn8FwO6vF1xcGEAEJcAAHCwEAASQG8QcBElMPOXO1Z2YlA5w3Ugc4vUP4EgxiCgHmLKMxAAA=',
)
/** a.txt as it is, b.txt encrypted with `secret`. */
const PARTLY = sample(
  'N3q8ryccAAQkiG6soAAAAAAAAAAhAAAAAAAAAOyseB4BAARmaXJzdAA59mmK+Q1gBMT0h3OGTRLOJAOksfblgnQ6jpO5zlag/gAAgTMHrjGpVK9ClNiJdFLn1PtUAjFHbzr2DjMxiyWkZPNe7XIz+PeqyRVyujJ6hwEYk7dlLUa1AoazRLu/6h7X5KzHmTwFhIJUm43nRF7cWXjeEbL6D4BbAvcTPtfZsvyF5tlW8P1AG0vzLLeRT+rJltbjMQAAFwYpAQl3AAcLAQABIwMBAQVdABAAAAyAjgoBw/ImxgAA',
)
const A = ['a.txt', 'first']
const B = ['b.txt', 'second, a bit longer']
const PROPERTY = { emit: 'property', name: 'encrypted', value: '7zip' }

const take = (bytes: Uint8Array, how: CollectOptions = {}) => collect(component, bytes, how)
const shown = ({ children }: Collected) => children.map(child => [child.name, latin1(child.bytes)])

describe('seven-zip', () => {
  it('takes a 7z archive apart', async () => {
    const collected = await take(PLAIN)
    expect(shown(collected)).toEqual(expect.arrayContaining([A, B, ['empty', '']]))
    expect(collected.children.length).toBe(3)
    expect(collected.emissions).toEqual([])
  })

  it.each([
    ['members', ENCRYPTED, 'encrypted a.txt'],
    ['the header', CLOSED, 'encrypted'],
  ])('opens it where %s are encrypted', async (_, archive, missed) => {
    const without = await take(archive, { passwords: ['wrong'] })
    expect([shown(without), missedOf(without)]).toEqual([[], [missed]])
    expect(without.emissions).toContainEqual(PROPERTY)
    const opened = await take(archive, { passwords: ['wrong', 'infected', 'later'] })
    expect([shown(opened), missedOf(opened)]).toEqual([[A], []])
    expect(opened.emissions).toEqual([{ emit: 'password', password: 'infected' }, PROPERTY])
  })

  it('keeps what needs no password', async () => {
    const without = await take(PARTLY)
    expect([shown(without), missedOf(without)]).toEqual([[A], ['encrypted b.txt']])
    const opened = await take(PARTLY, { passwords: ['wrong', 'secret'] })
    expect([shown(opened), missedOf(opened)]).toEqual([[A, B], []])
  })

  it('says what is damaged', async () => {
    const damaged = PLAIN.slice()
    damaged[34] ^= 0xff
    const collected = await take(damaged)
    expect(missedOf(collected)).toEqual(['malformed #0'])
  })

  it('emits what stands behind the archive', async () => {
    const collected = await take(new Uint8Array([...PLAIN, ...bytesOf('tail')]))
    expect(shown(collected)).toContainEqual([`gap-at-${PLAIN.length}`, 'tail'])
    expect(missedOf(collected)).toEqual([])
    expect(collected.emissions.map(({ emit }) => emit)).toEqual(['anomaly'])
  })

  it('says what it cannot open', async () => {
    expect(missedOf(await take(new Uint8Array(100).fill(1), { type: '7z' }))).toEqual(['malformed'])
    expect(missedOf(await take(PLAIN.subarray(0, 60), { type: '7z' }))).toEqual(['malformed'])
  })

  it('takes names for data', async () => {
    const names = ['..\\..\\etc\\passwd', 'dup', 'dup', 'dir', 'dir\\inside', 'C:\\x', 'n'.repeat(250)]
    const collected = await take(cab(names.map(name => [name, bytesOf(`content of ${name}`)])))
    expect(collected.children.map(child => latin1(child.bytes))).toEqual(names.map(name => `content of ${name}`))
    expect(collected.emissions).toEqual([])
  })

  it('keeps no more than a window of the output', async () => {
    const files = [3000, 1, 5000, 0, 40_000, 7].map((size, i): [string, Uint8Array] => {
      return [`f${i}`, Uint8Array.from({ length: size }, (_, at) => (at * 7 + i) & 0xff)]
    })
    const archive = cab(files)
    for (const windowBytes of [4096, 4999, 20_000]) {
      const { children, emissions } = await take(archive, { options: { windowBytes } })
      expect(children.map(child => [child.name, new Uint8Array(child.bytes)])).toEqual(files)
      expect(emissions).toEqual([])
    }
  })

  it('ends at its budget', async () => {
    const archive = cab([['a', new Uint8Array(100_000)]])
    const collected = await take(archive, { budget: { outputBytes: 50_000 } })
    expect(missedOf(collected)).toEqual(['too-large'])
  })

  it('survives truncation and mutation', async () => {
    await truncations(component, PLAIN, { type: '7z' }, 13)
    await mutations(component, PLAIN, { type: '7z' }, 40)
    await mutations(
      component,
      cab([
        ['a', bytesOf('x')],
        ['b', bytesOf('y')],
      ]),
      { type: 'cab' },
      40,
    )
  })
})

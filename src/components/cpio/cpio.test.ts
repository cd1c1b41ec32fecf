import { describe, expect, it } from 'vitest'
import { bytesOf, latin1 } from '../../bytes/index.ts'
import { identify } from '../../formats/index.ts'
import { cpio } from '../../formats/cpio/build.ts'
import type { CpioFormat } from '../../formats/cpio/header.ts'
import { collect, missedOf } from '../testing/collect.ts'
import type { Collected } from '../testing/collect.ts'
import { mutations, truncations } from '../testing/torture.ts'
import { cpioComponent } from './cpio.ts'

const FORMATS: readonly CpioFormat[] = ['newc', 'crc', 'odc', 'afio', 'binaryLe', 'binaryBe']
const file = (name: string, text: string) => ({ name, data: bytesOf(text) })
const take = (bytes: Uint8Array) => collect(cpioComponent, bytes, { type: 'cpio-newc' })
const shown = ({ children }: Collected) => children.map(child => [child.name, latin1(child.bytes)])
const codes = ({ emissions }: Collected) =>
  emissions.flatMap(emission => (emission.emit === 'anomaly' ? [emission.code] : []))
const join = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts))

describe('cpio', () => {
  it.each(FORMATS)('%s', async format => {
    const archive = cpio(format, [
      { name: '.', mode: 0o40755 },
      file('a', 'odd'),
      file('dir/ü', 'content'),
      file('empty', ''),
      { name: 'link', mode: 0o120777, data: bytesOf('a') },
      { name: 'first', links: 2 },
      { name: 'second', links: 2, data: bytesOf('shared') },
    ])
    expect(identify(archive).name).toMatch(/^cpio-/)
    const collected = await collect(cpioComponent, archive)
    expect(shown(collected)).toEqual([
      ['a', 'odd'],
      ['dir/ü', 'content'],
      ['empty', ''],
      ['second', 'shared'],
    ])
    expect(collected.emissions).toEqual([{ emit: 'property', name: 'cpio.links', value: '2' }])
  })

  it('reads on behind the end, as Linux does', async () => {
    const early = cpio('newc', [file('microcode', 'm')])
    const collected = await take(
      join(early, new Uint8Array(300), cpio('odc', [file('b', 'x')]), new Uint8Array(9), bytesOf('\x1f\x8btail')),
    )
    expect(shown(collected)).toEqual([
      ['microcode', 'm'],
      ['b', 'x'],
      [expect.stringMatching(/^gap-at-/), '\x1f\x8btail'],
    ])
    expect(codes(collected)).toEqual(['ambiguous', 'cpio.trailing'])
    expect(missedOf(collected)).toEqual([])
  })

  it('goes on behind a damaged header', async () => {
    const archive = cpio('newc', [file('a', 'x'), file('b', 'y'), file('c', 'z')])
    archive[116] = 0x39
    const collected = await take(archive)
    expect(collected.children.map(child => child.name)).toEqual(['a', 'gap-at-116', 'c'])
    expect(missedOf(collected)).toEqual(['malformed'])
  })

  it('keeps what is left of a member, and says so', async () => {
    const collected = await take(cpio('newc', [file('a', 'content')]).subarray(0, 115))
    expect(shown(collected)).toEqual([['a', 'con']])
    expect(missedOf(collected)).toEqual(['malformed a'])
  })

  it('says where a checksum is wrong', async () => {
    const collected = await take(cpio('crc', [{ ...file('a', 'x'), checksum: 1 }, file('b', 'x')]))
    expect(codes(collected)).toEqual(['cpio.checksum'])
    expect(missedOf(collected)).toEqual([])
  })

  it('emits what hides in a link', async () => {
    const collected = await take(cpio('newc', [{ name: 'l', mode: 0o120777, data: new Uint8Array(5000) }]))
    expect(collected.children.map(child => [child.name, child.bytes.length])).toEqual([['l', 5000]])
  })

  const whole = (format: CpioFormat) => cpio(format, [file('a', 'odd'), file('b', 'content'), { name: 'l', links: 2 }])
  it.each(FORMATS)('survives truncation and mutation: %s', async format => {
    await truncations(cpioComponent, whole(format), { type: 'cpio-newc' })
    await mutations(cpioComponent, whole(format), { type: 'cpio-newc' }, 500)
  })
})

import { describe, expect, it } from 'vitest'
import { bytesOf, latin1, Writer } from '../../bytes/index.ts'
import { collect, missedOf } from '../testing/collect.ts'
import { mutations, truncations } from '../testing/torture.ts'
import { autoItComponent } from './autoit.ts'
import { autoItScript, nameToken } from './build.ts'

const TYPE = { type: 'autoit' } as const
const take = async (bytes: Uint8Array) => {
  const collected = await collect(autoItComponent, bytes, TYPE)
  return { shown: collected.children.map(({ name, bytes }) => [name, latin1(bytes)]), missed: missedOf(collected) }
}

/** `$a = "x""y" And 7 + 2.5` and a second, empty line. */
const TOKENS = new Writer()
  .u32(2)
  .bytes(nameToken(0x33, 'a'))
  .u8(0x41)
  .bytes(nameToken(0x36, 'x"y'))
  .bytes(Uint8Array.of(0, 1, 0, 0, 0))
  .bytes(Uint8Array.of(5, 7, 0, 0, 0, 0x49))
  .bytes(Uint8Array.of(0x20, 0, 0, 0, 0, 0, 0, 4, 0x40, 0x7f, 0x7f))
  .finish()
const TEXT = '$a = "x""y" And 7 + 2.5\r\n\r\n'

/** Bits as text, the most significant first, behind the header of `version`. */
function compressed(version: string, size: number, bits: string): Uint8Array {
  const out = new Writer(true).bytes(bytesOf(version)).u32(size)
  for (let at = 0; at < bits.length; at += 8) out.u8(Number.parseInt(bits.slice(at, at + 8).padEnd(8, '0'), 2))
  return out.finish()
}
const bin = (value: number, width: number): string => value.toString(2).padStart(width, '0')
/** `ab`, then 2,000 bytes from two back. */
const run = (literal: 0 | 1): string => {
  const rest = 2000 - 3 - 296
  const steps = bin(3, 2) + bin(7, 3) + bin(31, 5) + bin(255, 8) + bin(255, 8).repeat(Math.floor(rest / 255))
  const letters = ['a', 'b'].map(letter => literal + bin(letter.charCodeAt(0), 8)).join('')
  return `${letters}${1 - literal}${bin(2, 15)}${steps}${bin(rest % 255, 8)}`
}

describe('autoit', () => {
  it.each(['EA05', 'EA06'] as const)('takes the files of %s', async version => {
    const data = compressed(version, 2002, run(version === 'EA05' ? 0 : 1))
    const script = autoItScript(version, [
      { tag: 'one.exe', data: bytesOf('MZ') },
      { tag: 'two.txt', data, isCompressed: true },
    ])
    expect(await take(script)).toEqual({
      shown: [
        ['one.exe', 'MZ'],
        ['two.txt', 'ab'.repeat(1001)],
      ],
      missed: [],
    })
  })

  it('makes a script of tokens readable', async () => {
    const script = autoItScript('EA06', [{ tag: '>>>AUTOIT SCRIPT<<<', data: TOKENS }])
    expect(await take(script)).toEqual({ shown: [['script.au3', TEXT]], missed: [] })
  })

  it('takes the script of EA05 as it is', async () => {
    const script = autoItScript('EA05', [{ tag: '>AUTOIT SCRIPT<', data: bytesOf('Run("x")') }])
    expect(await take(script)).toEqual({ shown: [['script.au3', 'Run("x")']], missed: [] })
  })

  it('keeps tokens that cannot be read, and says so', async () => {
    const data = Uint8Array.of(1, 0, 0, 0, 0x60)
    const script = autoItScript('EA06', [{ tag: '>>>AUTOIT SCRIPT<<<', data }])
    expect(await take(script)).toEqual({
      shown: [['script.tokens', latin1(data)]],
      missed: ['unsupported script.au3'],
    })
  })

  it.each<[string, Uint8Array, string]>([
    ['another version', autoItScript('EA05', []).fill(0x37, 23, 24), 'unsupported'],
    ['no file', autoItScript('EA06', []), 'unsupported'],
    ['no end', autoItScript('EA06', [{ tag: 'a', data: bytesOf('x') }]).slice(0, -8), 'malformed'],
    ['a file cut short', autoItScript('EA06', [{ tag: 'a', data: bytesOf('xyz') }]).slice(0, -9), 'malformed a'],
    [
      'a distance of nothing',
      autoItScript('EA06', [{ tag: 'a', data: compressed('EA06', 9, '0'.repeat(40)), isCompressed: true }]),
      'malformed a',
    ],
  ])('says that something is missed: %s', async (_, bytes, expected) => {
    expect((await take(bytes)).missed).toContain(expected)
  })

  it('survives damage', async () => {
    const script = autoItScript('EA06', [
      { tag: '>>>AUTOIT SCRIPT<<<', data: TOKENS },
      { tag: 'b', data: compressed('EA06', 2002, run(1)), isCompressed: true },
    ])
    await truncations(autoItComponent, script, TYPE)
    await mutations(autoItComponent, script, TYPE, 1500)
    await mutations(autoItComponent, autoItScript('EA05', [{ tag: 'b', data: TOKENS }]), TYPE, 200)
  })
})

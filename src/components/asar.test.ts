import { describe, expect, it } from 'vitest'
import { Writer } from '../bytes/index.ts'
import { identify } from '../formats/index.ts'
import { asarComponent } from './asar.ts'
import { collect, missedOf } from './testing/collect.ts'

/** An archive with this directory and these data. */
function build(directory: unknown, data = ''): Uint8Array {
  const text = new TextEncoder().encode(typeof directory === 'string' ? directory : JSON.stringify(directory))
  const padded = Math.ceil(text.length / 4) * 4
  return new Writer()
    .u32(4)
    .u32(8 + padded)
    .u32(4 + padded)
    .u32(text.length)
    .bytes(text)
    .padTo(16 + padded)
    .bytes(new TextEncoder().encode(data))
    .finish()
}

const open = (bytes: Uint8Array) => collect(asarComponent, bytes, { type: 'asar' })
const shown = ({ children }: Awaited<ReturnType<typeof open>>) =>
  children.map(({ name, bytes }) => `${name}: ${Buffer.from(bytes).toString()}`)

const SAMPLE = build(
  {
    files: {
      'main.js': { size: 5, offset: '0', integrity: { algorithm: 'SHA256' } },
      lib: { files: { 'a.js': { size: 3, offset: '5' }, empty: { files: {} } } },
      native: { size: 100, unpacked: true },
      current: { link: 'lib/a.js' },
      __proto__x: { size: 0, offset: '8' },
    },
  },
  'firstabc',
)

describe('asar', () => {
  it('is identified', () => {
    expect(identify(SAMPLE).name).toBe('asar')
  })

  it('gives files, folders and links', async () => {
    const collected = await open(SAMPLE)
    expect(shown(collected)).toEqual(['main.js: first', 'current: lib/a.js', '__proto__x: ', 'lib/a.js: abc'])
    expect(collected.emissions).toEqual([{ emit: 'property', name: 'asar.files', value: '5' }])
  })

  it.each([
    ['outside', { a: { size: 9, offset: '4' } }, ['a: data', 'gap-at-56: some'], ['malformed a']],
    ['without a place', { a: { size: 9 } }, ['gap-at-44: somedata'], ['malformed a']],
    ['no file', { a: 7 }, ['gap-at-36: somedata'], ['malformed a']],
    ['between', { a: { size: 2, offset: '0' }, b: { size: 4, offset: 4 } }, ['a: so', 'b: data', 'gap-at-86: me'], []],
  ])('tells what lies %s', async (_, files, children, missed) => {
    const collected = await open(build({ files }, 'somedata'))
    expect(shown(collected)).toEqual(children)
    expect(missedOf(collected)).toEqual(missed)
  })

  it.each([
    ['no JSON', build('{"files":'), 'malformed'],
    ['too deep', build(`{"files":${'['.repeat(600)}`), 'too-large'],
    ['cut off', SAMPLE.subarray(0, 40), 'malformed'],
    ['nothing', new Uint8Array(3), 'malformed'],
  ])('%s is missed', async (_, bytes, reason) => {
    expect(missedOf(await open(bytes))).toEqual([reason])
  })

  it('cut off anywhere, says so', async () => {
    for (let length = 0; length < SAMPLE.length; length++)
      expect(missedOf(await open(SAMPLE.subarray(0, length)))).not.toEqual([])
  })
})

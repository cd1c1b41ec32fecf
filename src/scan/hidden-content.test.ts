import { expect, test } from 'vitest'
import { identify, readExecutable } from '../formats/index.ts'
import { buildPe } from '../formats/testing.ts'
import { packerOf } from './hidden-content.ts'
import { testEngine } from './testing/harness.ts'

const latin1 = (text: string): Uint8Array => Uint8Array.from(text, character => character.charCodeAt(0))
const join = (...parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap(part => [...part]))
const program = (name = '.text'): Uint8Array => buildPe({ sections: [{ name, data: new Uint8Array(512).fill(0x90) }] })
const CASES: readonly (readonly [string, Uint8Array, RegExp | undefined])[] = [
  ['a program', program(), undefined],
  [
    'a library without an entry point',
    buildPe({ sections: [{ name: '.rsrc', data: new Uint8Array(512) }], entryPoint: 0 }),
    undefined,
  ],
  [
    'a program that starts in its header',
    buildPe({ sections: [{ name: '.text', data: new Uint8Array(512) }], entryPoint: 24 }),
    /Upack/,
  ],
  [
    'a program that begins like PESpin',
    buildPe({
      sections: [{ name: '.text', data: Buffer.from('eb016860e8000000008b1c2483c300'.padEnd(1024, '0'), 'hex') }],
    }),
    /PESpin/,
  ],
  ['a packed program', program('UPX0'), /UPX/],
]

test.each(CASES)('%s', (_name, content, expected) => {
  const said = packerOf(readExecutable(identify(content), content), content)
  if (expected === undefined) expect(said).toBeUndefined()
  else expect(said).toMatch(expected)
})

test('what is hidden makes the verdict unscannable, and a detection outweighs it', () => {
  const { thread } = testEngine({ 't.ndb': 'T:1:*:4c617a6172657421\n' })
  const scan = (content: Uint8Array) =>
    thread.scan({ name: 'x', content, allMatches: false, deadlineMs: performance.now() + 10_000 })
  const packed = scan(program('UPX0'))
  expect(packed.verdict).toBe('unscannable')
  expect(packed.artifacts[0].notSeen).toMatchObject([{ reason: 'unsupported' }])
  expect(packed.artifacts[0].properties).toContainEqual({ name: 'packer', value: 'UPX' })
  expect(scan(join(program('UPX0'), latin1('Lazaret!'))).verdict).toBe('infected')
  expect(scan(program()).verdict).toBe('clean')
  for (const mark of ['Inno Setup Setup Data (6.2.0)', 'ISSetupStream\0']) {
    expect(scan(join(program(), latin1(mark))).artifacts[0].notSeen).toMatchObject([{ reason: 'unsupported' }])
    expect(scan(latin1(`A text about ${mark}`)).verdict).toBe('clean')
  }
})

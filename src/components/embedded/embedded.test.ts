import * as fc from 'fast-check'
import { deflateRawSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { buildPe } from '../../formats/testing.ts'
import { testEngine } from '../../scan/testing/harness.ts'
import { collect, missedOf } from '../testing/collect.ts'
import { embedded } from './embedded.ts'

const latin1 = (text: string): Uint8Array => Uint8Array.from(text, character => character.charCodeAt(0))
const hex = (text: string): Uint8Array => Buffer.from(text, 'hex')
const program = (data = new Uint8Array(512).fill(0x90)): Buffer =>
  Buffer.from(buildPe({ sections: [{ name: '.text', data }] }))
const local = Buffer.concat([
  hex('504b03041400000008000000000000000000'),
  new Uint8Array(8),
  hex('0100'),
  hex('0000'),
  latin1('a'),
  deflateRawSync('x'.repeat(99)),
])
const noise = latin1('some text that is in between, long enough to be told from padding')

/** What begins like a file, as `kind: bytes`. */
const FILES: readonly (readonly [string, Uint8Array])[] = [
  ['zip', local],
  ['gzip', gzipSync('hello, this is longer than the least that is looked at')],
  ['rar', Buffer.concat([hex('526172211a0700cf907300000d00000000000000'), noise])],
  ['rar', Buffer.concat([hex('526172211a0701003392b5e50a01050600050101808000'), noise])],
  ['xz', Buffer.concat([hex('fd377a585a000004e6d6b446'), noise])],
  ['ole2', Buffer.concat([hex('d0cf11e0a1b11ae1'), new Uint8Array(16), hex('3e000300feff0900'), noise])],
  ['pdf', latin1('%PDF-1.4\n%\xe2\xe3\n1 0 obj\n<< >>\nendobj\n')],
  ['cab', Buffer.concat([hex('4d534346000000006400000000000000'), new Uint8Array(8), hex('0301'), new Uint8Array(74)])],
  ['elf', Buffer.concat([hex('7f454c46020101000000000000000000'), hex('03003e0001000000'), noise])],
  ['nsis', Buffer.concat([hex('00000000efbeadde'), latin1('NullsoftInst'), noise])],
  ['autoit', Buffer.concat([hex('a3484bbe986c4aa9994c530a86d6487d'), latin1('AU3!EA06'), noise])],
  ['pe', program()],
]

const carved = async (content: Uint8Array) =>
  (await collect(embedded, content)).children.map(({ name, bytes }) => `${name} ${bytes.length}`)

describe('files inside of others', () => {
  test.each(FILES)('%s behind a program', async (kind, file) => {
    const content = Buffer.concat([program(), noise, file])
    const at = content.length - file.length
    expect(await carved(content)).toEqual([`at-${at}.${kind} ${file.length}`])
  })

  test.each(FILES)('%s that is cut off is no error', async (_kind, file) => {
    for (let length = 0; length < Math.min(file.length, 200); length++)
      expect(missedOf(await collect(embedded, Buffer.concat([program(), file.subarray(0, length)])))).toEqual([])
  })

  test('constants of programs that handle archives are none', async () => {
    const constants = [
      'PK\x03\x04',
      'Rar!\x1a\x07\0',
      '7z\xbc\xaf\x27\x1c',
      'MSCF\0\0\0\0',
      '\xfd7zXZ\0',
      '%PDF-1.',
      '\x7fELF',
      'PE\0\0',
    ]
    const content = Buffer.concat([program(), ...constants.map(text => Buffer.concat([latin1(text), noise]))])
    expect(await carved(content)).toEqual([])
  })

  test('a program with something behind it is carved with it and without it', async () => {
    const content = Buffer.concat([program(), program(), noise])
    expect(await carved(content)).toEqual([
      `at-${program().length}.pe ${program().length}`,
      `at-${program().length}.pe ${program().length + noise.length}`,
    ])
  })

  test('what lies inside of a carved file is left to that', async () => {
    const inner = program(Buffer.concat([new Uint8Array(512), program()]))
    expect(await carved(Buffer.concat([program(), inner]))).toEqual([`at-${program().length}.pe ${inner.length}`])
  })

  test('any bytes at all are no error', async () => {
    const pieces = FILES.flatMap(([, file]) => [file.subarray(0, 40), file])
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.constantFrom(...pieces), fc.uint8Array({ maxLength: 40 }))),
        async parts => {
          const content = Buffer.concat([program(), ...parts])
          const { children } = await collect(embedded, content, { type: 'pe' })
          const total = children.reduce((sum, { bytes }) => sum + bytes.length, 0)
          return total <= 4 * content.length
        },
      ),
      { numRuns: 200 },
    )
  })
})

test('a ZIP archive with its directory is no guess, a local header alone is', async () => {
  const entry = Buffer.alloc(47)
  entry.set(hex('504b0102'))
  const end = Buffer.alloc(22)
  end.set(hex('504b0506'))
  end.writeUInt32LE(entry.length, 12)
  const guesses = async (...parts: readonly Uint8Array[]) =>
    (await collect(embedded, Buffer.concat([program(), ...parts]))).children.map(({ guess }) => guess)
  expect(await guesses(local, entry, end)).toEqual([false])
  expect(await guesses(local, entry)).toEqual([true])
  expect(await guesses(local, noise, end)).toEqual([true])
})

test('the pipeline carves only where the prefilter saw a mark', () => {
  const { thread } = testEngine({ 't.ndb': 'T:0:EOF-8:4c617a6172657421\n' }, { components: [embedded] })
  const scan = (content: Uint8Array) =>
    thread.scan({ name: 'x', content, allMatches: true, deadlineMs: performance.now() + 10_000 })
  const inner = Buffer.concat([program(), latin1('Lazaret!')])
  const found = scan(Buffer.concat([program(), noise, inner, noise]))
  expect(found.artifacts.map(({ type }) => type)).toEqual(['pe', 'pe', 'pe'])
  expect(found.verdict).toBe('clean')
  expect(scan(Buffer.concat([program(), noise])).artifacts.length).toBe(1)
  // Broken: it looked like an archive, and is none.
  expect(
    scan(Buffer.concat([program(), hex('7f454c46020101000000000000000000'), hex('03003e0001000000'), noise])).verdict,
  ).toBe('clean')
})

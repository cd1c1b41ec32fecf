import { deflateRawSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { bytesOf } from '../bytes/index.ts'
import { buildPe } from '../formats/testing.ts'
import { buildZip, concat, localRecord, type MemberRecipe } from '../formats/zip/build.ts'
import { testEngine } from '../scan/testing/harness.ts'
import { COMPONENTS } from './registry.ts'
import { withAes, withClassic } from './zip/build-encrypted.ts'
import { componentCrypto } from '../runtime/component-crypto.ts'

// Archives behind programs whose members cannot be read are never clean; constants of programs always are.

const { thread } = testEngine({ 't.ndb': 'T:0:*:4c617a6172657421\n' }, { components: COMPONENTS })
const PROGRAM = buildPe({ sections: [{ name: '.text', data: new Uint8Array(512).fill(0x90) }] })
const TEXT = bytesOf('text of a program that handles archives, and that is no archive itself')

function verdict(...parts: readonly Uint8Array[]): string {
  const content = concat(PROGRAM, ...parts)
  const report = thread.scan({ name: 'x', content, allMatches: true, deadlineMs: performance.now() + 30_000 })
  const reasons = new Set(report.artifacts.flatMap(({ notSeen }) => notSeen.map(({ reason }) => reason)))
  return [report.verdict, ...reasons].join(' ')
}

const MEMBER: MemberRecipe = { name: 'setup.exe', content: 'content of the only member of this archive' }
const UNSUPPORTED: MemberRecipe = { ...MEMBER, method: 97, data: bytesOf('compressed by some method') }
const DAMAGED: MemberRecipe = { ...MEMBER, method: 8, data: Uint8Array.of(7, 7, 7, 7, 7, 7, 7, 7, 7, 7) }
const SOUND: MemberRecipe = { ...MEMBER, method: 8, data: deflateRawSync(bytesOf(MEMBER.content as string)) }

describe('a self-extractor whose only member', () => {
  test.each([
    ['has an unknown method', buildZip([UNSUPPORTED]), 'unscannable unsupported'],
    ['has an unknown method, without a directory', localRecord(UNSUPPORTED), 'unscannable unsupported'],
    ['is damaged', buildZip([DAMAGED]), 'unscannable malformed'],
    ['is encrypted', buildZip([withClassic(MEMBER, 'unguessed word')]), 'unscannable encrypted'],
    ['is encrypted by AES', buildZip([withAes(MEMBER, 'unguessed word', componentCrypto)]), 'unscannable encrypted'],
    ['is encrypted, without a directory', localRecord(withClassic(MEMBER, 'unguessed word')), 'unscannable encrypted'],
    ['is cut off', localRecord(SOUND).subarray(0, -9), 'unscannable malformed'],
    ['can be read', buildZip([SOUND]), 'clean'],
  ] as const)('%s', (_what, archive, expected) => {
    expect(verdict(archive).split(' ').slice(0, 2).join(' ')).toBe(expected)
    expect(verdict(TEXT, archive).startsWith(expected.split(' ')[0])).toBe(true)
  })
})

/** The mark of ZIP, and header fields that a compiler, a table or a heap might put behind it. */
const CONSTANTS: readonly (readonly [string, Uint8Array])[] = [
  ['a signature', concat(bytesOf('PK\x03\x04'), TEXT)],
  ['signatures in a row', concat(bytesOf('PK\x03\x04\0\0\0\0PK\x01\x02\0\0\0\0PK\x05\x06\0\0\0\0PK\x07\x08'), TEXT)],
  ['words of a heap', concat(bytesOf('PK\x03\x04\x14\0\0\0\x0c\0'), new Uint8Array(16), bytesOf('\x05\0\0\0'), TEXT)],
  ['an empty template', concat(localRecord({ name: 'name', content: '' }), TEXT)],
]

test.each(CONSTANTS)('%s is none', (_what, constant) => {
  expect(verdict(TEXT, constant, TEXT)).toBe('clean')
})

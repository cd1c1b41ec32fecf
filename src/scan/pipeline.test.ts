import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { checkReport } from '../report/index.ts'
import { buildPe } from '../formats/testing.ts'
import { MAX_DETECTIONS } from './findings.ts'
import { testEngine, type TestEngine } from './testing/harness.ts'

// Verdicts, budgets and bounds of the pipeline for one flat file.

const latin1 = (text: string): Uint8Array => Uint8Array.from(text, character => character.charCodeAt(0))
const digest = (name: string, content: Uint8Array): string => createHash(name).update(content).digest('hex')
const scan = (engine: TestEngine, content: Uint8Array, { allMatches = false, inMs = 60_000 } = {}) =>
  engine.thread.scan({ name: 'x', content, allMatches, deadlineMs: performance.now() + inMs })

const NOISE = Uint8Array.from({ length: 5000 }, (_, i) => (i * 7919 + (i >> 3)) & 0xff)

test('a clean file is clean, and its report is valid', () => {
  const report = scan(testEngine({ 't.ndb': 'T:0:*:4c617a6172657421\n' }), NOISE)
  expect(report.verdict).toBe('clean')
  expect(report.artifacts[0].sha256).toBe(digest('sha256', NOISE))
  expect(() => checkReport(report)).not.toThrow()
})

test('an empty file and one byte are looked at', () => {
  const engine = testEngine({ 't.hdb': `${digest('md5', latin1('a'))}:1:One.Byte\n` })
  expect(scan(engine, new Uint8Array(0)).verdict).toBe('clean')
  expect(scan(engine, latin1('a')).verdict).toBe('infected')
})

test('time that is over makes the verdict unscannable, never clean', () => {
  const report = scan(testEngine({ 't.ndb': 'T:0:*:4c617a6172657421\n' }), NOISE, { inMs: -1 })
  expect(report.verdict).toBe('unscannable')
  expect(report.artifacts[0].notSeen).toMatchObject([{ reason: 'time' }])
})

test('matches of a first part at every position are all followed', () => {
  const engine = testEngine({ 't.ndb': 'T:0:*:4141{-2000}42424242{-2000}43434343\n' })
  const content = new Uint8Array(1_000_000).fill(0x41)
  expect(scan(engine, content).verdict).toBe('clean')
  content.set(latin1('BBBB..CCCC'), content.length - 10)
  expect(scan(engine, content).verdict).toBe('infected')
})

test('more places than can be followed make the verdict unscannable, never clean', () => {
  // A hundred thousand matches of the first part, each with a place of its own for the second.
  const engine = testEngine({ 't.ndb': 'T:0:*:4142{300-301}43444546474849\n' })
  const dense = latin1(`${'AB......'.repeat(100_000)}CDEFGHI`)
  const report = scan(engine, dense)
  expect(report.verdict).toBe('unscannable')
  expect(report.artifacts[0].notSeen).toMatchObject([{ reason: 'time' }])
})

test('an allow-listed file is trusted whatever matches', () => {
  const engine = testEngine({
    't.ndb': 'T:0:*:4c617a6172657421\n',
    'u.fp': `${digest('md5', latin1('Lazaret! and more'))}:17:Mine\n`,
  })
  const report = scan(engine, latin1('Lazaret! and more'))
  expect(report.verdict).toBe('trusted')
  expect(report.artifacts[0].detections).toEqual([])
  expect(scan(engine, latin1('Lazaret! and less')).verdict).toBe('infected')
})

test('an unwanted program does not end the search for something worse', () => {
  const engine = testEngine({
    't.hdb': `${digest('md5', latin1('abcdefgh'))}:8:PUA.Tool\n`,
    'u.ndb': 'T:0:*:61626364\n',
  })
  expect(scan(engine, latin1('abcdefgh')).verdict).toBe('infected')
  expect(scan(testEngine({ 't.ndb': 'PUA.Tool:0:*:61626364\n' }), latin1('abcdefgh')).verdict).toBe('unwanted')
})

test('the first match ends the scan, all matches are reported when asked for', () => {
  const lines = Array.from({ length: 5 }, (_, i) => `T${i}:0:*:4c617a6172657421`).join('\n')
  const engine = testEngine({ 't.ndb': lines })
  expect(scan(engine, latin1('a Lazaret! b')).artifacts[0].detections).toHaveLength(1)
  const { detections } = scan(engine, latin1('a Lazaret! b'), { allMatches: true }).artifacts[0]
  expect(detections.map(({ name }) => name).sort()).toEqual([0, 1, 2, 3, 4].map(i => `T${i}.UNOFFICIAL`))
  expect(detections[0].where).toEqual({ path: 'x', offset: 2, length: 8 })
})

test('detections are limited', () => {
  const lines = Array.from({ length: MAX_DETECTIONS + 50 }, (_, i) => `T${i}:0:*:4c617a6172657421`).join('\n')
  const report = scan(testEngine({ 't.ndb': lines }), latin1('a Lazaret! b'), { allMatches: true })
  expect(report.artifacts[0].detections).toHaveLength(MAX_DETECTIONS)
})

test('a match is found wherever it lies, in the window or through it in pieces', () => {
  const file = { 't.ndb': 'T:0:*:4c617a6172657421(61|62)63\n' }
  const engines = [testEngine(file), testEngine(file, { windowBytes: 512 }), testEngine(file, { kernel: 'reference' })]
  for (let at = 0; at + 10 <= 1600; at += 13) {
    const content = NOISE.slice(0, 1600)
    content.set(latin1('Lazaret!ac'), at)
    expect(engines.map(engine => scan(engine, content).artifacts[0].detections[0]?.where?.offset)).toEqual([at, at, at])
    content[at + 9] ^= 1
    expect(engines.map(engine => scan(engine, content).verdict)).toEqual(['clean', 'clean', 'clean'])
  }
})

test('a damaged program is matched all the same', () => {
  const engine = testEngine({ 't.ndb': 'T:0:*:4c617a6172657421\nU:1:EP+0:4c617a6172657421\n' })
  const whole = buildPe({ sections: [{ name: '.text', data: latin1('Lazaret!'.padEnd(512, '.')) }] })
  for (let length = 0; length < whole.length; length += 5) {
    const report = scan(engine, whole.subarray(0, length), { allMatches: true })
    const there = Buffer.from(whole.subarray(0, length)).includes('Lazaret!')
    expect(report.verdict).toBe(there ? 'infected' : 'clean')
  }
})

test('a line boundary inside a pattern may be two bytes', () => {
  const engine = testEngine({ 't.ndb': 'T:0:*:65656565(L)c1c2d4d5\n' })
  expect(scan(engine, latin1('xx eeee\n\xc1\xc2\xd4\xd5 yy')).verdict).toBe('infected')
  expect(scan(engine, latin1('xx eeee\r\n\xc1\xc2\xd4\xd5 yy')).verdict).toBe('infected')
  expect(scan(engine, latin1('xx eeee\r\xc1\xc2\xd4\xd5 yy')).verdict).toBe('clean')
})

test('short patterns are found at the very start in tables of every size', () => {
  const hex = (value: number): string => value.toString(16).padStart(8, '0')
  const filler = Array.from({ length: 66_000 }, (_, i) => `F:0:*:${hex(0x12345678 ^ (i * 2654435761))}${hex(i)}aabb`)
  const content = Uint8Array.of(0xc3, 0xd7, 0xa1, 0xf5, 0xe9, 1, 2, 3, 4, 5, 6, 7, 8, 9)
  for (const lines of [[], filler]) {
    const engine = testEngine({ 't.ndb': [...lines, 'X:0:*:c3d7a1f5e9'].join('\n') })
    expect(scan(engine, content).artifacts[0].detections[0]?.name).toBe('X.UNOFFICIAL')
    expect(scan(engine, content.subarray(1)).verdict).toBe('clean')
  }
}, 60_000)

test('an anchor in a late part of a pattern of many parts is found', () => {
  const parts = Array.from({ length: 300 }, (_, i) =>
    i === 280 ? 'c3d7a1f5e9b2c8d1' : `20${(i % 256).toString(16).padStart(2, '0')}`,
  )
  const engine = testEngine({ 't.ndb': `T:0:*:${parts.join('*')}\n` })
  expect(scan(engine, Buffer.from(parts.join(''), 'hex')).verdict).toBe('infected')
})

test('no number of unwanted detections hides a malicious one', () => {
  const lines = Array.from({ length: MAX_DETECTIONS + 500 }, (_, i) => `PUA.F${i}:0:*:4c617a6172657421`).join('\n')
  const engine = testEngine({ 'a.ndb': lines, 'b.ndb': 'Mal.X:0:*:71717a7a71717a7a\n' })
  for (const allMatches of [false, true]) {
    const report = scan(engine, latin1('a Lazaret! b qqzzqqzz c'), { allMatches })
    expect(report.verdict).toBe('infected')
    expect(report.artifacts[0].detections.length).toBeLessThanOrEqual(MAX_DETECTIONS)
  }
})

test('patterns too short for an anchor are found wherever they stand, in any number', () => {
  // More than share one pass; with wildcards, halves of bytes, letters of either case and gaps.
  const patterns = [
    ['6162', 'ab'],
    ['63??6465', 'c.de'],
    ['?66768', 'fgh'],
    ['6?6a6b', 'ijk'],
    ['6c6d::i', 'Lm'],
    ['6e6f{2-9}7071', 'no....pq'],
    ['7273{-4}7475', 'rs..tu'],
    ['767778', 'vwx'],
    ['797a', 'yz'],
    ['3132{3}3334', '12...34'],
    ['0a0d', '\n\r'],
  ] as const
  const lines = patterns.map(([pattern], i) => `Short.${i};Engine:51-255,Target:0;0>1;${pattern}\n`)
  const engine = testEngine({ 't.ldb': lines.join('') })
  patterns.forEach(([, text], i) => {
    for (const at of [0, 1, 15, 16, 4000, 70_000 - 2 * text.length]) {
      const content = new Uint8Array(70_000).fill(0xee)
      content.set(latin1(text), at)
      expect(scan(engine, content).verdict, `${text} once at ${at}`).toBe('clean')
      content.set(latin1(text + text), at)
      expect(scan(engine, content).artifacts[0].detections[0]?.name, `${text} at ${at}`).toBe(`Short.${i}.UNOFFICIAL`)
    }
  })
})

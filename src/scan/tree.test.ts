import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { decodeHex, encodeHex } from '../bytes/index.ts'
import { checkReport, type Report } from '../report/index.ts'
import type { Component, Emission } from './component.ts'
import { testEngine, type TestEngineOptions } from './testing/harness.ts'

// The tree over a made-up container: what identify calls zip, holding JSON that says what is to be emitted.

const EVIL = 'Lazaret!'
const SIGNATURES = { 't.ndb': 'T:0:*:4c617a6172657421\n' }
const latin1 = (text: string): Uint8Array => Uint8Array.from(text, character => character.charCodeAt(0))

type Told =
  | Emission
  | { readonly emit: 'child'; readonly name: string; readonly content: string }
  | { readonly fault: true }
/** A container that tells this. */
const box = (...told: readonly unknown[]): string => `PK\x03\x04${JSON.stringify(told)}`
/** Content is spelt in hexadecimal, so that matching the container itself finds nothing. */
const child = (name: string, content: string, more: object = {}) => ({
  emit: 'child',
  name,
  content: encodeHex(latin1(content)),
  ...more,
})

const runs: string[] = []
const boxes: Component = {
  manifest: { name: 'box', version: '1', description: 'For tests', accepts: ['zip'], stage: 'extract' },
  *process({ bytes, name }) {
    runs.push(name)
    const told = JSON.parse(new TextDecoder('latin1').decode(bytes.subarray(4))) as Told[]
    for (const emission of told) {
      if ('fault' in emission) throw new TypeError('a fault')
      if (emission.emit !== 'child') yield emission
      else yield { ...emission, content: decodeHex(emission.content as string) ?? latin1('') }
    }
  },
}

const scan = (content: string, how: TestEngineOptions & { allMatches?: boolean; inMs?: number } = {}): Report => {
  runs.length = 0
  const { allMatches = false, inMs = 60_000, ...options } = how
  const { thread } = testEngine(SIGNATURES, { components: [boxes], ...options })
  const report = thread.scan({
    name: 'top',
    content: latin1(content),
    allMatches,
    deadlineMs: performance.now() + inMs,
  })
  expect(() => checkReport(report)).not.toThrow()
  return report
}
const paths = (report: Report) => report.artifacts.map(({ path, verdict }) => `${path} ${verdict}`)
const unseen = (report: Report) =>
  report.artifacts.flatMap(({ notSeen }) => notSeen.map(({ path, reason }) => `${path} ${reason}`))

describe('the artifact tree', () => {
  test('members are matched, at any depth, and the path leads to them', () => {
    const report = scan(box(child('a', 'nothing'), child('b.zip', box(child('c/d', `x${EVIL}`)))))
    expect(paths(report)).toEqual(['top infected', 'top!/a clean', 'top!/b.zip infected', 'top!/b.zip!/c/d infected'])
    expect(report.artifacts[3].detections[0].where).toEqual({ path: 'top!/b.zip!/c/d', offset: 1, length: 8 })
    expect(report.artifacts[3].sha256).toBe(createHash('sha256').update(`x${EVIL}`).digest('hex'))
  })

  test('what components say stands with its artifact', () => {
    const report = scan(
      box(
        { emit: 'property', name: 'box.comment', value: 'hello' },
        { emit: 'anomaly', code: 'ambiguous', detail: 'two readings', offset: 3 },
        { emit: 'section', section: { kind: 'table', title: 'T', columns: ['a'], rows: [['1']] } },
        { emit: 'detection', name: 'Heuristics.Box', severity: 'suspicious' },
        child('a', 'x', { properties: [{ name: 'box.method', value: 'none' }] }),
      ),
    )
    const [root, member] = report.artifacts
    expect(report.verdict).toBe('suspicious')
    expect(root.properties).toContainEqual({ name: 'box.comment', value: 'hello' })
    expect(root.anomalies).toEqual([{ code: 'ambiguous', detail: 'two readings', offset: 3 }])
    expect(root.sections).toEqual([
      { kind: 'table', title: 'T', columns: [{ name: 'a' }], rows: [{ cells: [{ value: '1' }] }] },
    ])
    expect(root.detections).toMatchObject([{ name: 'Heuristics.Box', kind: 'heuristic' }])
    expect(member.properties).toContainEqual({ name: 'box.method', value: 'none' })
  })

  test('what was missed makes the verdict unscannable, and names the member', () => {
    const report = scan(box({ emit: 'missed', reason: 'encrypted', detail: 'closed', member: 'a/b' }, child('c', 'x')))
    expect(report.verdict).toBe('unscannable')
    expect(unseen(report)).toEqual(['top!/a/b encrypted'])
    expect(paths(report)[1]).toBe('top!/c clean')
  })

  test('types that nothing takes apart are unsupported, inside as outside', () => {
    const report = scan(box(child('a', 'Rar!\x1a\x07\x01\0')))
    expect(unseen(report)).toEqual(['top!/a unsupported'])
    expect(scan(box(), { components: [] }).verdict).toBe('unscannable')
  })

  test('the first malicious match ends it, unless all are asked for', () => {
    const content = box(child('a', EVIL), child('b.zip', box(child('c', EVIL))))
    expect(paths(scan(content)).length).toBe(2)
    const all = scan(content, { allMatches: true })
    expect(all.artifacts.map(({ detections }) => detections.length)).toEqual([0, 1, 0, 1])
  })

  test('views are matched as what they are, and listed only where they show something', () => {
    const view = (content: string) => box(child('text', content, { relation: 'view', type: 'html' }))
    const { thread } = testEngine({ 't.ndb': 'T:3:*:4c617a6172657421\n' }, { components: [boxes] })
    const report = (content: string) =>
      thread.scan({ name: 'top', content: latin1(content), allMatches: false, deadlineMs: Infinity })
    expect(paths(report(view('nothing')))).toEqual(['top clean'])
    expect(paths(report(view(EVIL)))).toEqual(['top infected', 'top!/text infected'])
    expect(report(box(child('text', EVIL))).verdict).toBe('clean')
  })

  test('text is matched as it is and in its normal form', () => {
    const normaliser: Component = {
      manifest: { ...boxes.manifest, name: 'text-normalise', accepts: ['text', 'text-utf16le'], place: 'engine' },
      process() {
        throw new Error('is not asked where the thread can do it itself')
      },
    }
    const { thread } = testEngine({ 't.ndb': 'T:7:*:6c617a61726574206f6e65\n' }, { components: [boxes, normaliser] })
    const report = (content: string) =>
      thread.scan({ name: 'top', content: latin1(content), allMatches: false, deadlineMs: Infinity })
    expect(paths(report('Some LAZARET \t\r\n One more'))).toEqual(['top infected', 'top!/text infected'])
    expect(paths(report('some lazaret one more'))).toEqual(['top infected'])
    expect(paths(report('Some LAZARET \n Two more'))).toEqual(['top clean'])
    expect(paths(report(box(child('a.txt', 'Some LAZARET   One more'))))).toEqual([
      'top infected',
      'top!/a.txt infected',
      'top!/a.txt!/text infected',
    ])
  })

  test('logical signatures see the containers around content', () => {
    const { thread } = testEngine(
      { 't.ldb': 'T;Engine:51-255,Target:0,Container:CL_TYPE_ZIP;0;4c617a6172657421\n' },
      { components: [boxes] },
    )
    const verdict = (content: string) =>
      thread.scan({ name: 'x', content: latin1(content), allMatches: false, deadlineMs: Infinity }).verdict
    expect(verdict(EVIL)).toBe('clean')
    expect(verdict(box(child('a', EVIL)))).toBe('infected')
  })
})

describe('budgets of the tree', () => {
  test.each([
    ['artifacts', { maxArtifacts: 3 }, 'too-large'],
    ['output', { maxOutputBytes: 25 }, 'too-large'],
  ] as const)('%s', (_name, limits, reason) => {
    const report = scan(box(...Array.from({ length: 9 }, (_, i) => child(`${i}`, `0123456789${i}`))), { limits })
    expect(report.verdict).toBe('unscannable')
    expect(unseen(report)).toEqual([`top ${reason}`])
    expect(report.artifacts.length).toBeLessThanOrEqual(4)
  })

  test('depth', () => {
    const nested = Array.from({ length: 9 }).reduce<string>((inner, _, i) => box(child(`${i}`, inner)), EVIL)
    const report = scan(nested, { limits: { maxDepth: 5 } })
    expect(report.verdict).toBe('unscannable')
    expect(unseen(report)).toEqual(['top!/8!/7!/6!/5!/4 too-deep'])
    expect(scan(nested).verdict).toBe('infected')
  })

  test('time, and containers that were still waiting are named', () => {
    const report = scan(box(child('a', box(child('b', EVIL)))), { inMs: -1 })
    expect(report.verdict).toBe('unscannable')
    expect(new Set(unseen(report))).toEqual(new Set(['top time']))
  })

  test('a member longer than the window is matched whole', () => {
    const report = scan(box(child('a', `${'x'.repeat(5000)}${EVIL}`)), { windowBytes: 4096 })
    expect(report.artifacts[1].detections[0].where?.offset).toBe(5000)
  })

  test('a member longer than what may be kept is matched as far as it fits, and the rest is told', () => {
    const report = scan(box(child('a', 'x'.repeat(50_000))), { windowBytes: 4096, limits: { maxUnpackBytes: 20_000 } })
    expect(unseen(report)).toContain('top too-large')
    const cut: Component = {
      ...boxes,
      *process() {
        yield { emit: 'child', name: 'a', content: [latin1(EVIL), new Uint8Array(30_000)] }
        yield { emit: 'child', name: 'b', content: new Uint8Array(30_000) }
      },
    }
    const limits = { maxUnpackBytes: 20_000 }
    const kept = scan(box(), { windowBytes: 4096, components: [cut], limits, allMatches: true })
    expect(unseen(kept)).toEqual(['top!/a too-large', 'top!/b too-large'])
    expect(kept.verdict).toBe('infected')
  })

  test('content that is too long is not taken apart', () => {
    const report = scan(box(child('a', EVIL)).padEnd(500), { limits: { maxUnpackBytes: 400 } })
    expect(unseen(report)).toEqual(['top too-large'])
  })
})

describe('containers that wait', () => {
  test('more of them than may be kept are taken apart all the same, one after the other', () => {
    // Each holds 40 MiB; three may wait at a time.
    const members = Array.from({ length: 7 }, (_, i) => i)
    const outer: Component = {
      manifest: { ...boxes.manifest, name: 'outer', accepts: ['tar'] },
      *process() {
        for (const i of members) yield { emit: 'child', name: `${i}`, content: boxed(box(child(`in-${i}`, `${i}`))) }
      },
    }
    const boxed = (content: string) => {
      const large = new Uint8Array(40 << 20).fill(0x20)
      large.set(latin1(content))
      return large
    }
    const tar = new Uint8Array(512)
    tar.set(latin1('ustar'), 257)
    const limits = { maxExpansion: 1e6 }
    const { thread } = testEngine(SIGNATURES, { components: [outer, boxes], windowBytes: 48 << 20, limits })
    runs.length = 0
    const report = thread.scan({ name: 'top', content: tar, allMatches: true, deadlineMs: performance.now() + 20_000 })
    expect(report.artifacts[0].type).toBe('tar')
    expect(unseen(report)).toEqual([])
    expect(runs.toSorted()).toEqual(members.map(String))
    expect(report.artifacts.filter(({ name }) => name.startsWith('in-')).length).toBe(members.length)
  })
})

describe('content that was seen before', () => {
  test('a quine ends', () => {
    let content = ''
    const quine: Component = {
      ...boxes,
      *process({ bytes }) {
        yield { emit: 'child', name: 'me', content: bytes }
      },
    }
    content = box()
    const report = scan(content, { components: [quine] })
    expect(paths(report)).toEqual(['top unscannable', 'top!/me unscannable'])
    expect(unseen(report)).toEqual(['top!/me too-deep'])
  })

  test('a twin is taken apart once, and judged as the first one', () => {
    const inner = box(child('x', EVIL))
    const report = scan(box(child('a', inner), child('b', box(child('c', 'x'))), child('d', inner)), {
      allMatches: true,
    })
    expect(runs.toSorted()).toEqual(['a', 'b', 'top'])
    expect(paths(report).filter(path => path.endsWith('infected'))).toEqual([
      'top infected',
      'top!/a infected',
      'top!/d infected',
      'top!/a!/x infected',
    ])
  })
})

describe('components that fail', () => {
  test('are tried once more behind what was taken, then the content is given up', () => {
    const report = scan(box(child('a', 'one'), { fault: true }, child('b', EVIL)))
    expect(runs.length).toBe(2)
    expect(paths(report)).toEqual(['top unscannable', 'top!/a clean'])
    expect(unseen(report)).toEqual(['top crashed'])
  })
})

describe("heuristics with ClamAV's names", () => {
  const closed = box(
    { emit: 'property', name: 'encrypted', value: 'zip' },
    { emit: 'property', name: 'ole2.macros', value: 'vba, xlm' },
    { emit: 'missed', reason: 'encrypted', detail: 'closed', member: 'a' },
    { emit: 'missed', reason: 'too-deep', detail: 'deep' },
  )
  const names = (report: Report) => report.artifacts[0].detections.map(({ name }) => name)

  test.each([
    [[], [], 'unscannable'],
    [['encrypted'], ['Heuristics.Encrypted.Zip'], 'suspicious'],
    [['macros'], ['Heuristics.OLE2.ContainsMacros.VBA', 'Heuristics.OLE2.ContainsMacros.XLM'], 'suspicious'],
    [['limits'], ['Heuristics.Limits.Exceeded.MaxRecursion'], 'suspicious'],
  ] as const)('%j', (alerts, expected, verdict) => {
    const report = scan(closed, { limits: { alerts } })
    expect([names(report), report.verdict]).toEqual([expected, verdict])
  })

  test('a program whose header cannot be read is broken', () => {
    const broken = `\x7fELF${'\0'.repeat(100)}`
    expect(names(scan(broken, { limits: { alerts: ['broken'] } }))).toEqual(['Heuristics.Broken.Executable'])
    expect(names(scan(broken))).toEqual([])
  })
})

import { describe, expect, test } from 'vitest'
import { checkReport, type Report } from '../report/index.ts'
import type { Component, Emission } from './component.ts'
import { testEngine, type TestEngineOptions } from './testing/harness.ts'
import { listed } from './report-room.ts'

// What hostile containers try against the tree: hiding behind guesses and twins, reports without end, time.

const EVIL = 'Lazaret!'
const SIGNATURES = { 't.ndb': 'T:0:*:4c617a6172657421\n' }
const latin1 = (text: string): Uint8Array => Uint8Array.from(text, character => character.charCodeAt(0))
const RAR = latin1('Rar!\x1a\x07\x01\0')
const ZIP = latin1('PK\x03\x04')
const TAR = latin1('ustar'.padStart(257 + 5, '\0').padEnd(512, '\0'))
const MAX_RESULT_BYTES = 16 << 20

/** A component for what begins like a tar archive or a zip archive. */
const component = (
  accepts: 'tar' | 'zip' | 'rar',
  process: Component['process'],
  more: Partial<Component['manifest']> = {},
): Component => ({
  manifest: {
    name: `of-${accepts}`,
    version: '1',
    description: 'For tests',
    accepts: [accepts],
    stage: 'extract',
    ...more,
  },
  process,
})
const child = (name: string, content: Uint8Array, more: object = {}): Emission => ({
  emit: 'child',
  name,
  content,
  ...more,
})
const malformed: Emission = { emit: 'missed', reason: 'malformed', detail: 'broken' }

const scan = (
  components: readonly Component[],
  how: TestEngineOptions & { allMatches?: boolean; inMs?: number; name?: string; onDetection?: () => void } = {},
): Report => {
  const { allMatches = false, inMs = 60_000, name = 'top', onDetection, ...options } = how
  const { thread } = testEngine(SIGNATURES, { components, ...options })
  const request = { name, content: TAR, allMatches, deadlineMs: performance.now() + inMs }
  const report = thread.scan(request, onDetection)
  expect(() => checkReport(report)).not.toThrow()
  return report
}
const unseen = (report: Report) =>
  report.artifacts.flatMap(({ notSeen }) => notSeen.map(({ path, reason }) => `${path} ${reason}`))

describe('guesses', () => {
  const guess = component('tar', function* () {
    yield child('carved', ZIP, { guess: true })
  })

  test('that are no file miss nothing', () => {
    const none = component('zip', function* () {
      yield malformed
    })
    expect(scan([guess, none]).verdict).toBe('clean')
  })

  test.each([
    [true, 'before'],
    [false, 'after'],
  ])('out of which something came are files: what is not seen of them is missed (%s: %s it)', isBefore => {
    const carved = component('tar', function* () {
      yield child('carved', RAR, { guess: true })
    })
    const file = component('rar', function* () {
      if (isBefore) yield malformed
      yield child('a', latin1('x'))
      if (!isBefore) yield malformed
    })
    const report = scan([carved, file])
    expect(unseen(report)).toEqual(['top!/carved malformed'])
    expect(report.verdict).toBe('unscannable')
  })

  test('of ZIP are none by their members, which come out of chance', () => {
    const file = component('zip', function* () {
      yield child('a', latin1('x'))
      yield malformed
    })
    expect(scan([guess, file]).verdict).toBe('clean')
  })

  test('excuse no file with the same content', () => {
    const both = component('tar', function* () {
      yield child('carved', ZIP, { guess: true })
      yield child('member', ZIP)
    })
    const none = component('zip', function* () {
      yield malformed
    })
    expect(unseen(scan([both, none]))).toEqual(['top!/member malformed'])
  })
})

describe('reports', () => {
  test('of paths without end fit into a frame, and tell of what is not listed', () => {
    // Names of control characters take six bytes each.
    const long = '\x01'.repeat(1024)
    const deep = component('tar', function* () {
      yield child(long, TAR)
      for (let i = 0; i < 3000; i++) yield child(`${i}${long}`, latin1(`${i}`))
      yield child(`last${long}`, latin1(EVIL))
    })
    const report = scan([deep], { allMatches: true, name: '\x02'.repeat(4096) })
    expect(JSON.stringify(report).length).toBeLessThan(MAX_RESULT_BYTES)
    expect(report.verdict).toBe('infected')
    expect(report.artifacts.some(({ detections }) => detections.length > 0)).toBe(true)
    expect(report.artifacts[0].properties.find(({ name }) => name === 'artifacts.unlisted')?.value).toMatch(/^\d+$/)
    const ids = new Set(report.artifacts.map(({ id }) => id))
    expect(report.artifacts.every(({ parent }) => parent === undefined || ids.has(parent))).toBe(true)
  })

  test('of facts without end fit into a frame; the verdict rests on what is listed', () => {
    const talker = component('tar', function* () {
      const text = '\x01'.repeat(16_000)
      for (let i = 0; i < 64; i++) {
        yield { emit: 'section', section: { kind: 'text', title: text, text } }
        yield { emit: 'property', name: text, value: text }
        yield { emit: 'anomaly', code: text, detail: text }
        yield { emit: 'detection', name: `${i}${text}`, severity: 'suspicious' }
      }
      for (let i = 0; i < 1000; i++) yield { ...malformed, detail: text, member: text }
      yield child('evil', latin1(EVIL))
    })
    const report = scan([talker], { allMatches: true })
    expect(JSON.stringify(report).length).toBeLessThan(MAX_RESULT_BYTES)
    expect(report.verdict).toBe('infected')
    expect(report.artifacts[1].detections.length).toBe(1)
    expect(report.artifacts[0].notSeen.length).toBeGreaterThan(0)
  })

  test('that fit list everything', () => {
    expect(listed([])).toBeUndefined()
  })

  test('names and paths of detections are short enough for an event', () => {
    const long = '\u8fd9'.repeat(1024)
    let depth = 0
    const nested = component('tar', function* () {
      const inner = Uint8Array.from(TAR)
      inner[511] = ++depth
      yield depth < 20 ? child(long, inner) : child(long, latin1(EVIL))
      yield { emit: 'detection', name: long.repeat(10), severity: 'suspicious' }
    })
    const lengths: number[] = []
    const { thread } = testEngine(SIGNATURES, { components: [nested] })
    const request = { name: 'x', content: TAR, allMatches: true, deadlineMs: Infinity }
    thread.scan(request, detection => void lengths.push(Buffer.byteLength(JSON.stringify(detection))))
    expect(lengths.length).toBe(21)
    expect(Math.max(...lengths)).toBeLessThan(64 * 1024)
  })
})

describe('time', () => {
  test('that is used up ends it before the next container is begun', () => {
    let runs = 0
    const outer = component('tar', function* () {
      for (let i = 0; i < 50; i++) yield child(`${i}`, latin1(`PK\x03\x04${i}`))
      yield { emit: 'property', name: 'a', value: 'b' }
    })
    const inner = component('zip', () => {
      runs++
      const until = performance.now() + 30
      while (performance.now() < until);
      return []
    })
    const report = scan([outer, inner], { inMs: 150 })
    expect(runs).toBeLessThan(10)
    expect(report.verdict).toBe('unscannable')
    expect(unseen(report).length).toBeGreaterThanOrEqual(40)
  })
})

describe('a second run', () => {
  /** Forty boxes of 8 MiB do not fit beside each other. */
  const outer = component('tar', function* () {
    for (let i = 0; i < 40; i++) {
      const content = new Uint8Array(8 << 20)
      content.set(ZIP)
      content[4] = i
      yield child(`${i}`, content)
    }
  })

  test('may give once more what the first one gave: the budgets of the tree are charged once', () => {
    const inner = component('zip', function* () {
      yield child('a', latin1('x'))
    })
    const report = scan([outer, inner], {
      windowBytes: 9 << 20,
      allMatches: true,
      limits: { maxExpansion: 1e6, maxOutputBytes: (40 * 8 + 1) << 20, maxArtifacts: 82 },
    })
    expect(unseen(report)).toEqual([])
    expect(report.artifacts.length).toBe(81)
  })

  test('is given the passwords of the first one', () => {
    const given: string[][] = []
    const teller = component('zip', function* ({ bytes }) {
      yield { emit: 'password', password: `p${bytes[4]}` }
    })
    const seen: Component = {
      ...outer,
      process: (input, context) => {
        given.push([...context.passwords])
        return outer.process(input, context)
      },
    }
    scan([seen, teller], { windowBytes: 9 << 20, limits: { maxExpansion: 1e6 } })
    expect(given.length).toBeGreaterThan(1)
    expect(new Set(given.map(passwords => passwords.join(' '))).size).toBe(1)
  })
})

describe('a component that nobody can run', () => {
  test('is told of, and is no crash of the content', () => {
    let outcome: 'unavailable' | 'crashed' | 'done' = 'unavailable'
    let runs = 0
    const unpacker = {
      manifests: [component('tar', function* () {}).manifest],
      run: () => {
        runs++
        return outcome
      },
    }
    const { thread } = testEngine(SIGNATURES, { unpacker })
    const verdict = () => {
      runs = 0
      const report = thread.scan({ name: 'x', content: TAR, allMatches: false, deadlineMs: Infinity })
      return [runs, report.verdict]
    }
    expect([verdict(), verdict(), verdict()]).toEqual(Array.from({ length: 3 }, () => [1, 'unscannable']))
    outcome = 'done'
    expect(verdict()).toEqual([1, 'clean'])
    outcome = 'crashed'
    expect(verdict()).toEqual([2, 'unscannable'])
    expect(verdict()).toEqual([0, 'unscannable'])
  })

  test('a crash that does not come again is forgotten', () => {
    let runs = 0
    const unpacker = {
      manifests: [component('tar', function* () {}).manifest],
      run: () => (++runs % 2 === 1 ? ('crashed' as const) : ('done' as const)),
    }
    const { thread } = testEngine(SIGNATURES, { unpacker })
    for (let i = 0; i < 4; i++)
      expect(thread.scan({ name: 'x', content: TAR, allMatches: false, deadlineMs: Infinity }).verdict).toBe('clean')
    expect(runs).toBe(8)
  })
})

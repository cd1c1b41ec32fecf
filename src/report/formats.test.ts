import * as fc from 'fast-check'
import { XmlDocument } from 'libxml2-wasm'
import { describe, expect, test } from 'vitest'
import { arbitraryError, arbitraryReport, hostileText } from './arbitrary.fuzz.ts'
import { CSV_COLUMNS } from './csv.ts'
import type { Report, ScanError } from './model.ts'
import { MAX_RULES, uriOf } from './sarif.ts'
import { createSummary } from './summary.ts'
import { MAX_NAMES, MAX_NOTES } from './text.ts'
import { visible } from './visible.ts'
import { isFinding } from './verdict.ts'
import { createWriter, type ReportFormat } from './writer.ts'

function write(format: ReportFormat, reports: readonly Report[], errors: readonly ScanError[] = []): string {
  const writer = createWriter(format)
  const pieces = [writer.begin()]
  for (const report of reports) pieces.push(writer.report(report))
  for (const error of errors) pieces.push(writer.error(error))
  return [...pieces, writer.end(createSummary().summary(0))].join('')
}
const run = fc.tuple(fc.array(arbitraryReport, { maxLength: 3 }), fc.array(arbitraryError, { maxLength: 2 }))
const detectionsIn = (report: Report) => report.artifacts.flatMap(({ detections }) => detections)
const notSeenIn = (report: Report) => report.artifacts.flatMap(({ notSeen }) => notSeen)
const [sample] = fc.sample(arbitraryReport, { numRuns: 1, seed: 1 })
const detection = {
  name: 'A',
  kind: 'body',
  severity: 'malicious',
  source: { database: 'd', line: 1 },
} as const

/** The sample with one artifact that holds these. */
function reportWith(part: Partial<Report['artifacts'][number]>): Report {
  const [root] = sample.artifacts
  return { ...sample, artifacts: [{ ...root, detections: [], notSeen: [], ...part }] }
}

describe('visible', () => {
  test.each([
    ['plain text, 日本語 and \u{1f600}', 'plain text, 日本語 and \u{1f600}'],
    ['a\\b', 'a\\b'],
    ['\t\r\n\u0000\u001b\u007f\u0085', '\\t\\r\\n\\x00\\x1b\\x7f\\x85'],
    ['\u202e\u2066\u200f\u061c\u200b\ufeff', '\\u202e\\u2066\\u200f\\u061c\\u200b\\ufeff'],
    ['\u2028\u2029', '\\u2028\\u2029'],
    ['\ud83d \ude00 \uffff', '\\ud83d \\ude00 \\uffff'],
    ['\u{e0001}', '\\u{e0001}'],
  ])('%j', (text, shown) => {
    expect(visible(text)).toBe(shown)
  })

  test('leaves nothing that acts', () => {
    fc.assert(
      fc.property(hostileText, text => {
        expect(visible(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
      }),
    )
  })
})

describe('text', () => {
  test('one line for each file and error, a line for each note up to a limit, nothing that acts', () => {
    fc.assert(
      fc.property(run, ([reports, errors]) => {
        const [body] = write('text', reports, errors).split('\nSummary\n')
        const notes = reports.map(report => notSeenIn(report).length)
        const shown = notes.map(count => (count > MAX_NOTES ? MAX_NOTES + 1 : count)).reduce((a, b) => a + b, 0)
        expect(body.split('\n').length - 1).toBe(reports.length + errors.length + shown)
        expect(body.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u)
      }),
    )
  })

  test('names and notes past their limits are counted', () => {
    const detections = Array.from({ length: MAX_NAMES + 5 }, (_, index) => ({ ...detection, name: `N${index}` }))
    const note = { path: 'p', reason: 'time', detail: 'd' } as const
    const text = write('text', [reportWith({ detections, notSeen: Array.from({ length: MAX_NOTES + 3 }, () => note) })])
    expect(text).toContain(`N${MAX_NAMES - 1}, and 5 more\n`)
    expect(text).toContain('  and 3 more\n')
  })

  test.each([
    [0, '0'],
    [999, '999'],
    [1000, '1000 (1.0 KB)'],
    [5_250_000_000, '5250000000 (5.3 GB)'],
    [Number.MAX_SAFE_INTEGER, '9007199254740991 (9.0 PB)'],
  ])('%d bytes', (bytes, shown) => {
    const summary = { ...createSummary().summary(1), bytes }
    expect(createWriter('text').end(summary)).toContain(`  bytes        ${shown}\n`)
  })
})

describe('csv', () => {
  /** A plain reader of RFC 4180. */
  function parse(text: string): string[][] {
    const rows: string[][] = [[]]
    for (const [whole, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|$)/g)) {
      if (whole === '') break
      rows.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain)
      if (end === '\r\n') rows.push([])
    }
    return rows.slice(0, -1)
  }

  test('every row has every column, one row for each detection or else for each file', () => {
    fc.assert(
      fc.property(run, ([reports, errors]) => {
        const rows = parse(write('csv', reports, errors))
        const wanted = reports.map(report => Math.max(1, detectionsIn(report).length)).reduce((a, b) => a + b, 0)
        expect(rows).toHaveLength(1 + wanted + errors.length)
        expect(rows[0]).toEqual(CSV_COLUMNS)
        for (const row of rows) expect(row).toHaveLength(CSV_COLUMNS.length)
        for (const cell of rows.flat()) expect(cell).not.toMatch(/^\s*[=+\-@\uff1d]|[\r\n]/u)
      }),
    )
  })

  test.each([
    ['=1+1', "'=1+1"],
    ['+1', "'+1"],
    ['-1', "'-1"],
    ['@x', "'@x"],
    [' =1', "' =1"],
    ['\uff1d1', "'\uff1d1"],
    ['a=1', 'a=1'],
    ['a,"b"', '"a,""b"""'],
    [' a', '" a"'],
    ['\t=1', '\\t=1'],
  ])('%j', (name, cell) => {
    expect(write('csv', [], [{ name, code: 'c', message: 'm' }])).toContain(`\r\n${cell},error,`)
  })
})

describe('sarif', () => {
  interface Sarif {
    version: string
    runs: {
      tool: { driver: { name: string; version?: string; rules: { id: string }[] } }
      results: {
        ruleId: string
        level: string
        message: { text: string }
        locations: { physicalLocation: { artifactLocation: { uri: string }; region?: object } }[]
      }[]
      invocations: {
        executionSuccessful: boolean
        toolExecutionNotifications: { level: string; message: { text: string } }[]
      }[]
    }[]
  }
  const parse = (reports: Report[], errors: ScanError[] = []) => JSON.parse(write('sarif', reports, errors)) as Sarif

  test('has the required structure for any run', () => {
    fc.assert(
      fc.property(run, ([reports, errors]) => {
        const { version, runs } = parse(reports, errors)
        expect([version, runs.length]).toEqual(['2.1.0', 1])
        const [{ tool, results, invocations }] = runs
        expect(tool.driver.name).toBe('lazaret')
        const unseen = reports.filter(({ verdict }) => verdict === 'unscannable').flatMap(notSeenIn)
        expect(results).toHaveLength(reports.flatMap(detectionsIn).length + unseen.length)
        const ids = tool.driver.rules.map(({ id }) => id)
        expect(new Set(ids).size).toBe(ids.length)
        for (const result of results) {
          expect(ids).toContain(result.ruleId)
          expect(['error', 'warning', 'note']).toContain(result.level)
          expect(result.message.text).not.toBe('')
          expect(() => new URL(result.locations[0].physicalLocation.artifactLocation.uri, 'file:///')).not.toThrow()
        }
        expect(invocations[0].executionSuccessful).toBe(true)
        expect(invocations[0].toolExecutionNotifications.map(({ message }) => message.text)).toEqual(
          errors.map(({ message }) => visible(message)),
        )
      }),
    )
  })

  test('a match in the file itself has a region, one inside it a logical location', () => {
    const { path } = sample.artifacts[0]
    const places = [
      { path, offset: 5, length: 2 },
      { path, offset: 5 },
      { path: `${path}/in`, offset: 5 },
    ]
    const detections = places.map(where => ({ ...detection, where }))
    const locations = parse([reportWith({ detections })]).runs[0].results.map(result => result.locations[0])
    expect(locations).toMatchObject([
      { physicalLocation: { region: { byteOffset: 5, byteLength: 2 } } },
      { physicalLocation: { region: { byteOffset: 5 } } },
      { logicalLocations: [{ kind: 'member' }] },
    ])
    expect(locations[2].physicalLocation.region).toBeUndefined()
  })

  test('rules past the limit are not described', () => {
    const detections = Array.from({ length: MAX_RULES + 2 }, (_, index) => ({ ...detection, name: `N${index}` }))
    const [{ tool, results }] = parse([reportWith({ detections })]).runs
    expect([tool.driver.rules.length, results.length]).toEqual([MAX_RULES, MAX_RULES + 2])
  })

  test.each([
    ['a b/c%.txt', 'a%20b/c%25.txt'],
    ['/a/ü', 'file:///a/%C3%BC'],
    ['//a/b', 'file:////a/b'],
    ['C:\\a b\\c', 'file:///C:/a%20b/c'],
    ['c:/a', 'file:///c:/a'],
    ['\\\\host\\share\\a', 'file://host/share/a'],
    ['javascript:alert(1)', 'javascript%3Aalert(1)'],
    ['a\\b', 'a%5Cb'],
    ['a?b#c\n', 'a%3Fb%23c%0A'],
    ['\ud800', '%EF%BF%BD'],
  ])('%j as a URI', (path, uri) => {
    expect(uriOf(path)).toBe(uri)
  })
})

test('junit is well-formed and counts right for any run', () => {
  fc.assert(
    fc.property(run, ([reports, errors]) => {
      const document = XmlDocument.fromString(write('junit', reports, errors))
      try {
        const count = (path: string) => document.find(path).length
        expect(count('/testsuites/testsuite[@tests=1]/testcase')).toBe(reports.length + errors.length)
        expect(count('//testsuite[@failures=1]/testcase/failure')).toBe(
          reports.filter(r => isFinding(r.verdict)).length,
        )
        expect(count('//testsuite[@errors=1]/testcase/error')).toBe(
          errors.length + reports.filter(({ verdict }) => verdict === 'unscannable').length,
        )
      } finally {
        document.dispose()
      }
    }),
  )
})

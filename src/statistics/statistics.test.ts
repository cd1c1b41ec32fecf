import * as fc from 'fast-check'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Check } from 'typebox/value'
import { XmlDocument, type XmlElement } from 'libxml2-wasm'
import { describe, expect, test } from 'vitest'
import { arbitraryReport } from '../report/arbitrary.fuzz.ts'
import { readResults, VERDICTS, type Report } from '../report/index.ts'
import { intervalStartMs, QuantileSketch } from './classes.ts'
import { collectStatistics } from './collect.ts'
import { INTERVALS, STATISTICS_FORMATS } from './limits.ts'
import { StatisticsSchema, type Statistics } from './model.ts'
import { STATISTICS_MEDIA_TYPES, writeStatistics } from './write.ts'

const STORED = join(import.meta.dirname, '../report/testdata/v1.0')
const GOLDEN = join(import.meta.dirname, 'testdata')
const UPDATE = process.env['UPDATE_GOLDENS'] === '1'

/** What every stored result file of the first version says together. */
function stored(): Statistics {
  const builder = collectStatistics({ interval: 'day', top: 10 })
  for (const file of readdirSync(STORED).sort()) {
    const { reports, errors } = readResults(readFileSync(join(STORED, file), 'utf8'))
    for (const report of reports) builder.report(report, file)
    for (const error of errors) builder.error(error)
  }
  return builder.statistics()
}

/** Sizes small enough to add up exactly. */
const reports = fc.array(
  arbitraryReport.map((report): Report => ({
    ...report,
    elapsedMs: report.elapsedMs % 1e6,
    bytesScanned: report.bytesScanned % 1e9,
    artifacts: report.artifacts.map((artifact, id) => ({
      ...artifact,
      id,
      size: artifact.size % 1e9,
      notSeen: artifact.notSeen.map(({ bytes, ...rest }) =>
        bytes === undefined ? rest : { ...rest, bytes: bytes % 1e9 },
      ),
    })),
  })),
  { maxLength: 12 },
)

function count(given: readonly Report[], options: Partial<Parameters<typeof collectStatistics>[0]> = {}): Statistics {
  const builder = collectStatistics({ interval: 'hour', top: 1000, ...options })
  for (const report of given) builder.report(report, `from ${report.verdict}`)
  return builder.statistics()
}

const sum = (rows: readonly { readonly files: number }[]): number => rows.reduce((total, { files }) => total + files, 0)

describe('counting', () => {
  test('every report is counted once in each table, and the tables agree with the schema', () => {
    fc.assert(
      fc.property(reports, fc.constantFrom(...INTERVALS), (given, interval) => {
        const statistics = count(given, { interval })
        expect(Check(StatisticsSchema, statistics)).toBe(true)
        for (const table of ['verdicts', 'sizes', 'times', 'timeline'] as const)
          expect(sum(statistics[table])).toBe(given.length)
        expect(sum(statistics.sources.rows)).toBe(given.length)
        expect(sum(statistics.types.rows)).toBe(given.length)
        const artifacts = given.flatMap(report => report.artifacts)
        expect(statistics.totals.artifacts).toBe(artifacts.length)
        expect(statistics.notSeen.reduce((total, { times }) => total + times, 0)).toBe(
          artifacts.reduce((total, { notSeen }) => total + notSeen.length, 0),
        )
        for (const verdict of VERDICTS)
          expect(statistics.timeline.reduce((total, slot) => total + slot[verdict], 0)).toBe(
            given.filter(report => report.verdict === verdict).length,
          )
      }),
    )
  })

  test('the order of reports does not matter', () => {
    fc.assert(
      fc.property(reports, given => {
        const { totals, ...rest } = count(given)
        const { totals: reversed, ...others } = count([...given].reverse())
        expect(others).toStrictEqual(rest)
        expect(reversed.elapsedMs).toBeCloseTo(totals.elapsedMs, 3)
      }),
    )
  })

  test('a detection counts once for each submission; what is beyond the top is counted', () => {
    const statistics = stored()
    const few = collectStatistics({ interval: 'day', top: 1 })
    for (const file of ['infected.json', 'results.json'])
      for (const report of readResults(readFileSync(join(STORED, file), 'utf8')).reports) few.report(report, file)
    const { detections, types } = few.statistics()
    expect(detections.rows).toHaveLength(1)
    expect(detections.others).toBe(statistics.detections.rows.length - 1)
    expect(types.others).toBeGreaterThan(0)
  })

  test('only what started in the given time is counted', () => {
    const [first] = readResults(readFileSync(join(STORED, 'infected.json'), 'utf8')).reports
    const startedMs = Date.parse(first.startedAt)
    expect(count([first], { fromMs: startedMs, toMs: startedMs + 1 }).totals.files).toBe(1)
    expect(count([first], { fromMs: startedMs + 1 }).totals.files).toBe(0)
    expect(count([first], { toMs: startedMs }).totals.files).toBe(0)
  })

  test('statistics do not change afterwards', () => {
    const builder = collectStatistics({ interval: 'day', top: 10 })
    const [report] = readResults(readFileSync(join(STORED, 'infected.json'), 'utf8')).reports
    builder.report(report, 'a')
    const before = builder.statistics()
    const copy = structuredClone(before)
    builder.report(report, 'a')
    expect(before).toStrictEqual(copy)
  })
})

describe('classes', () => {
  test.each([
    ['hour', '2026-11-25T06:59:59.999Z', '2026-11-25T06:00:00.000Z'],
    ['day', '2026-11-25T06:59:59.999Z', '2026-11-25T00:00:00.000Z'],
    ['week', '2026-11-25T06:59:59.999Z', '2026-11-23T00:00:00.000Z'],
    ['week', '2026-11-22T23:59:59.999Z', '2026-11-16T00:00:00.000Z'],
    ['week', '1969-12-31T00:00:00.000Z', '1969-12-29T00:00:00.000Z'],
  ] as const)('the %s of %s starts at %s', (interval, moment, start) => {
    expect(new Date(intervalStartMs(interval, Date.parse(moment))).toISOString()).toBe(start)
  })

  test('quantiles are right to five percent', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0.01, max: 1e6, noNaN: true }), { minLength: 1 }), values => {
        const sketch = new QuantileSketch()
        for (const value of values) sketch.add(value)
        const sorted = [...values].sort((a, b) => a - b)
        for (const share of [0.5, 0.9, 0.99, 1]) {
          const exact = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]
          // Three digits are shown, which is another half percent.
          expect(sketch.quantile(share) / exact).toBeGreaterThan(0.99)
          expect(sketch.quantile(share) / exact).toBeLessThan(1.06)
        }
      }),
    )
    expect(new QuantileSketch().quantile(0.5)).toBe(0)
  })
})

describe('writing', () => {
  test.each(STATISTICS_FORMATS)('stored reports as %s', format => {
    const path = join(GOLDEN, `statistics.${format}.golden`)
    const wanted = writeStatistics(format, stored())
    if (UPDATE) writeFileSync(path, wanted)
    expect(existsSync(path) ? readFileSync(path, 'utf8') : '').toBe(wanted)
    expect(STATISTICS_MEDIA_TYPES[format]).toMatch(/^\w+\/\w+/)
  })

  test.each(STATISTICS_FORMATS)('nothing at all as %s', format => {
    expect(writeStatistics(format, count([]))).not.toMatch(/NaN|undefined|Infinity/)
  })

  test('no name gets out of its cell', () => {
    fc.assert(
      fc.property(reports, given => {
        const statistics = count(given)
        const page = writeStatistics('html', statistics)
        // The two void tags of the head apart, the page is well-formed XML: what a name smuggled in would break it.
        const xml = page.replace(/^<!doctype html>\n/, '').replaceAll(/<meta ([^>]*)>/g, '<meta $1/>')
        const document = XmlDocument.fromString(xml)
        try {
          const names = new Set(document.find('//*').map(node => (node as XmlElement).name))
          for (const name of names) expect(PAGE_ELEMENTS).toContain(name)
        } finally {
          document.dispose()
        }
        for (const line of writeStatistics('text', statistics).split('\n')) expect(line).not.toMatch(/\p{Cc}/u)
        for (const row of csvRows(writeStatistics('csv', statistics))) {
          expect(row).toHaveLength(5)
          for (const value of row) expect(value).not.toMatch(/^\s*[=+@]|\p{Cc}/u)
        }
      }),
      { numRuns: 30 },
    )
  })
})

/** Cells of RFC 4180, as a spreadsheet reads them. */
const csvRows = (text: string): string[][] =>
  text
    .split('\r\n')
    .slice(0, -1)
    .map(line =>
      [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))(?=,|$)/g)].map(([, quoted, plain]) => quoted ?? plain),
    )

const PAGE_ELEMENTS = (
  'html head meta title style body main header h1 h2 p dl div dt dd section svg rect line text ul li ' +
  'table thead tbody tr th td meter'
).split(' ')

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { CSV_COLUMNS } from './csv.ts'
import { readResults } from './document.ts'
import { checkReport, readReportJson, readResultsJson, writeReportJson, writeResultsJson } from './json.ts'
import type { Results } from './model.ts'
import { generatedFiles } from './schema/index.ts'
import { createSummary } from './summary.ts'
import { REPORT_VERSION, XML_NAMESPACE } from './vocabulary.ts'
import { createWriter, FORMATS, MEDIA_TYPES, type WriterOptions } from './writer.ts'
import { readReportXml, readResultsXml } from './xml/read.ts'
import { writeReportXml, writeResultsXml } from './xml/write.ts'

// Goldens and generated files are rewritten with UPDATE_GOLDENS=1. Stored reports (testdata/v1.0) never are: they are
// what scripts out there have read since the first release.

const HERE = import.meta.dirname
const ROOT = join(HERE, '../..')
const STORED = join(HERE, 'testdata/v1.0')
const UPDATE = process.env['UPDATE_GOLDENS'] === '1'

const stored = (file: string): string => readFileSync(join(STORED, file), 'utf8')

function expectGolden(path: string, wanted: string): void {
  if (UPDATE) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, wanted)
  }
  expect(existsSync(path) ? readFileSync(path, 'utf8') : '').toBe(wanted)
}

function write(results: Results, format: (typeof FORMATS)[number], options: WriterOptions): string {
  const writer = createWriter(format, options)
  const pieces = [writer.begin()]
  for (const report of results.reports) pieces.push(writer.report(report))
  for (const error of results.errors) pieces.push(writer.error(error))
  return [...pieces, writer.end(results.summary)].join('')
}

describe('generated files are up to date', () => {
  test.each(generatedFiles)('$path', ({ path, content }) => {
    const file = join(ROOT, path)
    expectGolden(file, content(existsSync(file) ? readFileSync(file, 'utf8') : ''))
  })

  test('the page names every format, column and version', () => {
    const page = readFileSync(join(ROOT, 'docs/report.md'), 'utf8')
    const columns = CSV_COLUMNS.map(column => `\`${column}\``).join(', ')
    expect(page.replaceAll('\n', ' ')).toContain(columns)
    for (const word of [...FORMATS, XML_NAMESPACE, REPORT_VERSION]) expect(page).toContain(`\`${word}\``)
  })

  test('a page without markers is refused', () => {
    const page = generatedFiles.find(({ path }) => path === 'docs/report.md')
    expect(() => page?.content('# nothing')).toThrow('markers')
  })
})

describe('stored reports of version 1.0', () => {
  const verdicts = { clean: 'clean', infected: 'infected', trusted: 'trusted', unscannable: 'unscannable' }

  test('are all here', () => {
    const names = [...Object.keys(verdicts), 'results'].flatMap(name => [`${name}.json`, `${name}.xml`])
    expect(readdirSync(STORED).sort()).toEqual(names.sort())
  })

  test.each(Object.entries(verdicts))('%s', (name, verdict) => {
    const fromJson = readReportJson(stored(`${name}.json`))
    expect(fromJson.verdict).toBe(verdict)
    expect(readReportXml(stored(`${name}.xml`))).toStrictEqual(fromJson)
    expect(checkReport(JSON.parse(stored(`${name}.json`)))).toStrictEqual(JSON.parse(stored(`${name}.json`)))
    expect(writeReportJson(fromJson, true) + '\n').toBe(stored(`${name}.json`))
    expect(writeReportXml(fromJson)).toBe(stored(`${name}.xml`))
    expect(readResults(stored(`${name}.xml`)).summary).toMatchObject({ files: 1, [verdict]: 1, errors: 0 })
    expect(readResults(stored(`${name}.json`))).toStrictEqual(readResults(stored(`${name}.xml`)))
  })

  test('results, with the same counts as on the day they were stored', () => {
    const results = readResultsJson(stored('results.json'))
    expect(readResultsXml(stored('results.xml'))).toStrictEqual(results)
    expect(writeResultsJson(results) + '\n').toBe(stored('results.json'))
    expect(writeResultsXml(results)).toBe(stored('results.xml'))
    const summary = createSummary()
    for (const report of results.reports) summary.report(report)
    for (const _ of results.errors) summary.error()
    expect(summary.summary(1622.5)).toStrictEqual(results.summary)
    expect(results.summary).toStrictEqual({
      files: 4,
      bytes: 10_865_976,
      infected: 1,
      suspicious: 0,
      unwanted: 0,
      unscannable: 1,
      clean: 1,
      trusted: 1,
      errors: 2,
      elapsedMs: 1622.5,
    })
  })

  test('of a later minor version read as well, without what this version does not know', () => {
    const report = readReportJson(stored('clean.json'))
    const later = { ...report, version: '1.7', family: { name: 'x', list: [1, [2]] } }
    expect(readReportJson(JSON.stringify(later))).toStrictEqual({ ...report, version: '1.7' })
    const xml = writeReportXml({ ...report, version: '1.7' })
      .replace('<report ', '<report family="x" ')
      .replace('<scanner ', '<family a="1"><b>text<c/></b></family><scanner later="" ')
    expect(readReportXml(xml)).toStrictEqual({ ...report, version: '1.7' })
  })
})

describe('writers', () => {
  const results = readResultsJson(stored('results.json'))
  const cases: [string, (typeof FORMATS)[number], WriterOptions][] = [
    ['results.txt', 'text', {}],
    ['results.colour.txt', 'text', { colour: true }],
    ['results.csv', 'csv', {}],
    ['results.sarif.json', 'sarif', { indent: true }],
    ['results.junit.xml', 'junit', {}],
    ['results.indented.json', 'json', { indent: true }],
    ['results.json', 'json', {}],
    ['results.xml', 'xml', {}],
    ['results.stix.json', 'stix', { indent: true }],
  ]
  test.each(cases)('%s', (file, format, options) => {
    expectGolden(join(HERE, 'testdata/golden', file), write(results, format, options))
  })

  test('cover every format, each with a media type', () => {
    expect(new Set(cases.map(([, format]) => format))).toEqual(new Set(FORMATS))
    expect(Object.keys(MEDIA_TYPES)).toEqual(FORMATS)
  })

  test.each(FORMATS)('%s of an empty run is a document', format => {
    const empty = { version: REPORT_VERSION, reports: [], errors: [], summary: createSummary().summary(0) }
    const text = write(empty, format, {})
    if (format === 'json' || format === 'sarif' || format === 'stix') expect(JSON.parse(text)).toBeTypeOf('object')
    expect(text).toMatch(/\n$/)
  })
})

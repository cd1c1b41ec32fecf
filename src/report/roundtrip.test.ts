import * as fc from 'fast-check'
import { XmlDocument, XsdValidator } from 'libxml2-wasm'
import { Check } from 'typebox/value'
import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, test } from 'vitest'
import { arbitraryReport, arbitraryResults } from './arbitrary.fuzz.ts'
import { readResults } from './document.ts'
import { checkReport, readReportJson, readResultsJson, writeReportJson, writeResultsJson } from './json.ts'
import { ReportSchema, ResultsSchema } from './schema/index.ts'
import { REPORT_VERSION, XML_NAMESPACE } from './vocabulary.ts'
import { createWriter } from './writer.ts'
import { unescapeText } from './xml/escape.ts'
import { readReportXml, readResultsXml } from './xml/read.ts'
import { writeReportXml, writeResultsXml } from './xml/write.ts'

const xsd = XmlDocument.fromString(readFileSync('docs/schemas/report-1.xsd', 'utf8'))
const validator = XsdValidator.fromDoc(xsd)
afterAll(() => {
  validator.dispose()
  xsd.dispose()
})

/** Validates with libxml2; the names it saw of all reports and errors, as they were before the escape. */
function validate(xml: string): string[] {
  const document = XmlDocument.fromString(xml)
  try {
    validator.validate(document)
    return document
      .find('//r:report/@name | //r:error/@name', { r: XML_NAMESPACE })
      .map(node => unescapeText(node.content))
  } finally {
    document.dispose()
  }
}

describe('any report', () => {
  test('survives JSON and XML', () => {
    fc.assert(
      fc.property(arbitraryReport, report => {
        expect(readReportXml(writeReportXml(report))).toStrictEqual(report)
        expect(readReportJson(writeReportJson(report))).toStrictEqual(report)
        expect(readReportJson(writeReportJson(report, true))).toStrictEqual(report)
        expect(writeReportJson(readReportXml(writeReportXml(report)))).toBe(writeReportJson(report))
      }),
      { numRuns: 500 },
    )
  })

  test('is valid by both schemas', () => {
    fc.assert(
      fc.property(arbitraryReport, report => {
        expect(Check(ReportSchema, report)).toBe(true)
        expect(validate(writeReportXml(report))).toEqual([report.name])
      }),
    )
  })

  test('is accepted as a value', () => {
    fc.assert(
      fc.property(arbitraryReport, report => {
        expect(checkReport(report)).toStrictEqual(report)
      }),
    )
  })
})

describe('any results', () => {
  test('survive JSON and XML, and are recognised', () => {
    fc.assert(
      fc.property(arbitraryResults, results => {
        const [xml, json] = [writeResultsXml(results), writeResultsJson(results)]
        expect(readResultsXml(xml)).toStrictEqual(results)
        expect(readResultsJson(json)).toStrictEqual(results)
        expect(readResults(xml)).toStrictEqual(results)
        expect(readResults('\uFEFF' + json)).toStrictEqual(results)
        expect(Check(ResultsSchema, results)).toBe(true)
        expect(validate(xml)).toEqual([...results.reports, ...results.errors].map(({ name }) => name))
      }),
    )
  })

  test.each(['json', 'json, indented', 'xml'])('written piece by piece are the same text: %s', form => {
    fc.assert(
      fc.property(arbitraryResults, given => {
        const results = { ...given, version: REPORT_VERSION }
        const indent = form === 'json, indented'
        const writer = createWriter(form === 'xml' ? 'xml' : 'json', { indent })
        const pieces = [writer.begin()]
        for (const report of results.reports) pieces.push(writer.report(report))
        for (const error of results.errors) pieces.push(writer.error(error))
        pieces.push(writer.end(results.summary))
        const whole = form === 'xml' ? writeResultsXml(results) : writeResultsJson(results, indent) + '\n'
        expect(pieces.join('')).toBe(whole)
      }),
    )
  })
})

test('the order of members is that of the schema, whatever that of the value', () => {
  fc.assert(
    fc.property(arbitraryReport, report => {
      const turned = Object.fromEntries(Object.entries(report).reverse()) as typeof report
      expect(writeReportJson(turned)).toBe(writeReportJson(report))
      expect(writeReportXml(turned)).toBe(writeReportXml(report))
      expect(Object.keys(JSON.parse(writeReportJson(turned)) as object)).toEqual(Object.keys(ReportSchema.properties))
    }),
    { numRuns: 20 },
  )
})

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { arbitraryReport, hostileText } from '../arbitrary.fuzz.ts'
import { ReportError } from '../check.ts'
import type { Report } from '../model.ts'
import { attributeValue, escapeText, NOT_XML_CHAR, unescapeText } from './escape.ts'
import { MAX_SKIPPED_DEPTH, readEitherXml, readReportXml, readResultsXml } from './read.ts'
import { MAX_ATTRIBUTES } from './tokens.ts'
import { writeReportXml } from './write.ts'

const report: Report = {
  version: '1.0',
  scanner: { name: 'lazaret', version: '0', database: '00', signatures: 1 },
  name: 'a.txt',
  startedAt: '2026-01-02T03:04:05.678Z',
  elapsedMs: 1.5,
  bytesScanned: 3,
  verdict: 'clean',
  artifacts: [
    {
      id: 0,
      relation: 'root',
      name: 'a.txt',
      path: 'a.txt',
      size: 3,
      type: 'text',
      verdict: 'clean',
      detections: [
        { name: 'x', kind: 'body', severity: 'unwanted', source: { database: 'd', line: 1 }, where: { path: '' } },
      ],
      notSeen: [],
      anomalies: [],
      properties: [],
    },
  ],
}
const XML = writeReportXml(report)

/** The report read from the document with one thing replaced; the thing must be there. */
function withReplaced(from: string, to: string): Report {
  expect(XML).toContain(from)
  return readReportXml(XML.replace(from, to))
}

describe('escape', () => {
  test.each([
    ['plain', 'a_b C:\\d', 'a_b C:\\d'],
    ['a control character', '\u0000', '_x0000_'],
    ['white space stays', '\t\n\r', '\t\n\r'],
    ['an unpaired surrogate', '\ud83d!', '_xD83D_!'],
    ['a pair stays', '\u{1f600}', '\u{1f600}'],
    ['a byte order mark', '\ufeff', '_xFEFF_'],
    ['noncharacters', '\ufffe\uffff', '_xFFFE__xFFFF_'],
    ['what looks like an escape', '_x0041_', '_x005F_x0041_'],
    ['what a neighbour would complete', '_x0041\u0001', '_x005F_x0041_x0001_'],
    ['lower case is no escape', '_x00ff_', '_x00ff_'],
  ])('%s', (_, text, escaped) => {
    expect(escapeText(text)).toBe(escaped)
    expect(unescapeText(escaped)).toBe(text)
  })

  test('any text survives, and XML can carry what is written', () => {
    fc.assert(
      fc.property(hostileText, text => {
        expect(unescapeText(escapeText(text))).toBe(text)
        expect(attributeValue(text)).not.toMatch(NOT_XML_CHAR)
        expect(attributeValue(text)).not.toMatch(/[<>"\t\n\r]/)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('what is read', () => {
  test.each<[string, string, string]>([
    ['single quotes', 'verdict="clean"', "verdict='clean'"],
    ['white space around =', 'name="a.txt"', 'name \n=\t"a.txt"'],
    ['decimal references', 'name="a.txt"', 'name="&#97;.txt"'],
    ['hexadecimal references', 'name="a.txt"', 'name="&#x61;.txt"'],
    ['a comment', '<scanner', '<!-- a - b --><scanner'],
    ['a processing instruction', '<scanner', '<?style a?><scanner'],
    ['something after the root', '</report>\n', '</report>\n<!-- end -->\n'],
    ['a byte order mark', '<?xml', '\uFEFF<?xml'],
    ['no declaration', '<?xml version="1.0" encoding="UTF-8"?>\n', ''],
    ['an empty element with an end tag', 'signatures="1"/>', 'signatures="1"></scanner >'],
    ['an unknown attribute', '<scanner ', '<scanner xsi:a="1" '],
    ['an unknown element', '<scanner', '<later><scanner/>text</later><scanner'],
    ['a known name in another namespace', '<scanner', '<scanner xmlns="urn:other"/><scanner'],
    ['the namespace again', '<scanner ', '<scanner xmlns="urn:lazaret:report:1" '],
  ])('%s', (_, from, to) => {
    expect(withReplaced(from, to)).toStrictEqual(report)
  })

  test('white space in attributes is a space, references are exact', () => {
    expect(withReplaced('name="a.txt"', 'name="a\r\nb\tc&#10;d"').name).toBe('a b c\nd')
  })

  test('the order of elements does not matter', () => {
    const scanner = /<scanner[^>]*>/.exec(XML)?.[0] ?? ''
    const moved = XML.replace(scanner, '').replace('</report>', `${scanner}</report>`)
    expect(readReportXml(moved)).toStrictEqual(report)
  })
})

describe('what is refused', () => {
  const deep = MAX_SKIPPED_DEPTH + 1
  const many = Array.from({ length: MAX_ATTRIBUTES + 1 }, (_, index) => ` a${index}="1"`).join('')
  test.each<[string, string, string, string]>([
    ['DOCTYPE', '<report', '<!DOCTYPE report [<!ENTITY a "b">]><report', 'DOCTYPE'],
    ['CDATA', '<scanner', '<![CDATA[x]]><scanner', 'CDATA'],
    ['an unknown entity', 'name="a.txt"', 'name="&a;"', 'Unknown reference &a;'],
    ['an inherited name as entity', 'name="a.txt"', 'name="&toString;"', 'Unknown reference &toString;'],
    ['a bare &', 'name="a.txt"', 'name="a&b"', 'Unknown reference &'],
    ['a reference to a control character', 'name="a.txt"', 'name="&#0;"', 'Unknown reference &#0;'],
    ['a reference to a surrogate', 'name="a.txt"', 'name="&#xD800;"', 'Unknown reference'],
    ['a reference past Unicode', 'name="a.txt"', 'name="&#x110000;"', 'Unknown reference'],
    ['a control character', 'name="a.txt"', 'name="\u0001"', 'XML does not allow'],
    ['< in an attribute', 'name="a.txt"', 'name="<"', '< in an attribute'],
    ['an attribute twice', '<scanner ', '<scanner name="x" ', 'given twice'],
    ['too many attributes', '<scanner ', `<scanner${many} `, 'attributes'],
    ['an attribute without value', '<scanner ', '<scanner a ', 'Needs ='],
    ['an attribute without quotes', '<scanner ', '<scanner a=1 ', 'quoted'],
    ['attributes without space', '<scanner name="lazaret" ', '<scanner name="lazaret"', 'white space'],
    ['character data', '<scanner', 'text<scanner', 'Needs an element'],
    ['character data after the root', '</report>', '</report>text', 'after the document'],
    ['a second root', '</report>', '</report><report/>', 'after the document'],
    ['another root', '<report', '<other', 'Needs the element report'],
    ['a wrong namespace', 'urn:lazaret:report:1', 'urn:lazaret:report:2', 'namespace'],
    ['no namespace', ' xmlns="urn:lazaret:report:1"', '', 'namespace'],
    ['a wrong end tag', '</report>', '</reports>', 'end of report'],
    ['a wrong end tag in what is skipped', '<scanner', '<b><c></b></c><scanner', 'Wrong end tag'],
    ['an end tag with attributes', '</report>', '</report a="1">', 'Needs >'],
    ['a missing attribute', ' verdict="clean">\n  <scanner', '>\n  <scanner', 'needs verdict'],
    ['a missing element', '<source database="d" line="1"/>', '', 'needs source'],
    ['an element twice', '<where', '<where path=""/><where', 'where given twice'],
    ['an empty list that needs one', '<artifact', '<later', 'Wrong end tag'],
    ['a verdict of its own', 'verdict="clean"', 'verdict="fine"', 'is none of'],
    ['a word with white space', 'relation="root"', 'relation=" root"', 'is none of'],
    ['a negative count', 'size="3"', 'size="-3"', 'whole number'],
    ['a fraction as count', 'size="3"', 'size="3.0"', 'whole number'],
    ['an empty count', 'size="3"', 'size=""', 'whole number'],
    ['a hexadecimal count', 'size="3"', 'size="0x3"', 'whole number'],
    ['a count past 2^53', 'size="3"', 'size="9007199254740992"', 'whole number'],
    ['infinity', 'elapsedMs="1.5"', 'elapsedMs="1e999"', 'number from 0'],
    ['no number', 'elapsedMs="1.5"', 'elapsedMs="NaN"', 'number from 0'],
    ['another major version', 'version="1.0" name', 'version="2.0" name', 'version of report is not'],
    ['an impossible month', '2026-01-02', '2026-13-02', 'startedAt of report is not'],
    ['a late XML declaration', '<scanner', '<?xml version="1.0"?><scanner', 'not at the start'],
    ['-- in a comment', '<scanner', '<!-- a -- b --><scanner', '-- in a comment'],
    ['a comment without end', '<scanner', '<!-- <scanner', 'Needs --'],
    ['too deep in what is skipped', '<scanner', `${'<b>'.repeat(deep)}${'</b>'.repeat(deep)}<scanner`, 'Deeper than'],
    ['something skipped without end', '<scanner', '<b><scanner', 'Wrong end tag'],
  ])('%s', (_, from, to, message) => {
    expect(() => withReplaced(from, to)).toThrow(ReportError)
    expect(() => withReplaced(from, to)).toThrow(message)
  })

  test('a list that is too short', () => {
    const start = XML.indexOf('<artifact')
    const end = XML.indexOf('</artifact>') + '</artifact>'.length
    expect(() => readReportXml(XML.slice(0, start) + XML.slice(end))).toThrow('Needs at least 1 artifact')
  })

  test.each(['', ' ', '<', '<report', '&', '{}', '<report/>', '<results/>', '<?xml ?>', '</report>', '<!--'])(
    '%j',
    text => {
      for (const read of [readReportXml, readResultsXml, readEitherXml]) expect(() => read(text)).toThrow(ReportError)
    },
  )

  test('a report where results are wanted, and the other way round', () => {
    expect(() => readResultsXml(XML)).toThrow('Needs the element results')
    expect(readEitherXml(XML)).toStrictEqual(report)
  })
})

describe('damage', () => {
  test('every truncation is refused', () => {
    const end = XML.trimEnd().length
    for (let length = 0; length < end; length++)
      expect(() => readReportXml(XML.slice(0, length)), String(length)).toThrow(ReportError)
    expect(readReportXml(XML.slice(0, end))).toStrictEqual(report)
  })

  test('every mutation is either refused or a report that can be written again', () => {
    const place = fc.tuple(fc.nat(), fc.nat({ max: 12 }), hostileText)
    fc.assert(
      fc.property(arbitraryReport, fc.array(place, { minLength: 1, maxLength: 3 }), (original, places) => {
        let text = writeReportXml(original)
        for (const [at, length, insert] of places) {
          const from = at % text.length
          text = text.slice(0, from) + insert + text.slice(from + length)
        }
        let read: Report
        try {
          read = readReportXml(text)
        } catch (error) {
          expect(error).toBeInstanceOf(ReportError)
          return
        }
        expect(readReportXml(writeReportXml(read))).toStrictEqual(read)
      }),
      { numRuns: 2000 },
    )
  })
})

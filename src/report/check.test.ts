import * as fc from 'fast-check'
import { Check } from 'typebox/value'
import { describe, expect, test } from 'vitest'
import { arbitraryReport } from './arbitrary.fuzz.ts'
import { checkLength, MAX_DOCUMENT_CHARS, ReportError } from './check.ts'
import { readResults } from './document.ts'
import { checkReport, readReportJson, readResultsJson } from './json.ts'
import type { Report } from './model.ts'
import { ReportSchema } from './schema/index.ts'

const [sample] = fc.sample(arbitraryReport, { numRuns: 1, seed: 7 })

function accepted(value: unknown): boolean {
  try {
    checkReport(value)
    return true
  } catch (error) {
    expect(error).toBeInstanceOf(ReportError)
    return false
  }
}

describe('a value is refused with its place', () => {
  test.each<[string, (report: Report) => unknown, string]>([
    ['null', () => null, 'Not an object (at report)'],
    ['a list', () => [], 'Not an object (at report)'],
    ['text', () => 'report', 'Not an object (at report)'],
    ['no name', report => ({ ...report, name: undefined }), 'Missing (at report.name)'],
    ['a name that is no text', report => ({ ...report, name: 1 }), 'Value is not text (at report.name)'],
    ['an unknown verdict', report => ({ ...report, verdict: 'fine' }), 'none of infected'],
    ['no artifacts', report => ({ ...report, artifacts: [] }), 'Needs at least 1 artifact (at report.artifacts)'],
    ['artifacts that are no list', report => ({ ...report, artifacts: {} }), 'Not a list (at report.artifacts)'],
    ['an artifact that is none', report => ({ ...report, artifacts: [3] }), 'Not an object (at report.artifacts[0])'],
    ['a missing list', report => ({ ...report, artifacts: undefined }), 'Missing (at report.artifacts)'],
    ['a negative time', report => ({ ...report, elapsedMs: -1 }), 'not a number from 0 (at report.elapsedMs)'],
    ['a fraction', report => ({ ...report, bytesScanned: 1.5 }), 'not a whole number'],
    ['a version 2', report => ({ ...report, version: '2.0' }), 'at report.version'],
    [
      'an inherited member',
      report => ({ ...report, scanner: Object.create(report.scanner) as object }),
      'scanner.name',
    ],
  ])('%s', (_, change, message) => {
    expect(() => checkReport(change(sample))).toThrow(message)
    expect(accepted(change(sample))).toBe(false)
  })
})

test('agrees with the schema on values with one member gone or wrong', () => {
  const wrong = fc.constantFrom<unknown>(undefined, null, '', 'clean', 'root', '1.0', 0, -1, 1.5, 2 ** 53, true, [], {})
  fc.assert(
    fc.property(arbitraryReport, fc.nat(), wrong, (report, seed, value) => {
      const copy = JSON.parse(JSON.stringify(report)) as Report
      const objects: object[] = []
      JSON.stringify(copy, (_, part: unknown) => {
        if (typeof part === 'object' && part !== null) objects.push(part)
        return part
      })
      const members = objects.flatMap(object => Object.keys(object).map(key => [object, key] as const))
      const [object, key] = members[seed % members.length]
      if (value === undefined) {
        if (Array.isArray(object)) object.splice(Number(key), 1)
        else Reflect.deleteProperty(object, key)
      } else Reflect.set(object, key, value)
      expect(accepted(copy)).toBe(Check(ReportSchema, copy))
    }),
    { numRuns: 2000 },
  )
})

describe('JSON text', () => {
  test.each(['', '{', 'null', '[]', '{"version":"1.0"}', '{"reports":1}', '['.repeat(100_000)])(
    '%.20s is refused',
    text => {
      for (const read of [readReportJson, readResultsJson, readResults]) expect(() => read(text)).toThrow(ReportError)
    },
  )

  test('longer than allowed is refused', () => {
    expect(() => checkLength({ length: MAX_DOCUMENT_CHARS + 1 } as unknown as string)).toThrow(ReportError)
    expect(() => checkLength({ length: MAX_DOCUMENT_CHARS } as unknown as string)).not.toThrow()
  })
})

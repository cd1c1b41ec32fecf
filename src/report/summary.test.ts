import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { arbitraryReport } from './arbitrary.fuzz.ts'
import type { Report } from './model.ts'
import { addSummaries, createSummary } from './summary.ts'
import { VERDICTS } from './vocabulary.ts'

/** Reports whose sizes add up exactly. */
const reports = fc.array(
  arbitraryReport.map(report => {
    const [root, ...rest] = report.artifacts
    return { ...report, artifacts: [{ ...root, size: root.size % 1e9 }, ...rest] }
  }),
)

function sumOf(given: readonly Report[], errors: number, elapsedMs: number) {
  const builder = createSummary()
  for (const report of given) builder.report(report)
  for (let index = 0; index < errors; index++) builder.error()
  return builder.summary(elapsedMs)
}

test('every report is counted once, by its verdict and the size of its root', () => {
  fc.assert(
    fc.property(reports, fc.nat({ max: 5 }), (given, errors) => {
      const summary = sumOf(given, errors, 2.5)
      for (const verdict of VERDICTS)
        expect(summary[verdict]).toBe(given.filter(report => report.verdict === verdict).length)
      const bytes = given.map(({ artifacts: [root] }) => root.size).reduce((a, b) => a + b, 0)
      expect(summary).toMatchObject({ files: given.length, bytes, errors, elapsedMs: 2.5 })
    }),
  )
})

test('summaries of parts add up to the summary of all', () => {
  fc.assert(
    fc.property(reports, reports, (left, right) => {
      expect(addSummaries(sumOf(left, 1, 1), sumOf(right, 2, 2))).toStrictEqual(sumOf([...left, ...right], 3, 3))
    }),
  )
})

test('a summary does not change afterwards', () => {
  const builder = createSummary()
  const before = builder.summary(0)
  builder.error()
  expect(before.errors).toBe(0)
  expect(builder.summary(0).errors).toBe(1)
})

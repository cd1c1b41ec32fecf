import { readEitherJson } from './json.ts'
import type { Report, Results } from './model.ts'
import { createSummary } from './summary.ts'
import { readEitherXml } from './xml/read.ts'

// Result files as they come back: results or one report, in XML or JSON.

/**
 * Reads a result file of either kind in either format; a single report becomes results with its own summary.
 * @throws ReportError for anything that is not of major version 1
 */
export function readResults(text: string): Results {
  const document = /^\uFEFF?\s*</.test(text) ? readEitherXml(text) : readEitherJson(text.replace(/^\uFEFF/, ''))
  return 'reports' in document ? document : resultsOf(document)
}

function resultsOf(report: Report): Results {
  const builder = createSummary()
  builder.report(report)
  return { version: report.version, reports: [report], errors: [], summary: builder.summary(report.elapsedMs) }
}

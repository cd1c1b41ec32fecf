import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { readReportJson, writeReportJson, type Report } from '../../report/index.ts'
import type { ReportRow } from './tables.ts'

const JSON_FORM = 0
const DEFLATED_FORM = 1
/** Shorter reports gain less by being deflated than it costs. */
const MIN_DEFLATED_BYTES = 4096
/** A report has at most a million artifacts; more than this comes from no scan. */
const MAX_REPORT_BYTES = 1024 * 1024 * 1024

/** The row of a report: the JSON of its schema, deflated where it is long. */
export function reportRow(seq: number, report: Report): ReportRow {
  const json = Buffer.from(writeReportJson(report))
  return json.length < MIN_DEFLATED_BYTES
    ? { seq, form: JSON_FORM, body: json }
    : { seq, form: DEFLATED_FORM, body: deflateRawSync(json, { level: 3 }) }
}

export function reportOfRow({ form, body }: Pick<ReportRow, 'form' | 'body'>): Report {
  const bytes = form === JSON_FORM ? body : inflateRawSync(body, { maxOutputLength: MAX_REPORT_BYTES })
  return readReportJson(Buffer.from(bytes).toString('utf8'))
}

import { createCsvWriter } from './csv.ts'
import { createJsonWriter } from './json.ts'
import { createJunitWriter } from './junit.ts'
import type { Report, ScanError, Summary } from './model.ts'
import { createSarifWriter } from './sarif.ts'
import { createStixWriter } from './stix.ts'
import { createTextWriter } from './text.ts'
import { createXmlWriter } from './xml/write.ts'

// One interface over every format of results.

/** How results are written. Each format uses what makes sense for it. */
export interface WriterOptions {
  /** Several indented lines instead of one (json, sarif, stix). Default: false. */
  readonly indent?: boolean
  /** Colours for a terminal (text). Default: false. */
  readonly colour?: boolean
}

/**
 * Writes the results of one run piece by piece: `begin`, any number of `report` and `error`, then `end`. The strings,
 * one after the other, are the document. Reports are not kept; errors may be kept until `end`, where a format lists
 * them last. One writer is for one run.
 */
export interface ReportWriter {
  begin(): string
  report(report: Report): string
  error(error: ScanError): string
  end(summary: Summary): string
}

const WRITERS = {
  text: createTextWriter,
  json: createJsonWriter,
  xml: createXmlWriter,
  csv: createCsvWriter,
  sarif: createSarifWriter,
  junit: createJunitWriter,
  stix: createStixWriter,
} as const satisfies Record<string, (options: WriterOptions) => ReportWriter>

export type ReportFormat = keyof typeof WRITERS

/** Every format, by the name it has on command lines. */
export const FORMATS = Object.keys(WRITERS) as readonly ReportFormat[]

/** The media type of each format, for content negotiation. */
export const MEDIA_TYPES: Readonly<Record<ReportFormat, string>> = {
  text: 'text/plain; charset=utf-8',
  json: 'application/json',
  xml: 'application/xml',
  csv: 'text/csv; charset=utf-8; header=present',
  sarif: 'application/sarif+json',
  junit: 'application/xml',
  stix: 'application/stix+json;version=2.1',
}

/** A writer for one run. */
export const createWriter = (format: ReportFormat, options: WriterOptions = {}): ReportWriter =>
  WRITERS[format](options)

import { checked, checkLength, ReportError } from './check.ts'
import type { Report, Results, ScanError, Summary } from './model.ts'
import { ordered, type Fields, type Shape } from './shape.ts'
import { errorShape, reportShape, resultsShape, summaryShape } from './shapes.generated.ts'
import { REPORT_VERSION } from './vocabulary.ts'
import type { ReportWriter, WriterOptions } from './writer.ts'

// JSON with the members in the order of the schema, so that equal reports are equal text.

const INDENT = 2

/** One report as JSON, without a line break at the end. */
export const writeReportJson = (report: Report, indent = false): string => stringify(reportShape, report, indent)

/** Whole results as JSON, without a line break at the end. Use createWriter where there may be many reports. */
export const writeResultsJson = (results: Results, indent = false): string => stringify(resultsShape, results, indent)

/**
 * Reads one report. Members this version does not know are dropped.
 * @throws ReportError for anything that is not a report of major version 1
 */
export const readReportJson = (text: string): Report => checked(reportShape, parse(text), 'report') as Report

/**
 * Reads results. Members this version does not know are dropped.
 * @throws ReportError for anything that is not results of major version 1
 */
export const readResultsJson = (text: string): Results => checked(resultsShape, parse(text), 'results') as Results

/** Reads a document that may be either. Throws ReportError. */
export function readEitherJson(text: string): Report | Results {
  const value = parse(text)
  const isResults = typeof value === 'object' && value !== null && Object.hasOwn(value, 'reports')
  return isResults
    ? (checked(resultsShape, value, 'results') as Results)
    : (checked(reportShape, value, 'report') as Report)
}

/** Checks a value that arrived already parsed, for example in a protocol frame. Throws ReportError. */
export const checkReport = (value: unknown): Report => checked(reportShape, value, 'report') as Report

/** Writes results of any number of reports; errors are kept until the end. */
export function createJsonWriter(options: WriterOptions): ReportWriter {
  const indent = options.indent === true
  const [line, space] = indent ? ['\n' + ' '.repeat(INDENT), ' '] : ['', '']
  const itemLine = indent ? '\n' + ' '.repeat(2 * INDENT) : ''
  const errors: string[] = []
  let reports = 0

  const nested = (shape: Shape, value: object, newLine: string): string => {
    const text = stringify(shape, value, indent)
    return indent ? text.replaceAll('\n', newLine) : text
  }
  const endOfList = (count: number): string => (count === 0 ? ']' : `${line}]`)
  return {
    begin: () => `{${line}"version":${space}"${REPORT_VERSION}",${line}"reports":${space}[`,
    report: (report: Report) => `${reports++ === 0 ? '' : ','}${itemLine}${nested(reportShape, report, itemLine)}`,
    error(error: ScanError) {
      errors.push(itemLine + nested(errorShape, error, itemLine))
      return ''
    },
    end(summary: Summary) {
      const list = `"errors":${space}[${errors.join(',')}${endOfList(errors.length)}`
      const last = `"summary":${space}${nested(summaryShape, summary, line)}`
      return `${endOfList(reports)},${line}${list},${line}${last}${indent ? '\n' : ''}}\n`
    },
  }
}

const stringify = (shape: Shape, value: object, indent: boolean): string =>
  JSON.stringify(ordered(shape, value as Fields), undefined, indent ? INDENT : undefined)

function parse(text: string): unknown {
  checkLength(text)
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    throw new ReportError(`Not JSON: ${error instanceof Error ? error.message : String(error)}`, 'document')
  }
}

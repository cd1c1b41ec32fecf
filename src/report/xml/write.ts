import type { Report, Results, ScanError, Summary } from '../model.ts'
import { elementOf, isScalar, type Fields, type Shape } from '../shape.ts'
import { errorShape, reportShape, resultsShape, summaryShape } from '../shapes.generated.ts'
import { REPORT_VERSION, XML_NAMESPACE } from '../vocabulary.ts'
import type { ReportWriter } from '../writer.ts'
import { attributeValue } from './escape.ts'

// The model as XML: objects are elements, lists are repeated elements, values are attributes, all in the order of the
// schema. There is no character data, so indentation means nothing. Text is escaped as escape.ts says.

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
const XMLNS = ` xmlns="${XML_NAMESPACE}"`
const INDENT = '  '

/** One report as an XML document. */
export const writeReportXml = (report: Report): string =>
  DECLARATION + element('report', reportShape, report, '', XMLNS)

/** Whole results as an XML document. Use createWriter where there may be many reports. */
export const writeResultsXml = (results: Results): string =>
  DECLARATION + element('results', resultsShape, results, '', XMLNS)

/** Writes results of any number of reports; errors are kept until the end. */
export function createXmlWriter(): ReportWriter {
  const errors: string[] = []
  return {
    begin: () => `${DECLARATION}<results${XMLNS} version="${REPORT_VERSION}">\n`,
    report: (report: Report) => element('report', reportShape, report, INDENT),
    error(error: ScanError) {
      errors.push(element('error', errorShape, error, INDENT))
      return ''
    },
    end: (summary: Summary) => `${errors.join('')}${element('summary', summaryShape, summary, INDENT)}</results>\n`,
  }
}

/** One element with everything in it, on lines of its own. */
function element(name: string, shape: Shape, value: object, indent: string, xmlns = ''): string {
  let attributes = xmlns
  let children = ''
  for (const member of shape) {
    const field = (value as Fields)[member.name]
    if (field === undefined) continue
    if (isScalar(member)) attributes += attribute(member.name, field as string | number)
    else {
      for (const item of member.kind === 'list' ? (field as object[]) : [field as object])
        children += element(elementOf(member), member.shape, item, indent + INDENT)
    }
  }
  if (children === '') return `${indent}<${name}${attributes}/>\n`
  return `${indent}<${name}${attributes}>\n${children}${indent}</${name}>\n`
}

const attribute = (name: string, value: string | number): string => ` ${name}="${attributeValue(String(value))}"`

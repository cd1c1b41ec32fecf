// Nothing here imports a dependency at run time; the schemas are in schema/index.ts.
export { addSummaries, createSummary, type SummaryBuilder } from './summary.ts'
export { checkReport, readReportJson, readResultsJson, writeReportJson, writeResultsJson } from './json.ts'
export {
  createWriter,
  FORMATS,
  MEDIA_TYPES,
  type ReportFormat,
  type ReportWriter,
  type WriterOptions,
} from './writer.ts'
export { CSV_COLUMNS } from './csv.ts'
export { csvLine } from './csv-cells.ts'
export { MAX_DOCUMENT_CHARS, ReportError } from './check.ts'
export { readReportXml, readResultsXml } from './xml/read.ts'
export { readResults } from './document.ts'
export { visible } from './visible.ts'
export {
  isFinding,
  strongest,
  verdictOf,
  verdictOfSeverity,
  verdictsOf,
  type Findings,
  type TreeNode,
} from './verdict.ts'
export { markup as escapeMarkup } from './xml/escape.ts'
export { writeReportXml, writeResultsXml } from './xml/write.ts'
export {
  DETECTION_KINDS,
  REASONS,
  RELATIONS,
  REPORT_VERSION,
  SEVERITIES,
  VERDICTS,
  XML_NAMESPACE,
  type DetectionKind,
  type Reason,
  type Relation,
  type Severity,
  type Verdict,
} from './vocabulary.ts'
export type {
  Anomaly,
  ArtifactReport,
  Detection,
  NotSeen,
  Property,
  SectionReport,
  Report,
  Results,
  ScanError,
  Summary,
} from './model.ts'
export { sectionReport, type Section } from './section.ts'

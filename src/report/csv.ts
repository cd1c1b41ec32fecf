import { csvLine } from './csv-cells.ts'
import type { ArtifactReport, Detection, Report, ScanError } from './model.ts'
import type { ReportWriter } from './writer.ts'

// Comma-separated values (RFC 4180) for spreadsheets: one row for each detection, one for each file without any.

/** The columns, in order. New ones are only ever added at the end. */
export const CSV_COLUMNS = [
  'name',
  'verdict',
  'detection',
  'kind',
  'severity',
  'database',
  'line',
  'path',
  'offset',
  'length',
  'notSeen',
  'reasons',
  'size',
  'sha256',
  'type',
  'startedAt',
  'elapsedMs',
  'error',
] as const

type Row = Partial<Record<(typeof CSV_COLUMNS)[number], string | number>>

/** Writes results as CSV with a header row; the summary is left out. */
export function createCsvWriter(): ReportWriter {
  return {
    begin: () => csvLine(CSV_COLUMNS),
    report(report: Report) {
      const file = fileCells(report)
      const rows = report.artifacts.flatMap(artifact =>
        artifact.detections.map(detection => line({ ...file, ...detectionCells(artifact, detection) })),
      )
      return rows.length === 0 ? line(file) : rows.join('')
    },
    error: ({ name, code, message }: ScanError) => line({ name, verdict: 'error', error: `${code}: ${message}` }),
    end: () => '',
  }
}

function fileCells(report: Report): Row {
  const root = report.artifacts[0]
  const notSeen = report.artifacts.flatMap(artifact => artifact.notSeen)
  return {
    name: report.name,
    verdict: report.verdict,
    notSeen: notSeen.length,
    reasons: [...new Set(notSeen.map(({ reason }) => reason))].join(' '),
    size: root.size,
    sha256: root.sha256 ?? '',
    type: root.type,
    startedAt: report.startedAt,
    elapsedMs: report.elapsedMs,
  }
}

function detectionCells(artifact: ArtifactReport, { name, kind, severity, source, where }: Detection): Row {
  return {
    detection: name,
    kind,
    severity,
    database: source.database,
    line: source.line,
    path: where?.path ?? artifact.path,
    offset: where?.offset ?? '',
    length: where?.length ?? '',
  }
}

const line = (row: Row): string => csvLine(CSV_COLUMNS.map(column => row[column] ?? ''))

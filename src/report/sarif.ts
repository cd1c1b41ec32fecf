import type { ArtifactReport, Detection, NotSeen, Report, ScanError } from './model.ts'
import { visible } from './visible.ts'
import type { Severity } from './vocabulary.ts'
import type { ReportWriter, WriterOptions } from './writer.ts'

// SARIF 2.1.0 (OASIS, errata 01) for code scanning: one result for each detection and one for each thing not seen in
// a file that is unscannable. The tool, its rules and the errors come last, when they are known.

const SCHEMA = 'https://json.schemastore.org/sarif-2.1.0.json'
/** Rules described; results of further ones carry their rule id only, which the format allows (section 3.27.5). */
export const MAX_RULES = 10_000

const LEVELS = { malicious: 'error', suspicious: 'warning', unwanted: 'note' } as const satisfies Record<
  Severity,
  string
>

/** Writes results as SARIF; errors are kept until the end. The summary is left out. */
export function createSarifWriter(options: WriterOptions): ReportWriter {
  const break_ = options.indent === true ? '\n' : ''
  const rules = new Set<string>()
  const notifications: object[] = []
  let scannerVersion: string | undefined
  let results = 0

  const result = (value: { ruleId: string }): string => {
    if (rules.size < MAX_RULES) rules.add(value.ruleId)
    return `${results++ === 0 ? '' : ','}${break_}${JSON.stringify(value)}`
  }
  return {
    begin: () => `{"$schema":"${SCHEMA}","version":"2.1.0","runs":[{"columnKind":"utf16CodeUnits","results":[`,
    report(report: Report) {
      scannerVersion ??= report.scanner.version
      return report.artifacts.flatMap(artifact => resultsOf(report, artifact).map(result)).join('')
    },
    error(error: ScanError) {
      notifications.push(notification(error))
      return ''
    },
    end() {
      const tool = { driver: { name: 'lazaret', ...version(scannerVersion), rules: [...rules].map(id => ({ id })) } }
      const invocations = [{ executionSuccessful: true, toolExecutionNotifications: notifications }]
      return `${break_}],"tool":${JSON.stringify(tool)},"invocations":${JSON.stringify(invocations)}}]}\n`
    },
  }
}

const version = (scanner: string | undefined): object => (scanner === undefined ? {} : { version: scanner })

function resultsOf(report: Report, artifact: ArtifactReport) {
  const detections = artifact.detections.map(detection => detectionResult(report, artifact, detection))
  if (report.verdict !== 'unscannable') return detections
  return [...detections, ...artifact.notSeen.map(note => notSeenResult(report, note))]
}

function detectionResult(report: Report, artifact: ArtifactReport, detection: Detection) {
  const path = detection.where?.path ?? artifact.path
  return {
    ruleId: visible(detection.name),
    level: LEVELS[detection.severity],
    message: { text: `${visible(detection.name)} in ${visible(path)}` },
    locations: [location(report, path, detection.where)],
    properties: { kind: detection.kind, ...detection.source, sha256: artifact.sha256, verdict: report.verdict },
  }
}

/** A warning, not an "open" result: many consumers hide everything that is not a failure. */
function notSeenResult(report: Report, { path, reason, detail }: NotSeen) {
  return {
    ruleId: `not-seen/${reason}`,
    level: 'warning',
    message: { text: visible(`${path} was not looked at to the end (${reason}): ${detail}`) },
    locations: [location(report, path)],
    properties: { verdict: report.verdict },
  }
}

/** The file as submitted, since only that exists for the reader; the path inside it is a logical location. */
function location(report: Report, path: string, where?: Detection['where']) {
  const atRoot = path === report.artifacts[0].path
  const region =
    atRoot && where?.offset !== undefined
      ? { region: { byteOffset: where.offset, ...(where.length === undefined ? {} : { byteLength: where.length }) } }
      : {}
  return {
    physicalLocation: { artifactLocation: { uri: uriOf(report.name) }, ...region },
    ...(atRoot ? {} : { logicalLocations: [{ fullyQualifiedName: visible(path), kind: 'member' }] }),
  }
}

const notification = ({ name, code, message }: ScanError) => ({
  level: 'error',
  descriptor: { id: code },
  message: { text: visible(message) },
  locations: [{ physicalLocation: { artifactLocation: { uri: uriOf(name) } } }],
})

/** A path as a URI reference (RFC 3986): absolute paths as file URIs, others relative. Always well-formed. */
export function uriOf(path: string): string {
  const onWindows = /^(?:[A-Za-z]:[\\/]|\\\\)/.test(path)
  const segments = (onWindows ? path.replaceAll('\\', '/') : path).toWellFormed().split('/').map(encodeURIComponent)
  const encoded = segments.join('/')
  if (!onWindows) return encoded.startsWith('/') ? `file://${encoded}` : encoded
  return encoded.startsWith('//') ? `file:${encoded}` : `file:///${encoded.replace('%3A', ':')}`
}

// Generated from model.ts by scripts/generate-schemas.ts; do not edit.
import type { Shape } from './shape.ts'
import { DETECTION_KINDS, REASONS, RELATIONS, SECTION_KINDS, SEVERITIES, VERDICTS } from './vocabulary.ts'

/** Who says so. */
const scannerShape: Shape = [
  { name: 'name', kind: 'text' },
  { name: 'version', kind: 'text' },
  { name: 'database', kind: 'text' },
  { name: 'signatures', kind: 'count' },
]

/** Where the signature comes from. */
const sourceShape: Shape = [
  { name: 'database', kind: 'text' },
  { name: 'line', kind: 'count' },
]

/** Where it matched. */
const whereShape: Shape = [
  { name: 'path', kind: 'text' },
  { name: 'offset', kind: 'count', optional: true },
  { name: 'length', kind: 'count', optional: true },
]

/** One signature or heuristic that matched. */
const detectionShape: Shape = [
  { name: 'name', kind: 'text' },
  { name: 'kind', kind: 'word', words: DETECTION_KINDS },
  { name: 'severity', kind: 'word', words: SEVERITIES },
  { name: 'source', kind: 'object', shape: sourceShape },
  { name: 'where', kind: 'object', optional: true, shape: whereShape },
]

/** Something that was not looked at to the end. */
const notSeenShape: Shape = [
  { name: 'path', kind: 'text' },
  { name: 'reason', kind: 'word', words: REASONS },
  { name: 'detail', kind: 'text' },
  { name: 'bytes', kind: 'count', optional: true },
]

/** Something odd about the content; data, not a verdict. */
const anomalyShape: Shape = [
  { name: 'code', kind: 'text' },
  { name: 'detail', kind: 'text' },
  { name: 'offset', kind: 'count', optional: true },
]

/** One fact about the content. */
const propertyShape: Shape = [
  { name: 'name', kind: 'text' },
  { name: 'value', kind: 'text' },
]

/** One fact. */
const entryShape: Shape = [
  { name: 'key', kind: 'text' },
  { name: 'value', kind: 'text' },
]

/** One column. */
const columnShape: Shape = [{ name: 'name', kind: 'text' }]

/** One cell. */
const cellShape: Shape = [{ name: 'value', kind: 'text' }]

/** One row. */
const rowShape: Shape = [{ name: 'cells', kind: 'list', element: 'cell', shape: cellShape }]

/** A block of facts about the content, made for people. */
const sectionShape: Shape = [
  { name: 'kind', kind: 'word', words: SECTION_KINDS },
  { name: 'title', kind: 'text' },
  { name: 'text', kind: 'text', optional: true },
  { name: 'offset', kind: 'count', optional: true },
  { name: 'length', kind: 'count', optional: true },
  { name: 'entries', kind: 'list', optional: true, element: 'entry', shape: entryShape },
  { name: 'columns', kind: 'list', optional: true, element: 'column', shape: columnShape },
  { name: 'rows', kind: 'list', optional: true, element: 'row', shape: rowShape },
]

/** Bytes with an origin, and what was found in them. */
const artifactShape: Shape = [
  { name: 'id', kind: 'count' },
  { name: 'parent', kind: 'count', optional: true },
  { name: 'relation', kind: 'word', words: RELATIONS },
  { name: 'name', kind: 'text' },
  { name: 'path', kind: 'text' },
  { name: 'size', kind: 'count' },
  { name: 'sha256', kind: 'text', optional: true, pattern: /^[0-9a-f]{64}$/ },
  { name: 'type', kind: 'text' },
  { name: 'verdict', kind: 'word', words: VERDICTS },
  { name: 'detections', kind: 'list', element: 'detection', shape: detectionShape },
  { name: 'notSeen', kind: 'list', element: 'notSeen', shape: notSeenShape },
  { name: 'anomalies', kind: 'list', element: 'anomaly', shape: anomalyShape },
  { name: 'properties', kind: 'list', element: 'property', shape: propertyShape },
  { name: 'sections', kind: 'list', optional: true, element: 'section', shape: sectionShape },
]

/** The result of one submission. */
export const reportShape: Shape = [
  { name: 'version', kind: 'text', pattern: /^1\.[0-9]{1,9}$/ },
  { name: 'scanner', kind: 'object', shape: scannerShape },
  { name: 'name', kind: 'text' },
  {
    name: 'startedAt',
    kind: 'text',
    pattern: /^[1-9][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3])(:[0-5][0-9]){2}\.[0-9]{3}Z$/,
  },
  { name: 'elapsedMs', kind: 'number' },
  { name: 'bytesScanned', kind: 'count' },
  { name: 'verdict', kind: 'word', words: VERDICTS },
  { name: 'artifacts', kind: 'list', element: 'artifact', min: 1, shape: artifactShape },
]

/** A submission without a report. */
export const errorShape: Shape = [
  { name: 'name', kind: 'text' },
  { name: 'code', kind: 'text' },
  { name: 'message', kind: 'text' },
]

/** Counts over a run. */
export const summaryShape: Shape = [
  { name: 'files', kind: 'count' },
  { name: 'bytes', kind: 'count' },
  { name: 'infected', kind: 'count' },
  { name: 'suspicious', kind: 'count' },
  { name: 'unwanted', kind: 'count' },
  { name: 'unscannable', kind: 'count' },
  { name: 'clean', kind: 'count' },
  { name: 'trusted', kind: 'count' },
  { name: 'errors', kind: 'count' },
  { name: 'elapsedMs', kind: 'number' },
]

/** The results of one run over many submissions. */
export const resultsShape: Shape = [
  { name: 'version', kind: 'text', pattern: /^1\.[0-9]{1,9}$/ },
  { name: 'reports', kind: 'list', element: 'report', shape: reportShape },
  { name: 'errors', kind: 'list', element: 'error', shape: errorShape },
  { name: 'summary', kind: 'object', shape: summaryShape },
]

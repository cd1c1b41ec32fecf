import { Type, type Static, type TSchema } from 'typebox'
import { DETECTION_KINDS, REASONS, RELATIONS, SECTION_KINDS, SEVERITIES, VERDICTS } from './vocabulary.ts'

// The one declaration of what a scan says. Types, JSON Schema, XSD, the XML writer and reader and the documentation
// are derived from these schemas. Within major version 1 nothing is renamed, removed or given another meaning.
// Only the types of this file reach index.ts: the schemas themselves (and typebox) are entered through schema/.

const oneOf = <const T extends readonly string[]>(values: T, description: string) =>
  Type.Enum<[...T]>([...values], { description })
const count = (description: string) => Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description })
const version = () => Type.String({ pattern: '^1\\.[0-9]{1,9}$', description: 'Version of this model' })
/** A list; `element` is the name of each item as an XML element. */
const listOf = <T extends TSchema>(item: T, element: string, description: string, options = {}) =>
  Type.Array(item, { description, 'x-xml-element': element, ...options })

/** What Date.prototype.toISOString writes for the years 1000 to 9999, in the syntax that JSON Schema and XSD share. */
const INSTANT =
  '^[1-9][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3])(:[0-5][0-9]){2}\\.[0-9]{3}Z$'

const DetectionSchema = Type.Object(
  {
    name: Type.String({ description: 'Signature name as published, with the suffix .UNOFFICIAL where ClamAV adds it' }),
    kind: oneOf(DETECTION_KINDS, 'How the detection came about'),
    severity: oneOf(SEVERITIES, 'How strong it is'),
    source: Type.Object(
      {
        database: Type.String({ description: 'File name of the signature database' }),
        line: count('Line in that database, from 1; 0 where there is none'),
      },
      { description: 'Where the signature comes from' },
    ),
    where: Type.Optional(
      Type.Object(
        {
          path: Type.String({ description: 'Path of the artifact inside the submission' }),
          offset: Type.Optional(count('Offset in bytes of the match in that artifact')),
          length: Type.Optional(count('Length in bytes of the match')),
        },
        { description: 'Where it matched' },
      ),
    ),
  },
  { description: 'One signature or heuristic that matched' },
)

const NotSeenSchema = Type.Object(
  {
    path: Type.String({ description: 'Path of the artifact of which something was not seen' }),
    reason: oneOf(REASONS, 'Why it was not seen'),
    detail: Type.String({ description: 'One sentence: what exactly, and what would help' }),
    bytes: Type.Optional(count('How many bytes were not seen, where known')),
  },
  { description: 'Something that was not looked at to the end' },
)

const AnomalySchema = Type.Object(
  {
    code: Type.String({ description: 'Stable code, for example pe-section-outside-file' }),
    detail: Type.String({ description: 'What was odd' }),
    offset: Type.Optional(count('Offset in bytes, where it has one')),
  },
  { description: 'Something odd about the content; data, not a verdict' },
)

const PropertySchema = Type.Object(
  {
    name: Type.String({ description: 'Stable dotted name, for example pe.imphash' }),
    value: Type.String({ description: 'Value as text' }),
  },
  { description: 'One fact about the content' },
)

const text = (description: string) => Type.String({ description })

/** One block of facts. Which optional members there are depends on the kind. */
const SectionSchema = Type.Object(
  {
    kind: oneOf(SECTION_KINDS, 'How it is drawn'),
    title: text('What it is'),
    text: Type.Optional(text('The text; of kind text')),
    offset: Type.Optional(count('Offset in bytes in the artifact; of kind bytes')),
    length: Type.Optional(count('Length in bytes; of kind bytes')),
    entries: Type.Optional(
      listOf(
        Type.Object({ key: text('Name of the fact'), value: text('Its value') }, { description: 'One fact' }),
        'entry',
        'The facts; of kind key-values',
      ),
    ),
    columns: Type.Optional(
      listOf(Type.Object({ name: text('Heading') }, { description: 'One column' }), 'column', 'Of kind table'),
    ),
    rows: Type.Optional(
      listOf(
        Type.Object(
          {
            cells: listOf(
              Type.Object({ value: text('Its text') }, { description: 'One cell' }),
              'cell',
              'One for each column',
            ),
          },
          { description: 'One row' },
        ),
        'row',
        'Of kind table',
      ),
    ),
  },
  { description: 'A block of facts about the content, made for people' },
)

const ArtifactSchema = Type.Object(
  {
    id: count('Number of this artifact in this report; the root is 0'),
    parent: Type.Optional(count('Id of the parent; absent for the root')),
    relation: oneOf(RELATIONS, 'How it came out of its parent'),
    name: Type.String({ description: 'Name as found; data, never a path to open' }),
    path: Type.String({ description: 'Path from the submission to this artifact' }),
    size: count('Size in bytes'),
    sha256: Type.Optional(
      Type.String({
        pattern: '^[0-9a-f]{64}$',
        description: 'SHA-256 of the content; absent where the content could not be read to its end',
      }),
    ),
    type: Type.String({ description: 'Type from the content, for example pe, elf, zip, html, text, data' }),
    verdict: oneOf(VERDICTS, 'Verdict of this artifact with everything inside it'),
    detections: listOf(DetectionSchema, 'detection', 'What matched in this artifact'),
    notSeen: listOf(NotSeenSchema, 'notSeen', 'What was not looked at to the end'),
    anomalies: listOf(AnomalySchema, 'anomaly', 'What is odd about the content'),
    properties: listOf(PropertySchema, 'property', 'Facts about the content'),
    sections: Type.Optional(listOf(SectionSchema, 'section', 'Facts about the content in blocks; since 1.1')),
  },
  { description: 'Bytes with an origin, and what was found in them' },
)

export const ReportSchema = Type.Object(
  {
    version: version(),
    scanner: Type.Object(
      {
        name: Type.String({ description: 'Always lazaret' }),
        version: Type.String({ description: 'Version of the scanner' }),
        database: Type.String({ description: 'Generation of the database: hexadecimal content hash' }),
        signatures: count('Signatures in that database'),
      },
      { description: 'Who says so' },
    ),
    name: Type.String({ description: 'Name or path of the submission as the submitter gave it' }),
    startedAt: Type.String({
      format: 'date-time',
      pattern: INSTANT,
      description: 'Start, ISO 8601 UTC with milliseconds',
    }),
    elapsedMs: Type.Number({ minimum: 0, description: 'Wall time in milliseconds' }),
    bytesScanned: count('Bytes matched, over all artifacts'),
    verdict: oneOf(VERDICTS, 'Verdict of the whole submission'),
    artifacts: listOf(ArtifactSchema, 'artifact', 'The artifact tree, parents before children', { minItems: 1 }),
  },
  { $id: 'urn:lazaret:report:1', title: 'Lazaret report', description: 'The result of one submission' },
)

const SummarySchema = Type.Object(
  {
    files: count('Submissions'),
    bytes: count('Sum of their sizes in bytes'),
    infected: count('Submissions with this verdict'),
    suspicious: count('Submissions with this verdict'),
    unwanted: count('Submissions with this verdict'),
    unscannable: count('Submissions with this verdict'),
    clean: count('Submissions with this verdict'),
    trusted: count('Submissions with this verdict'),
    errors: count('Submissions that could not be scanned at all, for example unreadable paths'),
    elapsedMs: Type.Number({ minimum: 0, description: 'Wall time of the whole run in milliseconds' }),
  },
  { description: 'Counts over a run' },
)

const ScanErrorSchema = Type.Object(
  {
    name: Type.String({ description: 'What was to be scanned' }),
    code: Type.String({ description: 'Stable error code' }),
    message: Type.String({ description: 'What went wrong and what to do' }),
  },
  { description: 'A submission without a report' },
)

export const ResultsSchema = Type.Object(
  {
    version: version(),
    reports: listOf(ReportSchema, 'report', 'One for each submission that was scanned'),
    errors: listOf(ScanErrorSchema, 'error', 'One for each submission that could not be scanned'),
    summary: SummarySchema,
  },
  {
    $id: 'urn:lazaret:results:1',
    title: 'Lazaret results',
    description: 'The results of one run over many submissions',
  },
)

export type Detection = Static<typeof DetectionSchema>
export type NotSeen = Static<typeof NotSeenSchema>
export type Anomaly = Static<typeof AnomalySchema>
export type SectionReport = Static<typeof SectionSchema>
export type Property = Static<typeof PropertySchema>
export type ArtifactReport = Static<typeof ArtifactSchema>
export type Report = Static<typeof ReportSchema>
export type Summary = Static<typeof SummarySchema>
export type ScanError = Static<typeof ScanErrorSchema>
export type Results = Static<typeof ResultsSchema>

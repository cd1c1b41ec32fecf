import type { ArtifactReport, Report, ScanError } from './model.ts'
import { sha1 } from './sha1.ts'
import { visible } from './visible.ts'
import type { Verdict } from './vocabulary.ts'
import type { ReportWriter, WriterOptions } from './writer.ts'

// A STIX 2.1 bundle (OASIS, 2021-06-10): for each report a file object (section 6.7) of every artifact with a digest,
// a malware-analysis (section 4.12) about the submission, and a malware object (section 4.11) for each name that
// matched. Identifiers are name-based, so that equal reports are equal text and known objects are known again.

/** Of observable objects, by section 2.9 of the specification. */
const OBSERVABLES = '00abedb4-aa42-466c-9c01-fed23315a9b7'
/** Of everything else here: an own namespace, as the same section demands. */
const OWN = '6f0f1c54-0d8c-5f0a-9f43-1a2f6b1c7e55'
/** Objects remembered, to be written once; beyond that they are written again, which the format allows. */
const MAX_REMEMBERED = 100_000
/** The producer existed before everything that it says. */
const EPOCH = '2026-01-01T00:00:00.000Z'

/** Later ones have no timestamp in STIX. */
const LAST_INSTANT_MS = Date.UTC(9999, 11, 31)

/** malware-result-ov, section 10.18. What could not be looked at is not benign. */
const RESULTS = {
  infected: 'malicious',
  suspicious: 'suspicious',
  unwanted: 'suspicious',
  unscannable: 'unknown',
  clean: 'benign',
  trusted: 'benign',
} as const satisfies Record<Verdict, string>

const encoder = new TextEncoder()

/** A name-based UUID, version 5 (RFC 9562, section 5.5). */
export function uuid5(namespace: string, name: string): string {
  const space = (namespace.replaceAll('-', '').match(/../g) ?? []).map(pair => parseInt(pair, 16))
  const text = encoder.encode(name)
  const input = new Uint8Array(16 + text.length)
  input.set(space)
  input.set(text, 16)
  const bytes = sha1(input).subarray(0, 16)
  bytes[6] = (bytes[6] & 0x0f) | 0x50
  bytes[8] = (bytes[8] & 0x3f) | 0x80
  const hex = Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

const ownId = (type: string, name: string): string => `${type}--${uuid5(OWN, `${type} ${name}`)}`
const IDENTITY_ID = ownId('identity', 'lazaret')
const IDENTITY = {
  type: 'identity',
  spec_version: '2.1',
  id: IDENTITY_ID,
  created: EPOCH,
  modified: EPOCH,
  name: 'Lazaret',
  identity_class: 'system',
}

/** Writes results as one STIX 2.1 bundle; the summary is left out. */
export function createStixWriter(options: WriterOptions): ReportWriter {
  const break_ = options.indent === true ? '\n' : ''
  const written = new Set<string>()
  // Told by its objects, so it comes last.
  let bundle = 'lazaret'
  const object = (value: { readonly id: string }): string => {
    if (written.has(value.id)) return ''
    bundle = uuid5(OWN, `${bundle} ${value.id}`)
    if (written.size < MAX_REMEMBERED) written.add(value.id)
    return `,${break_}${JSON.stringify(value)}`
  }
  return {
    begin: () => `{"type":"bundle","objects":[${break_}${JSON.stringify(IDENTITY)}`,
    report: (report: Report) => objectsOf(report).map(object).join(''),
    error: (error: ScanError) => object(noteOf(error)),
    end: () => `${break_}],"id":"bundle--${bundle}"}\n`,
  }
}

function objectsOf(report: Report): { id: string }[] {
  const [root] = report.artifacts
  const files = new Map<number, string>()
  const observed = report.artifacts.flatMap((artifact, index) => {
    // Without a digest only the submission itself is worth an object: the name of a member says nothing outside of it.
    if (artifact.sha256 === undefined && index > 0) return []
    const file = fileOf(artifact, index === 0 ? report.name : artifact.path)
    files.set(artifact.id, file.id)
    return [file]
  })
  const sample = files.get(root.id) ?? ''
  const analysis = analysisOf(report, sample, [...new Set(files.values())])
  const malware = malwareOf(report, files, sample, analysis)
  return [...observed, analysis, ...malware]
}

function fileOf({ sha256, size }: ArtifactReport, path: string) {
  const name = visible(path.split(/[/\\]/).at(-1) || path) || 'unnamed'
  const hashes = sha256 === undefined ? {} : { hashes: { 'SHA-256': sha256 } }
  // Contributing properties in canonical form (RFC 8785): sorted names, no white space. JSON.stringify escapes alike.
  const id = `file--${uuid5(OBSERVABLES, JSON.stringify({ ...hashes, name }))}`
  return { type: 'file', spec_version: '2.1', id, ...hashes, size, name }
}

function analysisOf(report: Report, sample: string, observed: readonly string[]) {
  const endedAtMs = Math.min(Date.parse(report.startedAt) + report.elapsedMs, LAST_INSTANT_MS)
  const ended = new Date(Number.isNaN(endedAtMs) ? 0 : endedAtMs).toISOString()
  const names = namesOf(report)
  const key = JSON.stringify([sample, report.name, report.startedAt, report.scanner.database, report.scanner.version])
  return {
    ...common('malware-analysis', key, ended),
    product: 'lazaret',
    version: report.scanner.version,
    analysis_engine_version: report.scanner.version,
    analysis_definition_version: report.scanner.database,
    analysis_started: report.startedAt,
    analysis_ended: ended,
    result: RESULTS[report.verdict],
    ...(names.length === 0 ? {} : { result_name: names[0] }),
    sample_ref: sample,
    analysis_sco_refs: observed,
  }
}

const namesOf = ({ artifacts }: Report): string[] => [
  ...new Set(artifacts.flatMap(({ detections }) => detections.map(({ name }) => visible(name)))),
]

function malwareOf(
  report: Report,
  files: ReadonlyMap<number, string>,
  sample: string,
  analysis: { id: string; created: string },
) {
  const found = new Map<string, Set<string>>()
  for (const artifact of report.artifacts) {
    for (const detection of artifact.detections) {
      const name = visible(detection.name)
      const refs = found.get(name) ?? new Set()
      found.set(name, refs.add(files.get(artifact.id) ?? sample))
    }
  }
  return [...found].flatMap(([name, refs]) => {
    const key = JSON.stringify([analysis.id, name])
    const malware = {
      ...common('malware', key, analysis.created),
      name,
      is_family: false,
      sample_refs: [...refs],
    }
    const relation = {
      ...common('relationship', key, analysis.created),
      relationship_type: 'static-analysis-of',
      source_ref: analysis.id,
      target_ref: malware.id,
    }
    return [malware, relation]
  })
}

function noteOf({ name, code, message }: ScanError) {
  const content = visible(`${name}: ${code}: ${message}`)
  return { ...common('note', content, EPOCH), abstract: code, content, object_refs: [IDENTITY_ID] }
}

const common = (type: string, key: string, atIso: string) => ({
  type,
  spec_version: '2.1',
  id: ownId(type, key),
  created_by_ref: IDENTITY_ID,
  created: atIso,
  modified: atIso,
})

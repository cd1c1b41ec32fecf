// The words of the report model, apart from its schemas: this file costs no dependency at run time.

/** Version of the report model, `major.minor`; a minor version only adds optional members. */
export const REPORT_VERSION = '1.1'
/** Namespace of every XML element, for all of major version 1. */
export const XML_NAMESPACE = 'urn:lazaret:report:1'

/** Every verdict, strongest first; `trusted` (allow-listed) ranks beside `clean`. */
export const VERDICTS = ['infected', 'suspicious', 'unwanted', 'unscannable', 'clean', 'trusted'] as const
/** Why something was not looked at to the end. */
export const REASONS = [
  'encrypted',
  'too-deep',
  'too-large',
  'time',
  'malformed',
  'unsupported',
  'ambiguous',
  'crashed',
  'unreadable',
] as const
/** How a detection came about. */
export const DETECTION_KINDS = ['hash', 'body', 'logical', 'pattern', 'similarity', 'heuristic'] as const
/** How strong a detection is; maps to infected, suspicious and unwanted. */
export const SEVERITIES = ['malicious', 'suspicious', 'unwanted'] as const
/** How an artifact came out of its parent. */
export const RELATIONS = ['root', 'extracted', 'supplementary', 'view'] as const

/** How a section is drawn. */
export const SECTION_KINDS = ['text', 'key-values', 'table', 'bytes'] as const

export type Verdict = (typeof VERDICTS)[number]
export type Reason = (typeof REASONS)[number]
export type DetectionKind = (typeof DETECTION_KINDS)[number]
export type Severity = (typeof SEVERITIES)[number]
export type Relation = (typeof RELATIONS)[number]
export type SectionKind = (typeof SECTION_KINDS)[number]

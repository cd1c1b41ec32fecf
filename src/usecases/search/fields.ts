import { REASONS, VERDICTS } from '../../report/index.ts'
import { KEEP_RULES } from '../limits.ts'
import { PRIORITIES, SCAN_STATES } from '../nouns.ts'
import { DOORS } from '../policy.ts'

// Every field a query may name: parser, completion, compiler and docs/search.md come from this table.

export interface FieldSpec {
  readonly kind: 'text' | 'word' | 'digest' | 'size' | 'duration' | 'time' | 'count'
  /** Of kind word: all there are. */
  readonly words?: readonly string[]
  /** Of kind text: whether completion offers values that are stored. */
  readonly completes?: true
  readonly text: string
  readonly example: string
}

export const SEARCH_FIELDS = {
  name: {
    kind: 'text',
    text: 'Name as submitted contains this; without wildcards anywhere in it',
    example: 'name:invoice',
  },
  hash: {
    kind: 'digest',
    text: 'SHA-256, SHA-1 or MD5 of the content, or SHA-256 of something inside it',
    example: 'hash:275a021b…',
  },
  sha256: { kind: 'digest', text: 'SHA-256 of the content, or how it begins', example: 'sha256:275a02*' },
  sha1: { kind: 'digest', text: 'SHA-1 of the content', example: 'sha1:3395856c…' },
  md5: { kind: 'digest', text: 'MD5 of the content', example: 'md5:44d88612…' },
  inside: { kind: 'digest', text: 'SHA-256 of an artifact inside of the content', example: 'inside:71e7b604…' },
  type: { kind: 'text', completes: true, text: 'Type of the content', example: 'type:pe' },
  contains: { kind: 'text', completes: true, text: 'Type of something inside of the content', example: 'contains:pe' },
  verdict: { kind: 'word', words: VERDICTS, text: 'Verdict', example: 'verdict:infected' },
  detection: { kind: 'text', completes: true, text: 'Name of a detection', example: 'detection:Win.*' },
  reason: { kind: 'word', words: REASONS, text: 'Why something was not seen', example: 'reason:encrypted' },
  tag: { kind: 'text', completes: true, text: 'Tag of the content', example: 'tag:emotet' },
  size: { kind: 'size', text: 'Size of the content', example: 'size>10MB' },
  time: { kind: 'time', text: 'When it was submitted', example: 'time>=2026-11-01' },
  finished: { kind: 'time', text: 'When its scan ended', example: 'finished>=2h' },
  elapsed: { kind: 'duration', text: 'How long its scan took', example: 'elapsed>2s' },
  source: { kind: 'word', words: DOORS, text: 'The door it came through', example: 'source:rest' },
  label: { kind: 'text', completes: true, text: 'Label of its source', example: 'label:mail-gateway' },
  account: { kind: 'text', completes: true, text: 'Id of the account that submitted it', example: 'account:local' },
  state: { kind: 'word', words: SCAN_STATES, text: 'How its scan stands', example: 'state:failed' },
  priority: { kind: 'word', words: Object.keys(PRIORITIES), text: 'Its priority', example: 'priority:bulk' },
  keep: { kind: 'word', words: KEEP_RULES, text: 'What was to be kept', example: 'keep:everything' },
  database: { kind: 'text', completes: true, text: 'Generation of the database', example: 'database:3f2a*' },
  detections: { kind: 'count', text: 'How many names matched', example: 'detections>1' },
  artifacts: { kind: 'count', text: 'How many artifacts the content is made of', example: 'artifacts>100' },
} as const satisfies Readonly<Record<string, FieldSpec>>
export type SearchField = keyof typeof SEARCH_FIELDS

/** What a page can be sorted by; ties by id. */
export const SEARCH_SORTS = ['time', 'size'] as const
export type SearchSort = (typeof SEARCH_SORTS)[number]

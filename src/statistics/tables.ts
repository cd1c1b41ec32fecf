import { visible } from '../report/index.ts'
import type { Statistics } from './model.ts'

// Statistics as tables, for every format that is not JSON: one declaration of what they hold and how it is said.

export type Unit = 'count' | 'bytes' | 'milliseconds' | 'bytes-per-second' | 'text'

export interface Column {
  /** Stable name, for CSV. */
  readonly key: string
  readonly title: string
  readonly unit: Unit
}

export interface Table {
  /** Stable name, for CSV. */
  readonly key: string
  readonly title: string
  /** What stands here where there are no rows. */
  readonly empty: string
  readonly columns: readonly Column[]
  readonly rows: readonly (readonly (string | number)[])[]
  /** Further rows that were left out. */
  readonly others: number
}

type Cell = string | number
type Row = Readonly<Record<string, Cell | undefined>>

const column = (key: string, title: string, unit: Unit = 'count'): Column => ({ key, title, unit })

const FILES = column('files', 'Files')
const BYTES = column('bytes', 'Bytes', 'bytes')
const TIMES = column('times', 'Times')
const TYPE = column('type', 'Type', 'text')
const REASON = column('reason', 'Reason', 'text')
const VERDICT_COLUMNS = [
  column('infected', 'Infected'),
  column('suspicious', 'Suspicious'),
  column('unwanted', 'Unwanted'),
  column('unscannable', 'Unscannable'),
  column('clean', 'Clean'),
  column('trusted', 'Trusted'),
]

/** Title and unit of what the first table lists downward. */
const TOTALS: readonly (readonly [key: keyof Statistics['totals'], title: string, unit: Unit])[] = [
  ['files', 'Files', 'count'],
  ['bytes', 'Bytes', 'bytes'],
  ['bytesScanned', 'Bytes matched', 'bytes'],
  ['artifacts', 'Artifacts', 'count'],
  ['errors', 'Errors', 'count'],
  ['elapsedMs', 'Scanning time', 'milliseconds'],
  ['bytesPerSecond', 'Throughput', 'bytes-per-second'],
]
const QUANTILES: readonly (readonly [key: keyof Statistics['quantiles'], title: string])[] = [
  ['medianMs', 'Median time'],
  ['p90Ms', '90th percentile'],
  ['p99Ms', '99th percentile'],
]

export interface Total {
  readonly key: string
  readonly title: string
  readonly value: number
  readonly unit: Unit
}

/** The single figures. */
export const totalsOf = ({ totals, quantiles }: Statistics): Total[] => [
  ...TOTALS.map(([key, title, unit]) => ({ key, title, unit, value: totals[key] })),
  ...QUANTILES.map(([key, title]) => ({ key, title, unit: 'milliseconds' as const, value: quantiles[key] })),
]

const BEYOND = 'more'

/** Every table, in order. Names are made visible. */
export function tablesOf(statistics: Statistics): Table[] {
  const { verdicts, detections, types, packers, notSeen, notSeenTypes, errors, sizes, times, timeline, sources } =
    statistics
  return [
    table('verdicts', 'Verdicts', 'Nothing was scanned', [column('verdict', 'Verdict', 'text'), FILES, BYTES], {
      rows: verdicts,
    }),
    table(
      'detections',
      'Detections',
      'Nothing was found',
      [column('name', 'Signature', 'text'), column('kind', 'Kind', 'text'), FILES],
      detections,
    ),
    table('notSeen', 'Not seen', 'Everything was looked at to the end', [REASON, TIMES, FILES, BYTES], {
      rows: notSeen,
    }),
    table(
      'notSeenTypes',
      'Not seen, by type',
      'Everything was looked at to the end',
      [TYPE, REASON, TIMES],
      notSeenTypes,
    ),
    table(
      'types',
      'Types',
      'Nothing was scanned',
      [TYPE, FILES, column('artifacts', 'Artifacts'), BYTES, column('findings', 'With findings')],
      types,
    ),
    table(
      'packers',
      'Packers',
      'No packed program',
      [column('name', 'Packer', 'text'), column('artifacts', 'Artifacts')],
      packers,
    ),
    table('sizes', 'Sizes', '', [column('upTo', 'Up to', 'bytes'), FILES], { rows: beyond(sizes, 'upTo') }),
    table('times', 'Times', '', [column('upToMs', 'Up to', 'milliseconds'), FILES], { rows: beyond(times, 'upToMs') }),
    table(
      'timeline',
      `By ${statistics.interval}`,
      'Nothing was scanned',
      [column('start', 'Start (UTC)', 'text'), FILES, BYTES, ...VERDICT_COLUMNS],
      { rows: timeline },
    ),
    table(
      'sources',
      'Sources',
      'Nothing was scanned',
      [column('source', 'Source', 'text'), FILES, BYTES, ...VERDICT_COLUMNS],
      sources,
    ),
    table('errors', 'Errors', 'No errors', [column('code', 'Code', 'text'), TIMES], errors),
  ]
}

/** The last class has no limit. */
const beyond = (rows: readonly Row[], key: string): Row[] => rows.map(row => ({ ...row, [key]: row[key] ?? BEYOND }))

function table(
  key: string,
  title: string,
  empty: string,
  columns: readonly Column[],
  { rows, others = 0 }: { readonly rows: readonly Row[]; readonly others?: number },
): Table {
  const cells = rows.map(row => columns.map(({ key: name }) => shown(row[name] ?? '')))
  return { key, title, empty, columns, rows: cells, others }
}

const shown = (cell: Cell): Cell => (typeof cell === 'string' ? visible(cell) : cell)

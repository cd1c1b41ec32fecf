import { csvLine } from '../report/index.ts'
import type { Statistics } from './model.ts'
import { tablesOf, totalsOf } from './tables.ts'

// One figure a row, so that columns stay the same when tables are added: table, row number, name of the row, measure,
// value. What has no number of its own (the kind of a detection) is a measure with text as its value.

/** The columns, in order. New ones are only ever added at the end. */
export const STATISTICS_CSV_COLUMNS = ['table', 'row', 'name', 'measure', 'value'] as const

/** Statistics as CSV (RFC 4180) with a header row. */
export function statisticsCsv(statistics: Statistics): string {
  const totals = totalsOf(statistics).map(({ key, value }) => csvLine(['totals', 1, '', key, value]))
  const tables = tablesOf(statistics).flatMap(({ key, columns, rows }) =>
    rows.flatMap((row, index) =>
      row.slice(1).map((cell, at) => csvLine([key, index + 1, row[0], columns[at + 1].key, cell])),
    ),
  )
  return [csvLine(STATISTICS_CSV_COLUMNS), ...totals, ...tables].join('')
}

import type { Statistics } from './model.ts'
import { tablesOf, totalsOf, type Table } from './tables.ts'
import { figure } from './units.ts'

// For people, on a terminal. Programs read JSON or CSV.

/** Rows of a table without a list of its own that are shown. */
const MAX_ROWS = 40
const INDENT = '  '

/** Statistics as text with aligned columns. */
export function statisticsText(statistics: Statistics): string {
  const { from, to } = statistics
  const period = from === undefined || to === undefined ? 'No scans' : `Scans from ${from} to ${to}`
  const totals = totalsOf(statistics).map(({ title, value, unit }) => [title, figure(value, unit)])
  return [`${period}\n`, lines(totals, [false, true]), ...tablesOf(statistics).map(tableText)].join('\n')
}

function tableText({ title, empty, columns, rows, others }: Table): string {
  if (rows.length === 0) return `${title}\n${INDENT}${empty}\n`
  const shown = rows.slice(-MAX_ROWS)
  const cells = shown.map(row => row.map((cell, index) => figure(cell, columns[index].unit)))
  const right = columns.map(({ unit }) => unit !== 'text')
  const left = others + rows.length - shown.length
  const more = left === 0 ? '' : `${INDENT}and ${left} more\n`
  return `${title}\n${lines([columns.map(column => column.title), ...cells], right)}${more}`
}

/** Rows as lines; numbers stand at the right of their columns. */
function lines(rows: readonly (readonly string[])[], right: readonly boolean[]): string {
  const widths = right.map((_, index) => Math.max(...rows.map(row => row[index].length)))
  const line = (row: readonly string[]): string =>
    row.map((cell, index) => (right[index] ? cell.padStart(widths[index]) : cell.padEnd(widths[index]))).join('  ')
  return rows.map(row => `${INDENT}${line(row).trimEnd()}\n`).join('')
}

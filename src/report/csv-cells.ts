import { visible } from './visible.ts'

// Cells of comma-separated values (RFC 4180) that a spreadsheet cannot take for anything but data.

/** What spreadsheets take for the beginning of a formula, also after white space and in full width. */
const FORMULA = /^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]/u
const NEEDS_QUOTES = /[",\r\n]|^\s|\s$/

/** One line with its end. */
export const csvLine = (cells: readonly (string | number)[]): string => cells.map(cell).join(',') + '\r\n'

/** Text is made visible; what would be a formula gets an apostrophe, which spreadsheets take as "this is text". */
function cell(value: string | number): string {
  if (typeof value === 'number') return String(value)
  const shown = visible(value)
  const safe = FORMULA.test(shown) ? `'${shown}` : shown
  return NEEDS_QUOTES.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

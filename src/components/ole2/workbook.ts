import { BIFF_RECORD, biffRecords, macroSheetText, readWorkbook } from '../../formats/index.ts'
import type { Emission } from '../../scan/index.ts'
import { pictures } from './objects.ts'
import { concat } from './password-hash.ts'

/** Rows of a table in a report; more tell a person nothing. */
const MAX_ROWS = 200

/** What a workbook's stream, in plain, says: its macro sheets as text, links to programs, hidden sheets. */
export function* workbookEmissions(stream: Uint8Array): Generator<Emission, void> {
  const workbook = readWorkbook(stream)
  if (workbook.filePass !== undefined) return
  const macros = workbook.sheets.filter(sheet => sheet.isMacro)
  if (macros.length > 0) yield { emit: 'property', name: 'ole2.macros', value: 'xlm' }
  const done = new Set<number>()
  for (const sheet of macros) {
    if (done.has(sheet.start)) continue
    done.add(sheet.start)
    const name = `macrosheet-${done.size}.txt`
    yield { emit: 'child', name, type: 'text', content: macroSheetText(stream, sheet, workbook) }
  }
  const hidden = workbook.sheets.filter(sheet => sheet.isMacro || sheet.visibility !== 'visible')
  if (hidden.length > 0) {
    const rows = hidden
      .slice(0, MAX_ROWS)
      .map(({ name, visibility, isMacro }) => [name, visibility, isMacro ? 'macros' : 'cells'])
    const columns = ['Sheet', 'Visibility', 'Kind']
    yield { emit: 'section', section: { kind: 'table', title: 'Hidden sheets and macro sheets', columns, rows } }
  }
  yield* ddeEmissions(workbook.dde)
  yield* pictures(drawings(stream), 'Workbook')
}

/** The drawing layer, whose records are cut into those of the workbook. [MS-XLS] 2.4.171 */
function drawings(stream: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = []
  let isOpen = false
  for (const { type, data } of biffRecords(stream, 0)) {
    isOpen = type === BIFF_RECORD.drawingGroup || (isOpen && type === BIFF_RECORD.continue)
    if (isOpen) parts.push(data)
  }
  return concat(...parts)
}

/** Commands that start another program when a document is opened or updated. */
export function* ddeEmissions(commands: readonly string[]): Generator<Emission, void> {
  if (commands.length === 0) return
  const shown = commands.slice(0, MAX_ROWS)
  yield { emit: 'anomaly', code: 'dde', detail: 'The document talks to another program (DDE)' }
  for (const command of shown.slice(0, 8)) yield { emit: 'property', name: 'ole2.dde', value: command }
  yield { emit: 'section', section: { kind: 'text', title: 'DDE', text: shown.join('\n') } }
}

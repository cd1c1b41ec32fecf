// Workbooks in Excel's binary format: structure, and the text of macro sheets.
export { biffRecords, RECORD } from './records.ts'
export { readWorkbook, workbookFilePass } from './workbook.ts'
export type { BiffSheet, BiffWorkbook } from './workbook.ts'
export { macroSheetText } from './macro-sheet.ts'

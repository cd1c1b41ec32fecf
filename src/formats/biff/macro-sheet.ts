import { ContentError, latin1, u16le, u32le } from '../../bytes/index.ts'
import { cellName, doubleAt, formulaText } from './formula.ts'
import { biffRecords, RECORD, unicodeText } from './records.ts'
import type { BiffRecord } from './records.ts'
import type { BiffSheet, BiffWorkbook } from './workbook.ts'

/** Cells of one sheet that are written; sheets of macros have thousands. */
const MAX_CELLS = 500_000
/** Text is handed over in pieces of about this many characters. */
const PIECE_LENGTH = 32_768

/**
 * Cells of a macro sheet as lines of text: `A1<TAB>=EXEC("…")`, values without the sign. Names come first.
 * @throws ContentError where it is longer than is written, or its records lead out of the stream
 */
export function* macroSheetText(
  stream: Uint8Array,
  sheet: BiffSheet,
  workbook: BiffWorkbook,
): Generator<Uint8Array, void> {
  const encoder = new TextEncoder()
  let text = `' ${sheet.name} (${sheet.visibility})\n`
  for (const { name, formula } of workbook.names)
    if (formula.length > 0) text += `${name}\t=${formulaText(formula, workbook)}\n`
  let depth = 0
  let cells = 0
  for (const record of biffRecords(stream, sheet.start)) {
    if (record.type === RECORD.bof) depth++
    else if (record.type === RECORD.eof) depth--
    else text += lineOf(record, workbook)
    if (depth <= 0) {
      yield encoder.encode(text)
      return
    }
    if (++cells > MAX_CELLS) throw new ContentError('too-large', `The macro sheet has more than ${MAX_CELLS} records`)
    if (text.length >= PIECE_LENGTH) {
      yield encoder.encode(text)
      text = ''
    }
  }
  yield encoder.encode(text)
  throw new ContentError('malformed', 'The macro sheet has no end')
}

function lineOf({ type, data }: BiffRecord, workbook: BiffWorkbook): string {
  if (type === RECORD.string && data.length >= 3) return `\t' "${textOf(data, 0, workbook)}"\n`
  if (data.length < 6) return ''
  const cell = cellName(u16le(data, 0), u16le(data, 2))
  if (type === RECORD.formula && data.length >= 22)
    return `${cell}\t=${formulaText(data.subarray(22, 22 + u16le(data, 20)), workbook)}\n`
  if (type === RECORD.labelSst && data.length >= 10) return `${cell}\t${workbook.sharedStrings[u32le(data, 6)] ?? ''}\n`
  if (type === RECORD.label && data.length >= 8) return `${cell}\t${textOf(data, 6, workbook)}\n`
  if (type === RECORD.number && data.length >= 14) return `${cell}\t${doubleAt(data, 6)}\n`
  if (type === RECORD.rk && data.length >= 10) return `${cell}\t${rkValue(u32le(data, 6))}\n`
  return type === RECORD.mulRk ? mulRk(data) : ''
}

function textOf(data: Uint8Array, at: number, { isBiff8 }: BiffWorkbook): string {
  const count = u16le(data, at)
  return isBiff8 ? unicodeText(data, at + 2, count) : latin1(data, at + 2, at + 2 + count)
}

function mulRk(data: Uint8Array): string {
  const row = u16le(data, 0)
  const first = u16le(data, 2)
  let text = ''
  for (let i = 0; 4 + 6 * i + 6 <= data.length - 2; i++)
    text += `${cellName(row, first + i)}\t${rkValue(u32le(data, 4 + 6 * i + 2))}\n`
  return text
}

/** The upper 30 bits of a double, or a whole number of 30 bits; over 100 where the lowest bit is set. [MS-XLS] 2.5.218 */
function rkValue(rk: number): number {
  const view = new DataView(new ArrayBuffer(8))
  view.setUint32(4, (rk & ~3) >>> 0, true)
  const value = (rk & 2) !== 0 ? rk >> 2 : view.getFloat64(0, true)
  return (rk & 1) !== 0 ? value / 100 : value
}

import { latin1, u16le, u32le } from '../../bytes/index.ts'
import { biffRecords, RECORD, unicodeText } from './records.ts'
import { readSharedStrings } from './shared-strings.ts'

// What a workbook's stream says about itself: its sheets, names, links to elsewhere, and whether it is encrypted.
// Source: [MS-XLS] 2.4.28 BoundSheet8, 2.4.150 Lbl, 2.4.271 SupBook, 2.4.105 ExternName.

const BIFF8 = 0x0600
const KIND_MACRO = 1
const BOF_MACRO = 0x0040
/** Sheets, names and links that are kept of each; real workbooks have hundreds at most. */
const MAX_ITEMS = 10_000
/** Separates application and topic of a link. */
const DDE_SEPARATOR = '\x03'
const VISIBILITY = ['visible', 'hidden', 'very hidden', 'very hidden'] as const
const BUILT_IN_NAMES = [
  'Consolidate_Area', 'Auto_Open', 'Auto_Close', 'Extract', 'Database', 'Criteria', 'Print_Area', 'Print_Titles',
  'Recorder', 'Data_Form', 'Auto_Activate', 'Auto_Deactivate', 'Sheet_Title', '_FilterDatabase',
] // prettier-ignore

export interface BiffSheet {
  readonly name: string
  readonly visibility: (typeof VISIBILITY)[number]
  /** A sheet of Excel 4 macros. */
  readonly isMacro: boolean
  /** Offset of its records in the stream. */
  readonly start: number
}

export interface BiffName {
  readonly name: string
  /** Its parsed formula; borrowed. */
  readonly formula: Uint8Array
}

export interface BiffWorkbook {
  readonly isBiff8: boolean
  readonly sheets: readonly BiffSheet[]
  readonly names: readonly BiffName[]
  /** Sheets that references to other sheets name, by the reference's number; undefined: elsewhere. */
  readonly externSheets: readonly (BiffSheet | undefined)[]
  readonly sharedStrings: readonly string[]
  /** Links to other programs, as `application|topic!item`. */
  readonly dde: readonly string[]
  /** Data of the record that says how the stream is encrypted; borrowed. */
  readonly filePass: Uint8Array | undefined
}

/** Data of the record that says how the stream is encrypted; undefined where it is not. Cost: the globals. */
export function workbookFilePass(stream: Uint8Array): Uint8Array | undefined {
  for (const { type, data } of biffRecords(stream, 0)) {
    if (type === RECORD.filePass) return data
    if (type === RECORD.eof) return undefined
  }
  return undefined
}

/** Reads the globals, and finds macro sheets that the list of sheets leaves out. Cost: one walk over all records. */
export function readWorkbook(stream: Uint8Array): BiffWorkbook {
  const sheets: BiffSheet[] = []
  const names: BiffName[] = []
  const links: { text: string; items: string[] }[] = []
  const externs: number[] = []
  const strings: Uint8Array[] = []
  const macroStarts: number[] = []
  let isBiff8 = true
  let filePass: Uint8Array | undefined
  let inStrings = false
  for (const { type, at, data } of biffRecords(stream, 0)) {
    const wasInStrings = inStrings
    inStrings = false
    if (type === RECORD.bof && data.length >= 4) {
      if (at === 4) isBiff8 = u16le(data, 0) === BIFF8
      if (u16le(data, 2) === BOF_MACRO && macroStarts.length < MAX_ITEMS) macroStarts.push(at - 4)
    } else if (type === RECORD.filePass && filePass === undefined) {
      filePass = data
      // What follows is rubbish until it is decrypted.
      break
    } else if (type === RECORD.boundSheet && data.length >= 7) {
      if (sheets.length < MAX_ITEMS) sheets.push(sheetOf(data, isBiff8))
    } else if (type === RECORD.name && data.length >= 14) {
      if (names.length < MAX_ITEMS) names.push(nameOf(data, isBiff8))
    } else if (type === RECORD.supBook || (type === RECORD.externSheet && !isBiff8)) {
      if (links.length < MAX_ITEMS) links.push({ text: linkText(data, isBiff8), items: [] })
    } else if (type === RECORD.externName && data.length >= 8) {
      const items = links.at(-1)?.items
      if (items !== undefined && items.length < MAX_ITEMS) items.push(text8(data, 6, isBiff8))
    } else if (type === RECORD.externSheet) {
      for (let i = 2; i + 6 <= data.length && externs.length < MAX_ITEMS; i += 6) externs.push(u16le(data, i + 2))
    } else if (type === RECORD.sst || (type === RECORD.continue && wasInStrings)) {
      strings.push(data)
      inStrings = true
    }
  }
  const listed = new Set(sheets.map(sheet => sheet.start))
  for (const start of macroStarts)
    if (!listed.has(start)) sheets.push({ name: '', visibility: 'very hidden', isMacro: true, start })
  return {
    isBiff8,
    sheets,
    names,
    externSheets: externs.map(index => sheets[index]),
    sharedStrings: readSharedStrings(strings),
    dde: links.flatMap(ddeOf),
    filePass,
  }
}

function sheetOf(data: Uint8Array, isBiff8: boolean): BiffSheet {
  const name = text8(data, 6, isBiff8)
  return { name, visibility: VISIBILITY[data[4] & 3], isMacro: data[5] === KIND_MACRO, start: u32le(data, 0) }
}

function nameOf(data: Uint8Array, isBiff8: boolean): BiffName {
  const isBuiltIn = (u16le(data, 0) & 0x20) !== 0
  const count = data[3]
  const text = isBiff8 ? unicodeText(data, 14, count) : latin1(data, 14, 14 + count)
  const wide = isBiff8 && (data[14] & 1) === 1 ? 2 : 1
  const formulaAt = 14 + (isBiff8 ? 1 : 0) + count * wide
  const name = isBuiltIn ? (BUILT_IN_NAMES[text.charCodeAt(0)] ?? text) : text
  return { name, formula: data.subarray(formulaAt, formulaAt + u16le(data, 4)) }
}

/** A text behind its length in one byte. */
const text8 = (data: Uint8Array, at: number, isBiff8: boolean): string =>
  isBiff8 ? unicodeText(data, at + 1, data[at]) : latin1(data, at + 1, at + 1 + data[at])

function linkText(data: Uint8Array, isBiff8: boolean): string {
  if (!isBiff8) return latin1(data, 1)
  return data.length < 5 ? '' : unicodeText(data, 4, u16le(data, 2))
}

/** A link to a program has the separator, and no mark of an encoded path in front. */
function ddeOf({ text, items }: { readonly text: string; readonly items: readonly string[] }): readonly string[] {
  const parts = text.split(DDE_SEPARATOR)
  if (parts.length < 2 || text.charCodeAt(0) === 1) return []
  const server = `${parts[0]}|${parts.slice(1).join('|')}`
  return items.length === 0 ? [server] : items.map(item => `${server}!${item}`)
}

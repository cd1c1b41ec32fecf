import { bytesOf, Writer } from '../../bytes/index.ts'

// Writes workbook streams for tests. Not for production.

export interface BiffRecipeSheet {
  readonly name: string
  readonly isMacro?: boolean
  /** 0 visible, 1 hidden, 2 very hidden. */
  readonly state?: number
  /** Formulas as tokens, in column A from row 1 on. */
  readonly formulas?: readonly Uint8Array[]
  /** Indices of shared strings, in column B. */
  readonly strings?: readonly number[]
}

export interface BiffRecipe {
  readonly sheets: readonly BiffRecipeSheet[]
  readonly sharedStrings?: readonly string[]
  /** `application\x03topic` and the item. */
  readonly dde?: readonly [server: string, item: string]
  /** Data of a record that says "encrypted". */
  readonly filePass?: Uint8Array
  /** Writes a name `Auto_Open` with this formula. */
  readonly autoOpen?: Uint8Array
}

export const record = (type: number, data: Uint8Array): Uint8Array =>
  new Writer().u16(type).u16(data.length).bytes(data).finish()

const bof = (kind: number): Uint8Array => record(0x809, new Writer().u16(0x600).u16(kind).u32(0).u32(0).u32(6).finish())
const EOF_RECORD = record(0x0a, new Uint8Array(0))

/** A text token. */
export const textToken = (text: string): Uint8Array =>
  new Writer().u8(0x17).u8(text.length).u8(0).bytes(bytesOf(text)).finish()

/** A call of a function or, with bit 15 set, a command with `count` arguments. */
export const callToken = (index: number, count: number): Uint8Array =>
  new Writer().u8(0x42).u8(count).u16(index).finish()

export const joined = (...parts: readonly Uint8Array[]): Uint8Array => {
  const out = new Writer()
  for (const part of parts) out.bytes(part)
  return out.finish()
}

/** The stream `Workbook`. */
export function buildWorkbook({ sheets, sharedStrings = [], dde, filePass, autoOpen }: BiffRecipe): Uint8Array {
  const bodies = sheets.map(sheetBody)
  const globals = (starts: readonly number[]): Uint8Array => {
    const parts = [bof(5)]
    if (filePass !== undefined) parts.push(record(0x2f, filePass))
    sheets.forEach(({ name, isMacro = false, state = 0 }, i) => {
      const head = new Writer()
        .u32(starts[i])
        .u8(state)
        .u8(isMacro ? 1 : 0)
        .u8(name.length)
        .u8(0)
      parts.push(record(0x85, head.bytes(bytesOf(name)).finish()))
    })
    if (dde !== undefined) {
      parts.push(record(0x1ae, new Writer().u16(0).u16(dde[0].length).u8(0).bytes(bytesOf(dde[0])).finish()))
      parts.push(record(0x23, new Writer().u16(0).u32(0).u8(dde[1].length).u8(0).bytes(bytesOf(dde[1])).finish()))
    }
    if (autoOpen !== undefined) {
      const head = new Writer().u16(0x20).u8(0).u8(1).u16(autoOpen.length).u16(0).u16(0).u32(0).u8(0).u8(1)
      parts.push(record(0x18, head.bytes(autoOpen).finish()))
    }
    if (sharedStrings.length > 0) {
      const out = new Writer().u32(sharedStrings.length).u32(sharedStrings.length)
      for (const text of sharedStrings) out.u16(text.length).u8(0).bytes(bytesOf(text))
      parts.push(record(0xfc, out.finish()))
    }
    return joined(...parts, EOF_RECORD)
  }
  let at = globals(sheets.map(() => 0)).length
  const starts = bodies.map(body => (at += body.length) - body.length)
  return joined(globals(starts), ...bodies)
}

function sheetBody({ isMacro = false, formulas = [], strings = [] }: BiffRecipeSheet): Uint8Array {
  const cells = formulas.map((tokens, row) => {
    const head = new Writer().u16(row).u16(0).u16(15).u64(0).u16(0).u32(0).u16(tokens.length)
    return record(0x06, head.bytes(tokens).finish())
  })
  const texts = strings.map((index, row) => record(0xfd, new Writer().u16(row).u16(1).u16(15).u32(index).finish()))
  return joined(bof(isMacro ? 0x40 : 0x10), ...cells, ...texts, EOF_RECORD)
}

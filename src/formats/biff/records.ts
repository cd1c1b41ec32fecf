import { latin1, u16le } from '../../bytes/index.ts'

// The stream of a workbook: records of a type, a size and data, one after the other. Source: [MS-XLS] 2.1.4.

/** Numbers of records that are looked at. */
export const RECORD = {
  formula: 0x06,
  eof: 0x0a,
  drawingGroup: 0xeb,
  externSheet: 0x17,
  name: 0x18,
  externName: 0x23,
  filePass: 0x2f,
  continue: 0x3c,
  boundSheet: 0x85,
  mulRk: 0xbd,
  sst: 0xfc,
  labelSst: 0xfd,
  supBook: 0x1ae,
  number: 0x203,
  label: 0x204,
  string: 0x207,
  rk: 0x27e,
  bof: 0x809,
  usrExcl: 0x194,
  fileLock: 0x195,
  interfaceHeader: 0xe1,
  rrdInfo: 0x196,
  rrdHead: 0x138,
} as const

export interface BiffRecord {
  readonly type: number
  /** Offset of its data in the stream. */
  readonly at: number
  /** Its data, clipped to what is there; borrowed. */
  readonly data: Uint8Array
}

/** Records from `start` to the end of the stream, or to one that does not fit (which is given, clipped). */
export function* biffRecords(stream: Uint8Array, start: number): Generator<BiffRecord, void> {
  let at = start
  while (at + 4 <= stream.length) {
    // Padding: no record, and none behind it for long.
    while (at + 4 <= stream.length && isZero(stream, at)) at += 4
    if (at + 4 > stream.length) return
    const type = u16le(stream, at)
    const size = u16le(stream, at + 2)
    yield { type, at: at + 4, data: stream.subarray(at + 4, at + 4 + size) }
    at += 4 + size
  }
}

const isZero = (stream: Uint8Array, at: number): boolean =>
  (stream[at] | stream[at + 1] | stream[at + 2] | stream[at + 3]) === 0

/** A text of `count` characters behind its byte of flags, as BIFF8 has it: two bytes per character, or one. */
export function unicodeText(data: Uint8Array, at: number, count: number): string {
  if (at >= data.length) return ''
  return (data[at] & 1) === 1
    ? new TextDecoder('utf-16le').decode(data.subarray(at + 1, at + 1 + 2 * count))
    : latin1(data, at + 1, at + 1 + count)
}

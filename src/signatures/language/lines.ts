import type { ContentSignature, DigestName, HashKind } from './ir.ts'
import type { ProblemCode } from './problems.ts'

// Lines of signature databases, and what a reader of one hands on.

/** ClamAV's line buffers are 8 KiB, and 32 KiB for .ldb; twice that is accepted before a line counts as overlong. */
export const MAX_LINE_BYTES = 65_536
export const MAX_NAME_BYTES = 1_024

const NEWLINE = 10
const RETURN = 13

/** Calls back with [start, end) and the number (from 1) of every line; neither LF nor a CR before it is included. */
export function forEachLine(bytes: Uint8Array, line: (start: number, end: number, number: number) => void): void {
  let number = 0
  for (let start = 0; start < bytes.length;) {
    let next = bytes.indexOf(NEWLINE, start)
    if (next < 0) next = bytes.length
    let end = next
    while (end > start && bytes[end - 1] === RETURN) end--
    line(start, end, ++number)
    start = next + 1
  }
}

/** One digest signature; arrays are borrowed and valid only during the call. */
export interface HashRecord {
  readonly kind: HashKind
  readonly digest: DigestName
  /** Digest bytes, DIGEST_BYTES[digest] of them, at the start. */
  readonly value: Uint8Array
  /** Size in bytes, or ANY_SIZE. */
  readonly size: number
  readonly unwanted: boolean
}

/** Stands for `*` in the size field. */
export const ANY_SIZE = 0xffffffff

/** A line in the file that is being read: its number from 1, and [start, end) in bytes. */
export interface LinePlace {
  readonly number: number
  readonly start: number
  readonly end: number
}

/** Where a reader puts what it reads. */
export interface SignatureSink {
  /** @param nameStart - the name is [nameStart, nameEnd) of the file */
  hash(record: HashRecord, nameStart: number, nameEnd: number, place: LinePlace): void
  content(signature: ContentSignature, place: LinePlace): void
  problem(line: number, code: ProblemCode, message: string): void
}

import { FUNCTIONALITY_LEVEL } from './conditions.ts'
import { digitValue } from './hex.ts'
import { type DigestName, type HashKind } from './ir.ts'
import { ANY_SIZE, forEachLine, MAX_LINE_BYTES, MAX_NAME_BYTES, type HashRecord, type SignatureSink } from './lines.ts'
import { PROBLEMS, type ProblemCode } from './problems.ts'

// .hdb .hsb .hdu .hsu .imp .fp .sfp: `Hash:Size:Name[:MinFL[:MaxFL]]`; .mdb .msb .mdu .msu: `Size:Hash:Name[…]`.
// Millions of lines: everything is read from the bytes, and nothing is allocated for a line.

const COLON = 58
const STAR = 42
const HASH = 35
/** From this functionality level on the size may be `*`. */
const LEVEL_WITH_ANY_SIZE = 73
const DIGEST_BY_DIGITS: Readonly<Record<number, DigestName>> = { 32: 'md5', 40: 'sha1', 64: 'sha256' }

export interface HashFileOptions {
  readonly kind: HashKind
  readonly sizeFirst: boolean
  readonly unwanted: boolean
}

/** Number in [start, end) of decimal digits, or -1. */
function decimal(bytes: Uint8Array, start: number, end: number): number {
  if (start >= end || end - start > 10) return -1
  let value = 0
  for (let i = start; i < end; i++) {
    const digit = bytes[i] - 48
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return value
}

/** Writes the bytes of hexadecimal digits in [start, end) to `out`; false where something else stands there. */
function readHex(bytes: Uint8Array, start: number, end: number, out: Uint8Array): boolean {
  for (let i = start, at = 0; i < end; i += 2) {
    const value = (digitValue(bytes[i]) << 4) | digitValue(bytes[i + 1])
    if (value < 0) return false
    out[at++] = value
  }
  return true
}

/** Reads a whole file of digest signatures into `sink`. */
export function readHashes(bytes: Uint8Array, options: HashFileOptions, sink: SignatureSink): void {
  const ends = new Int32Array(8)
  const value = new Uint8Array(32)
  const record: { -readonly [K in keyof HashRecord]: HashRecord[K] } = {
    kind: options.kind,
    digest: 'md5',
    value,
    size: 0,
    unwanted: options.unwanted,
  }
  const place = { number: 0, start: 0, end: 0 }
  const readLine = (start: number, end: number, line: number): ProblemCode | undefined => {
    if (end - start > MAX_LINE_BYTES) return 'line-too-long'
    let fields = 0
    for (let i = start; i < end; i++) if (bytes[i] === COLON && fields < 7) ends[fields++] = i
    ends[fields++] = end
    if (fields < 3 || fields > 5) return 'field-count'
    const hashStart = options.sizeFirst ? ends[0] + 1 : start
    const hashEnd = options.sizeFirst ? ends[1] : ends[0]
    const sizeStart = options.sizeFirst ? start : ends[0] + 1
    const sizeEnd = options.sizeFirst ? ends[0] : ends[1]
    const digest = DIGEST_BY_DIGITS[hashEnd - hashStart]
    if (digest === undefined || !readHex(bytes, hashStart, hashEnd, value)) return 'bad-hash'
    record.digest = digest
    const nameStart = ends[1] + 1
    if (ends[2] <= nameStart || ends[2] - nameStart > MAX_NAME_BYTES) return 'bad-name'
    const minLevel = fields > 3 ? decimal(bytes, ends[2] + 1, ends[3]) : 0
    const maxLevel = fields > 4 ? decimal(bytes, ends[3] + 1, ends[4]) : ANY_SIZE
    if (minLevel < 0 || maxLevel < 0) return 'bad-level'
    const anySize = sizeEnd - sizeStart === 1 && bytes[sizeStart] === STAR
    record.size = anySize ? ANY_SIZE : decimal(bytes, sizeStart, sizeEnd)
    if (!anySize && (record.size < 1 || record.size >= ANY_SIZE)) return 'bad-size'
    if (anySize && options.kind !== 'imports' && minLevel < LEVEL_WITH_ANY_SIZE) return 'bad-size'
    if (minLevel > FUNCTIONALITY_LEVEL || maxLevel < FUNCTIONALITY_LEVEL) return 'level-out-of-range'
    place.number = line
    place.start = start
    place.end = end
    sink.hash(record, nameStart, ends[2], place)
    return undefined
  }
  forEachLine(bytes, (start, end, line) => {
    if (bytes[start] === HASH && start < end) return
    const code = start === end ? 'blank-line' : readLine(start, end, line)
    if (code !== undefined) sink.problem(line, code, PROBLEMS[code])
  })
}

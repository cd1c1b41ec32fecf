import { bytesOf, indexOf, latin1 } from '../../bytes/index.ts'
import { isBlobStart, isRunByte } from './blob.ts'

// Files that stand in text as they were pasted: uuencode, its base64 form, yEnc, and long runs of base64 that begin
// like a program, a document or an archive. BinHex has a reader of its own. One pass over the lines, one over the runs.

export interface TextBlock {
  readonly kind: 'uuencode' | 'base64' | 'yenc'
  /** As found; empty for a run without a name. One character per byte. */
  readonly name: string
  /** Extent of the encoded lines, without those that begin and end the block. */
  readonly start: number
  readonly end: number
  /** False where the line is missing that ends it. */
  readonly closed: boolean
  /** Number of the part, where there are several; 1 otherwise. */
  readonly part: number
}

const LF = 0x0a
const CR = 0x0d
const MAX_HEAD_CHARS = 1100
const UUENCODE = /^begin(-base64)?(?:-encoded)?[ \t]{1,10}[0-7]{3,6}(?:[ \t]{1,10}([^\r\n]{0,1000})|[\r\n])/
const YENC_BEGIN = bytesOf('\n=ybegin ')
const YENC_END = bytesOf('=yend')
const LETTER_B = 0x62
const EQUALS = 0x3d

/** All blocks with a line that begins them, in order. Linear: no line belongs to two blocks of one kind. */
export function* findBlocks(bytes: Uint8Array, start = 0, end = bytes.length): Generator<TextBlock> {
  for (let at = start; at < end;) {
    const first = bytes[at]
    if (first === LETTER_B || first === EQUALS) {
      const block = blockAt(bytes, at, end)
      if (block !== undefined) {
        yield block
        // What an unclosed block swallowed, and uuencoded lines, may hold others.
        at = block.closed && block.kind !== 'uuencode' ? Math.max(block.end, block.start) : block.start
        continue
      }
    }
    at = nextLine(bytes, at, end)
  }
}

function nextLine(bytes: Uint8Array, at: number, end: number): number {
  const stop = bytes.indexOf(LF, at)
  return stop < 0 || stop >= end ? end : stop + 1
}

function blockAt(bytes: Uint8Array, at: number, end: number): TextBlock | undefined {
  const head = latin1(bytes, at, Math.min(end, at + 8))
  if (head.startsWith('begin')) return uuencodeAt(bytes, at, end)
  return head === '=ybegin ' ? yencAt(bytes, at, end) : undefined
}

/** The line at `at`, clipped. */
const headAt = (bytes: Uint8Array, at: number, end: number): string =>
  latin1(bytes, at, Math.min(nextLine(bytes, at, end), at + MAX_HEAD_CHARS))

function uuencodeAt(bytes: Uint8Array, at: number, end: number): TextBlock | undefined {
  const match = UUENCODE.exec(headAt(bytes, at, end))
  if (match === null) return undefined
  const kind = match[1] === undefined ? 'uuencode' : 'base64'
  const start = nextLine(bytes, at, end)
  const name = (match[2] ?? '').trim()
  for (let line = start; line < end; line = nextLine(bytes, line, end)) {
    const first = bytes[line]
    if (first !== LETTER_B && first !== EQUALS && first !== 0x65) continue
    const text = latin1(bytes, line, Math.min(end, line + 16))
    if (kind === 'base64' ? text.startsWith('====') : /^end\s/.test(`${text}\n`))
      return { kind, name, start, end: line, closed: true, part: 1 }
    if (/^begin(-base64)? [0-7]/.test(text)) return { kind, name, start, end: line, closed: false, part: 1 }
  }
  return { kind, name, start, end, closed: false, part: 1 }
}

function yencAt(bytes: Uint8Array, at: number, end: number): TextBlock {
  const head = headAt(bytes, at, end).trimEnd()
  const name = / name=(.*)$/.exec(head)?.[1].trim() ?? ''
  const part = Number(/ part=(\d{1,9})/.exec(head)?.[1] ?? 1)
  let start = nextLine(bytes, at, end)
  if (latin1(bytes, start, start + 7) === '=ypart ') start = nextLine(bytes, start, end)
  // Without an end the data goes on to the next block, so that no byte is looked at twice.
  const next = indexOf(bytes, YENC_BEGIN, start, end)
  const limit = next < 0 ? end : next + 1
  for (let stop = indexOf(bytes, YENC_END, start, limit); stop >= 0; stop = indexOf(bytes, YENC_END, stop + 1, limit))
    if (bytes[stop - 1] === LF || bytes[stop - 1] === CR)
      return { kind: 'yenc', name, start, end: stop, closed: true, part }
  return { kind: 'yenc', name, start, end: limit, closed: false, part }
}

/** Shortest run of base64 that is looked at. */
const MIN_RUN_CHARS = 512
/** Every run that is long enough covers one of the places this far apart. */
const STRIDE_BYTES = MIN_RUN_CHARS / 2
/** Starts within one run that are followed to its end: a crafted run has one in every line. */
const MAX_STARTS = 8

/** Runs of base64 that begin like a file. Linear; text without long runs costs one look in 256 bytes. */
export function* findRuns(bytes: Uint8Array, start = 0, end = bytes.length): Generator<TextBlock> {
  let behind = start
  for (let at = start + STRIDE_BYTES - 1; at < end; at += STRIDE_BYTES) {
    if (!isRunByte(bytes[at])) continue
    let from = at
    while (from > behind && isRunByte(bytes[from - 1])) from--
    let to = at + 1
    while (to < end && isRunByte(bytes[to])) to++
    if (to - from >= MIN_RUN_CHARS) yield* blobsIn(bytes, from, to)
    behind = to
    at = Math.max(at, to - 1)
  }
}

function* blobsIn(bytes: Uint8Array, from: number, to: number): Generator<TextBlock> {
  let starts = 0
  let atLineStart = true
  for (let at = from; at < to && to - at >= MIN_RUN_CHARS && starts < MAX_STARTS; at++) {
    if (atLineStart && isBlobStart(bytes, at)) {
      starts++
      yield { kind: 'base64', name: '', start: at, end: to, closed: true, part: 1 }
    }
    atLineStart = bytes[at] === LF || bytes[at] === CR
  }
}

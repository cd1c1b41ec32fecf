import { latin1 } from '../../bytes/index.ts'
import { afterBreak, isBlank, lineEnd } from './lines.ts'

// A block of header lines: names with comments or spaces before the colon, folded lines, lines that are no headers.
// Source: RFC 5322 section 2.2, and what mailers make of messages that break it.

/** Bytes of one header that are read; a boundary or a name behind them is not seen. */
const MAX_HEADER_BYTES = 64 << 10
/** Headers of one name that are kept; what repeats more often is no message but an attack. */
const MAX_SAME_HEADERS = 16
/** Longest name that is one; the longest registered name has 38 characters. */
const MAX_NAME_BYTES = 256
/** Places in one block where another reader would begin the body. */
const MAX_OTHER_BODIES = 4

const KEPT: ReadonlySet<string> = new Set([
  'content-type',
  'content-transfer-encoding',
  'content-disposition',
  'content-location',
  'from',
  'to',
  'subject',
  'date',
  'message-id',
])

/** One header, unfolded: the line breaks are gone. One character per byte. */
export interface Header {
  /** Lower case, without comments. */
  readonly name: string
  readonly value: string
}

/** Where another reader would begin the body, and how many of the headers it has seen by then. */
export interface OtherBody {
  readonly start: number
  readonly headers: readonly Header[]
}

export interface HeaderBlock {
  readonly headers: readonly Header[]
  /** Number of header lines, also of those that are not kept. */
  readonly count: number
  /** Offset of the body. */
  readonly body: number
  readonly others: readonly OtherBody[]
  /** Set where a limit cut something that says what the parts are. */
  readonly cut: boolean
}

/** True for a line that ends the block although no blank line precedes it. */
export type IsDelimiter = (start: number, end: number) => boolean

const CONTENT_TYPE_BLANKS = (byte: number): boolean => byte === 0x20 || byte === 0x09

/** Reads the block of headers at `start`; everything before the body where there is none. Linear. */
export function readHeaders(bytes: Uint8Array, start: number, end: number, isDelimiter: IsDelimiter): HeaderBlock {
  const reader = new BlockReader()
  let at = start
  while (at < end) {
    const stop = lineEnd(bytes, at, end)
    const next = afterBreak(bytes, stop, end)
    if (stop === at) return reader.finish(next, start)
    if (bytes[at] === 0x2d && isDelimiter(at, stop)) return reader.finish(at, start)
    if (CONTENT_TYPE_BLANKS(bytes[at])) {
      if (isBlank(bytes, at, stop)) reader.other(next)
      else reader.fold(bytes, at, stop)
    } else if (!reader.header(bytes, at, stop)) reader.other(at)
    at = next
  }
  return reader.finish(end, start)
}

class BlockReader {
  readonly #headers: Header[] = []
  readonly #others: OtherBody[] = []
  readonly #counts = new Map<string, number>()
  #name = ''
  #pieces: string[] = []
  #size = 0
  #count = 0
  #cut = false

  /** Begins a header; false where the line is none. */
  header(bytes: Uint8Array, start: number, stop: number): boolean {
    const colon = bytes.subarray(start, Math.min(stop, start + MAX_NAME_BYTES)).indexOf(0x3a)
    if (colon < 1) return isFromLine(bytes, start)
    const name = headerName(latin1(bytes, start, start + colon))
    if (name === undefined) return isFromLine(bytes, start)
    this.#end()
    this.#count++
    if (!KEPT.has(name)) return true
    const same = (this.#counts.get(name) ?? 0) + 1
    this.#counts.set(name, same)
    if (same > MAX_SAME_HEADERS) this.#cut ||= name.startsWith('content-')
    else {
      this.#name = name
      this.fold(bytes, start + colon + 1, stop)
    }
    return true
  }

  /** Adds a line to the header that was begun. */
  fold(bytes: Uint8Array, start: number, stop: number): void {
    if (this.#name === '') return
    const room = MAX_HEADER_BYTES - this.#size
    if (stop - start > room) this.#cut ||= this.#name.startsWith('content-')
    if (room <= 0) return
    const piece = latin1(bytes, start, Math.min(stop, start + room))
    this.#size += piece.length
    this.#pieces.push(piece)
  }

  /** Notes that another reader would begin the body at `body`. */
  other(body: number): void {
    if (this.#others.length === MAX_OTHER_BODIES) return
    this.#end()
    this.#others.push({ start: body, headers: [...this.#headers] })
  }

  finish(body: number, start: number): HeaderBlock {
    this.#end()
    const shared = { headers: this.#headers, count: this.#count, cut: this.#cut }
    // Without any header the block was the body's first lines.
    if (this.#count === 0 && this.#others.length > 0) return { ...shared, body: start, others: [] }
    return { ...shared, body, others: this.#others }
  }

  #end(): void {
    if (this.#name !== '') this.#headers.push({ name: this.#name, value: this.#pieces.join('').trim() })
    this.#name = ''
    this.#pieces = []
    this.#size = 0
  }
}

/** `Content-Type (comment (nested)) ` → `content-type`; undefined where no name is left. */
function headerName(text: string): string | undefined {
  let name = ''
  let depth = 0
  for (let i = 0; i < text.length; i++) {
    const char = text[i]
    if (char === '(') depth++
    else if (char === ')') depth = Math.max(0, depth - 1)
    else if (depth === 0) name += char
  }
  const trimmed = name.trim().toLowerCase()
  return /^[!-9;-~]+$/.test(trimmed) ? trimmed : undefined
}

/** `From ` and `>From ` lines of mailboxes stand before headers and among them. */
function isFromLine(bytes: Uint8Array, start: number): boolean {
  const at = bytes[start] === 0x3e ? start + 1 : start
  return latin1(bytes, at, at + 5) === 'From '
}

import { latin1 } from '../../bytes/index.ts'
import type { Entity } from './entity.ts'
import type { Header } from './headers.ts'
import { beforeBreak, CR, isBlank, LF } from './lines.ts'
import { readMessage, startsWithHeader } from './message.ts'
import type { Job, Leaf, PassEvents } from './message.ts'

// A message or mailbox with every reading that some mailer may have of it.

/** Parts of all messages together; the budget of a component ends there as well. */
const MAX_PARTS = 100_000
const TOO_MANY = `More than ${MAX_PARTS} parts`
/** How often, on average, a byte is read again because something is ambiguous. */
const MAX_REREADS = 16
/** Small messages may be read more often: it costs nothing. */
const FREE_REREAD_BYTES = 4 << 20
/** Passes beside the first one; each costs something even where it reads nothing. */
const MAX_JOBS = 200_000
/** Anomalies that are told; more of them say nothing new. */
const MAX_ANOMALIES = 16

export interface MailMissed {
  readonly reason: 'too-deep' | 'too-large' | 'ambiguous' | 'unsupported'
  readonly detail: string
}

export interface MailReading {
  /** In the order of the content; parts that differ only by reading stand beside each other. */
  readonly leaves: readonly Leaf[]
  /** Headers of the first message. */
  readonly headers: readonly Header[]
  readonly anomalies: readonly { readonly detail: string; readonly offset: number }[]
  readonly missed: readonly MailMissed[]
}

/** Reads a message or mailbox. Cost: at most MAX_REREADS passes over the content, nearly always one. */
export function readMail(bytes: Uint8Array): MailReading {
  return new MailReader(bytes).read()
}

class MailReader implements PassEvents {
  readonly #bytes: Uint8Array
  readonly #leaves: Leaf[] = []
  readonly #seen = new Set<string>()
  readonly #jobs: Job[] = []
  readonly #anomalies: { detail: string; offset: number }[] = []
  readonly #missed = new Map<string, MailMissed>()
  #headers: readonly Header[] | undefined
  #budget: number
  /** Where the last message ends. */
  #lastEnd = 0
  #current: Job | undefined

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#budget = Math.max(FREE_REREAD_BYTES, MAX_REREADS * bytes.length)
  }

  read(): MailReading {
    const messages = splitMailbox(this.#bytes)
    this.#lastEnd = messages[messages.length - 1].end
    for (const message of messages) this.#run({ ...message, depth: 0 })
    for (let i = 0; i < this.#jobs.length; i++) this.#run(this.#jobs[i])
    return {
      leaves: this.#leaves.sort((a, b) => a.start - b.start),
      headers: this.#headers ?? [],
      anomalies: this.#anomalies,
      missed: [...this.#missed.values()],
    }
  }

  #run(job: Job): void {
    this.#current = job
    if (this.#leaves.length < MAX_PARTS) readMessage(this.#bytes, job, this)
    else this.#miss('too-large', TOO_MANY)
  }

  leaf(leaf: Leaf): void {
    if (isBlank(this.#bytes, leaf.start, leaf.end)) return
    const key = `${leaf.start}:${leaf.end}:${leaf.entity.encodings.join()}`
    if (this.#seen.has(key)) return
    if (this.#leaves.length >= MAX_PARTS) return this.#miss('too-large', TOO_MANY)
    this.#seen.add(key)
    this.#leaves.push(leaf)
    if (!isPlainText(leaf.entity)) return
    const depth = (this.#current?.depth ?? 0) + 1
    const starts = embeddedMessages(this.#bytes.subarray(0, leaf.end), leaf)
    for (let i = 0; i < starts.length; i++) {
      this.job({ start: starts[i], end: starts[i + 1] ?? leaf.end, depth })
      if (starts.length <= MAX_WHOLE_MESSAGES) this.job({ start: starts[i], end: leaf.end, depth })
    }
  }

  job(job: Job): void {
    const { boundary, byPrefix, strictBreaks } = job.body ?? {}
    const key = `${job.start}-${job.end}:${byPrefix}${strictBreaks}${job.body === undefined}:${boundary}`
    if (this.#seen.has(key)) return
    this.#budget -= job.end - job.start
    if (this.#budget < 0 || this.#jobs.length >= MAX_JOBS)
      return this.#miss('ambiguous', 'The message can be read in more ways than were followed')
    this.#seen.add(key)
    this.#jobs.push(job)
  }

  ambiguous(detail: string, offset: number): void {
    if (this.#anomalies.length < MAX_ANOMALIES) this.#anomalies.push({ detail, offset })
  }

  tooDeep(): void {
    this.#miss('too-deep', 'Multiparts and messages are nested too deep')
  }

  cut(): void {
    this.#miss('too-large', 'Headers of a part are too long or too many to be read to their end')
  }

  partial(): void {
    this.#miss('unsupported', 'A piece of a message (message/partial) whose other pieces are elsewhere')
  }

  /** A mailbox was split in the middle of a multipart: perhaps the line was text, so the rest is read as one message. */
  unclosed(): void {
    const job = this.#current
    if (job === undefined || job.body !== undefined || job.depth > 0 || job.end === this.#lastEnd) return
    this.ambiguous('A From line stands within a multipart', job.end)
    this.job({ start: job.start, end: this.#bytes.length, depth: 1 })
  }

  headers(headers: readonly Header[]): void {
    this.#headers ??= headers
  }

  #miss(reason: MailMissed['reason'], detail: string): void {
    this.#missed.set(detail, { reason, detail })
  }
}

const isPlainText = ({ types, encodings }: Entity): boolean =>
  encodings[0] === 'identity' && (types.length === 0 || types[0].startsWith('text/') || types[0].startsWith('message/'))

/**
 * Messages of a mailbox: a line `From ADDRESS … YEAR` behind a blank line starts one. The
 * blank line belongs to the mailbox. Anything else is one message.
 */
function splitMailbox(bytes: Uint8Array): { start: number; end: number }[] {
  let start = 0
  while (start < bytes.length && (bytes[start] <= 0x20 || isByteOrderMark(bytes[start], start))) start++
  const messages: { start: number; end: number }[] = []
  if (isFromLine(bytes, start))
    for (let at = bytes.indexOf(LF, start); at >= 0; at = bytes.indexOf(LF, at + 1)) {
      if (bytes[at + 1] !== 0x46 || !isBlankBefore(bytes, at) || !isFromLine(bytes, at + 1)) continue
      messages.push({ start, end: beforeBreak(bytes, at + 1, start) })
      start = at + 1
    }
  const isMailbox = isFromLine(bytes, start) && isBlankBefore(bytes, bytes.length - 1)
  return [...messages, { start, end: isMailbox ? beforeBreak(bytes, bytes.length, start) : bytes.length }]
}

const isByteOrderMark = (byte: number, at: number): boolean => byte === [0xef, 0xbb, 0xbf][at]

/** True where the break at `at` ends a blank line. */
function isBlankBefore(bytes: Uint8Array, at: number): boolean {
  const before = bytes[at - 1] === CR ? at - 2 : at - 1
  return bytes[at] === LF && before >= 0 && bytes[before] === LF
}

const isFromLine = (bytes: Uint8Array, at: number): boolean =>
  bytes[at] === 0x46 && /^From \S{1,100}[ \t][^\r\n]{0,80}\d\d:\d\d/.test(latin1(bytes, at, at + 200))

const MARKS = ['content-type:', 'mime-version:', 'content-transfer-encoding:']
/** Header lines before such a mark that are looked back over. */
const MAX_LINES_BACK = 200
/** So many messages in one text are also read to its end: the next may be an attachment of the one before. */
const MAX_WHOLE_MESSAGES = 8

/** Where messages begin that stand in the text of a leaf, behind its start: bounces, and messages in a row. */
function embeddedMessages(bytes: Uint8Array, { start, end }: Leaf): number[] {
  const starts: number[] = []
  let lowest = start
  for (let at = start; at < end;) {
    const line = at
    at = nextLine(bytes, at, end)
    const first = bytes[line] | 0x20
    if (first !== 0x63 && first !== 0x6d) continue
    const text = latin1(bytes, line, Math.min(end, line + 30)).toLowerCase()
    if (!MARKS.some(mark => text.startsWith(mark))) continue
    const block = firstHeaderLine(bytes, lowest, line)
    if (block !== undefined && block !== starts.at(-1)) starts.push(block)
    while (at < end && bytes[at] !== LF && bytes[at] !== CR) at = nextLine(bytes, at, end)
    lowest = at
  }
  return starts
}

function nextLine(bytes: Uint8Array, at: number, end: number): number {
  const stop = bytes.indexOf(LF, at)
  return stop < 0 || stop >= end ? end : stop + 1
}

/** Start of the block of headers around `line`; undefined where a delimiter precedes it: then it is a part's. */
function firstHeaderLine(bytes: Uint8Array, start: number, line: number): number | undefined {
  let first = line
  let at = line
  for (let lines = 0; at > start && lines < MAX_LINES_BACK; lines++) {
    at = Math.max(start, bytes.lastIndexOf(LF, at - 2) + 1)
    if (bytes[at] === 0x2d && bytes[at + 1] === 0x2d) return undefined
    const isFold = bytes[at] === 0x20 || bytes[at] === 0x09
    if (!isFold && (bytes[at] <= 0x20 || !startsWithHeader(bytes, at, line))) break
    if (!isFold) first = at
  }
  return first
}

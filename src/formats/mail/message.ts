import { latin1 } from '../../bytes/index.ts'
import { guessBoundary } from './boundaries.ts'
import { describeEntity, isMultipart } from './entity.ts'
import type { Entity } from './entity.ts'
import { readHeaders } from './headers.ts'
import type { Header } from './headers.ts'
import { afterBreak, beforeBreak, isBlank, lineEnd, nextDashLine } from './lines.ts'
import { BoundaryStack } from './stack.ts'
import type { Frame } from './stack.ts'

// One pass over a message with all of its nested multiparts and attached messages:
//
//   job ──▶ headers ──▶ entity ──▶ leaf (emitted at its end) or multipart (a frame on the stack of boundaries)
//
// Where headers or delimiters can be read in more than one way, the pass follows the first and leaves the others to
// whoever runs it, as jobs over the same bytes. Every job is linear; their sum is bounded by MAX_REREADS.

/** Multiparts and messages inside each other; real mail has fewer than ten. */
const MAX_DEPTH = 100

/** One piece of content: a part of a message, or text between parts. */
export interface Leaf {
  readonly start: number
  readonly end: number
  readonly entity: Entity
  /** `preamble` and `epilogue` are text beside the parts that mailers hide. */
  readonly kind: 'part' | 'preamble' | 'epilogue'
}

/** Something to read: a message with its headers, or the body of a multipart whose boundary is known. */
export interface Job {
  readonly start: number
  readonly end: number
  readonly depth: number
  readonly body?: {
    readonly entity: Entity
    /** Absent: the body is one leaf. */
    readonly boundary?: string | undefined
    /** Another reading of a body that was read already: it counts only if its boundary occurs. */
    readonly isReading?: boolean
    /** A line that only starts with the boundary separates, too. */
    readonly byPrefix?: boolean
    /** Lines end at LF only. */
    readonly strictBreaks?: boolean
  }
}

/** What a pass tells. */
export interface PassEvents {
  leaf(leaf: Leaf): void
  job(job: Job): void
  ambiguous(detail: string, offset: number): void
  tooDeep(offset: number): void
  cut(offset: number): void
  /** A piece of a message whose other pieces are elsewhere. */
  partial(offset: number): void
  /** The content ends within a multipart that is not closed. */
  unclosed(): void
  /** Headers of the first message of a pass. */
  headers(headers: readonly Header[]): void
}

const NO_ENTITY: Entity = describeEntity([], false)

/** An entity whose end is not known yet. */
interface Open {
  /** Number of frames around it. */
  readonly level: number
  /** Multiparts and messages around it, also those of the passes before. */
  readonly depth: number
  readonly start: number
  readonly entity: Entity
  /** Its own, if it is a multipart. */
  readonly frame?: Frame
  readonly isReading: boolean
}

/** Runs one job to its end. */
export function readMessage(bytes: Uint8Array, job: Job, events: PassEvents): void {
  new Pass(bytes, job, events).run()
}

class Pass {
  readonly #bytes: Uint8Array
  readonly #job: Job
  readonly #events: PassEvents
  readonly #stack = new BoundaryStack()
  readonly #open: Open[] = []
  readonly #others: { level: number; depth: number; start: number; headers: readonly Header[] }[] = []
  /** Text beside the parts that is going on, of the innermost multipart. */
  #aside: { start: number; kind: 'preamble' | 'epilogue' } | undefined

  constructor(bytes: Uint8Array, job: Job, events: PassEvents) {
    // Searches of the platform run to the end of the array: here that is the end of the job.
    this.#bytes = bytes.subarray(0, job.end)
    this.#job = job
    this.#events = events
  }

  run(): void {
    const { start, end, body } = this.#job
    let at = body === undefined ? this.#begin(start) : this.#beginBody(start, body, this.#job.depth)
    while (this.#stack.depth > 0) {
      const line = nextDashLine(this.#bytes, at, end, at)
      if (line >= end) break
      const stop = lineEnd(this.#bytes, line, end)
      at = this.#dashLine(line, stop)
    }
    const root = this.#open[0]?.frame
    if (body?.isReading === true && root?.delimiters === 0) return
    if (root !== undefined && !root.closed) this.#events.unclosed()
    this.#close(0, end, end)
  }

  /** Handles a line that starts with two dashes; answers where to go on. */
  #dashLine(line: number, stop: number): number {
    const { end } = this.#job
    const found = this.#stack.match(this.#bytes, line, stop)
    if (found === undefined) return stop
    const { frame, index, closes } = found
    if (this.#bytes[line - 1] === 0x0d && line > this.#job.start) {
      if (frame.strictBreaks) return stop
      frame.sawBareBreak = true
    }
    frame.delimiters++
    this.#close(index + 1, beforeBreak(this.#bytes, line, this.#job.start), line)
    this.#stack.cut(index + 1)
    const next = afterBreak(this.#bytes, stop, end)
    if (!closes) return this.#begin(next)
    frame.closed = true
    this.#aside = { start: next, kind: 'epilogue' }
    return next
  }

  /** Begins the entity whose headers start at `start`; answers the offset of its body. */
  #begin(start: number): number {
    const { end } = this.#job
    this.#aside = undefined
    let at = start
    let depth = this.#stack.top?.depth ?? this.#job.depth
    for (;;) {
      const block = readHeaders(this.#bytes, at, end, (from, stop) => this.#isDelimiter(from, stop))
      if (at === this.#job.start && this.#job.body === undefined) this.#events.headers(block.headers)
      for (const other of block.others) {
        this.#events.ambiguous('The headers end in more than one place', other.start)
        this.#others.push({ level: this.#stack.depth, depth, ...other })
      }
      const entity = describeEntity(block.headers, block.cut)
      if (entity.cut) this.#events.cut(at)
      if (isAttachedMessage(entity) && this.#descends(entity, block.body, depth)) {
        depth++
        at = block.body
      } else {
        const boundary = isMultipart(entity.types) ? entity.boundaries[0] : undefined
        return this.#beginBody(block.body, { entity, boundary }, depth)
      }
    }
  }

  #isDelimiter(start: number, stop: number): boolean {
    return this.#stack.match(this.#bytes, start, stop) !== undefined
  }

  /** True where an attached message begins at `body`. What has no headers is none: it stays a leaf. */
  #descends(entity: Entity, body: number, depth: number): boolean {
    if (isIncomplete(entity)) this.#events.partial(body)
    return startsWithHeader(this.#bytes, body, this.#job.end) && !this.#isTooDeep(body, depth)
  }

  #beginBody(start: number, body: NonNullable<Job['body']>, depth: number): number {
    const { entity, boundary, byPrefix = false, strictBreaks = false, isReading = false } = body
    const open = { level: this.#stack.depth, depth, start, entity, isReading }
    if (boundary !== undefined && !this.#isTooDeep(start, depth)) {
      this.#open.push({ ...open, frame: this.#stack.push({ boundary, byPrefix, strictBreaks, depth: depth + 1 }) })
      this.#aside = { start, kind: 'preamble' }
    } else this.#open.push(open)
    return start
  }

  #isTooDeep(offset: number, depth: number): boolean {
    if (depth < MAX_DEPTH) return false
    this.#events.tooDeep(offset)
    return true
  }

  /** Ends everything that has at least `level` frames around it. */
  #close(level: number, end: number, delimiter: number): void {
    const aside = this.#aside
    this.#aside = undefined
    // Without any delimiter the whole body is one leaf, not a preamble.
    const isBody = aside?.kind === 'preamble' && this.#open.at(-1)?.frame?.delimiters === 0
    if (aside !== undefined && !isBody && !isBlank(this.#bytes, aside.start, end))
      this.#events.leaf({ ...aside, end, entity: NO_ENTITY })
    for (let last = this.#open.at(-1); last !== undefined && last.level >= level; last = this.#open.at(-1)) {
      this.#open.pop()
      this.#end(last, Math.max(last.start, end))
    }
    for (let last = this.#others.at(-1); last !== undefined && last.level >= level; last = this.#others.at(-1)) {
      this.#others.pop()
      if (last.start < Math.min(end, delimiter)) this.#otherBody(last, end)
    }
  }

  #otherBody(
    { start, headers, depth }: { start: number; headers: readonly Header[]; depth: number },
    end: number,
  ): void {
    const entity = describeEntity(headers, false)
    const boundary = isMultipart(entity.types) ? entity.boundaries[0] : undefined
    this.#events.job({ start, end, depth, body: { entity, boundary } })
  }

  /** An entity ends: a leaf is told; of a multipart, other readings are left as jobs. */
  #end(open: Open, end: number): void {
    const { start, entity, frame, depth } = open
    const again = (body: OtherReading) =>
      this.#events.job({ start, end, depth, body: { entity, isReading: true, ...body } })
    if (frame === undefined || frame.delimiters === 0) this.#events.leaf({ start, end, entity, kind: 'part' })
    else this.#readByDelimiters(frame, start, again)
    if (open.isReading) return
    for (const boundary of entity.boundaries) if (boundary !== frame?.boundary) again({ boundary })
    if (frame !== undefined && entity.types.some(type => !type.startsWith('multipart'))) again({})
    if (!isMultipart(entity.types) || (frame !== undefined && frame.delimiters > 0)) return
    const guess = guessBoundary(this.#bytes, start, end)
    if (guess === undefined || entity.boundaries.includes(guess)) return
    this.#events.ambiguous('No declared boundary occurs; the parts show one', start)
    again({ boundary: guess })
  }

  /** Readings that the delimiters themselves call for. */
  #readByDelimiters(frame: Frame, start: number, again: (body: OtherReading) => void): void {
    const { boundary, byPrefix, strictBreaks } = frame
    if (frame.sawPrefix && !byPrefix) {
      this.#events.ambiguous('Lines start with the boundary and go on', start)
      again({ boundary, byPrefix: true, strictBreaks })
    }
    if (!frame.sawBareBreak || strictBreaks) return
    this.#events.ambiguous('A carriage return alone stands before a boundary', start)
    again({ boundary, byPrefix, strictBreaks: true })
  }
}

type OtherReading = Omit<NonNullable<Job['body']>, 'entity' | 'isReading'>

const ATTACHED = /^message\/(rfc822|global|news|partial)$/

/** True for a message in a message whose text stands there as it is. */
function isAttachedMessage({ types, encodings }: Entity): boolean {
  return ATTACHED.test(types[0] ?? '') && encodings[0] === 'identity'
}

/** A piece of a message/partial that is not the only one. */
const isIncomplete = ({ types, parameters }: Entity): boolean =>
  types[0] === 'message/partial' && parameters.find(parameter => parameter.name === 'total')?.value !== '1'

/** True where the line at `start` is a header; `From ` lines and blank lines before it are looked over. */
export function startsWithHeader(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start
  while (at < end && bytes[at] <= 0x20) at++
  const stop = Math.min(lineEnd(bytes, at, Math.min(end, at + 1000)), at + 1000)
  const line = latin1(bytes, at, stop)
  return /^(?:[!-9;-~]{1,100}[ \t]{0,9}(?:\([^)]{0,100}\))?[ \t]{0,9}:|>?From )/.test(line)
}

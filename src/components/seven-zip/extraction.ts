import type { ContentFault } from '../../bytes/index.ts'
import type { ComponentContext, Emission } from '../../scan/index.ts'
import { hasEncryptedHeader } from './closed-header.ts'
import type { Segment } from './capture.ts'
import type { SevenZipModule } from './module.ts'
import { faultOf } from './outcome.ts'
import { run } from './run.ts'
import type { RunResult } from './run.ts'

/** Least heap with which 7-Zip does anything useful. */
const MIN_HEAP_BYTES = 64 << 20
/** Passwords that are tried; deriving a key takes up to a second. */
const MAX_PASSWORDS = 50
/** Longer ones are none, and would not fit 7-Zip's stack. */
const MAX_PASSWORD_LENGTH = 1024

export interface Archive {
  readonly module: SevenZipModule
  readonly bytes: Uint8Array
  /** 7-Zip's name of the format. */
  readonly format: string
  readonly context: ComponentContext
  readonly deadlineMs: number
}

/** A member on its way out. */
interface Member {
  readonly name: string
  failure: string | undefined
  isWhole: boolean
}

/** One archive by one format, with every password until nothing stays closed. */
export class Extraction {
  readonly #archive: Archive
  /** Members that no password opened so far; undefined before the first attempt. */
  #closed: ReadonlySet<string> | undefined
  /** Some of them have a name only in 7-Zip's messages, so they cannot be asked for by path. */
  #wantsAll = true
  /** Names that came out whole; kept only as long as some others stay closed. */
  readonly #taken = new Set<string>()
  #isHeaderClosed = false
  #isOpen = false
  #isEncrypted = false

  constructor(archive: Archive) {
    this.#archive = archive
  }

  /** False where 7-Zip knows nothing to do with the content in this format. */
  get isOpen(): boolean {
    return this.#isOpen || this.#isHeaderClosed
  }

  /** True where some of it needs a password, known or not. */
  get isEncrypted(): boolean {
    return this.#isEncrypted
  }

  async *all(): AsyncGenerator<Emission> {
    const { passwords } = this.#archive.context
    const usable = passwords.filter(password => password.length <= MAX_PASSWORD_LENGTH && !password.includes('\0'))
    for (const password of ['', ...usable.slice(0, MAX_PASSWORDS)]) {
      const isDone = yield* this.#attempt(password)
      if (isDone) break
    }
    if (this.#isHeaderClosed)
      yield {
        emit: 'missed',
        reason: 'encrypted',
        detail: 'Even the names are encrypted, and no known password opens it',
      }
    for (const member of this.#closed ?? [])
      yield { emit: 'missed', reason: 'encrypted', detail: 'No known password opens this member', member }
  }

  /** One password; answers whether there is nothing left to do. */
  async *#attempt(password: string): AsyncGenerator<Emission, boolean> {
    const runs = new Runs(this.#archive, password, this.#wantsAll ? undefined : this.#closed)
    const failed = new Set<string>()
    for (let segment = await runs.next(); segment !== undefined; segment = await runs.next()) {
      // What does not start here belongs to a member that nobody wanted to the end.
      if (!segment.isFirst) continue
      if (this.#isTaken(segment.name)) continue
      if (isClosed(segment.failure)) failed.add(segment.name)
      else yield* this.#member(segment, runs, failed)
    }
    const { result } = runs
    // With a wrong password an encrypted header is damage to 7-Zip, of one kind or another.
    const isDamaged = result.crash === 'fault' || result.outcome.errors.length > 0 || !result.outcome.isOpen
    const { bytes, format } = this.#archive
    const isClosedHeader = isDamaged && result.segments.length === 0 && hasEncryptedHeader(bytes, format)
    if (!result.outcome.isOpen || isClosedHeader) {
      this.#isHeaderClosed = result.outcome.isClosed || isClosedHeader
      this.#isEncrypted ||= this.#isHeaderClosed
      return !this.#isHeaderClosed || result.cut === 'time'
    }
    if (!this.#isOpen) yield* this.#aboutArchive(result)
    const wasClosed = this.#isHeaderClosed || this.#closed !== undefined
    for (const { name, failure } of result.outcome.lost) if (isClosed(failure)) failed.add(name)
    this.#wantsAll = result.outcome.lost.some(({ failure }) => isClosed(failure))
    const before = this.#closed
    this.#closed = before === undefined ? failed : new Set([...before].filter(name => failed.has(name)))
    if (wasClosed && (this.#isHeaderClosed || this.#closed.size < (before?.size ?? 0)))
      yield { emit: 'password', password }
    this.#isHeaderClosed = false
    this.#isOpen = true
    this.#isEncrypted ||= failed.size > 0
    return this.#closed.size === 0 || result.cut === 'time'
  }

  /** True for what an earlier password gave already, if no other member of that name stays closed. */
  #isTaken(name: string): boolean {
    return this.#closed !== undefined && !this.#closed.has(name) && this.#taken.has(name)
  }

  async *#member(first: Segment, runs: Runs, failed: Set<string>): AsyncGenerator<Emission> {
    const member: Member = { name: first.name, failure: undefined, isWhole: false }
    const { name, skippedBytes } = first
    const properties = skippedBytes > 0 ? [{ name: 'archive.skipped', value: String(skippedBytes) }] : []
    yield { emit: 'child', name, properties, content: content(first, runs, member) }
    if (isClosed(member.failure)) failed.add(name)
    else if (member.failure !== undefined) yield missed(faultOf(member.failure), member.failure, name)
    else if (!member.isWhole && runs.result.crash !== undefined)
      yield missed('malformed', 'It was cut off in the middle', name)
    else this.#taken.add(name)
  }

  *#aboutArchive({ outcome, crash, cut, exitCode, links, segments }: RunResult): Generator<Emission> {
    const { errors, warnings, lost } = outcome
    for (const detail of warnings) yield { emit: 'anomaly', code: 'archive.odd', detail }
    for (const detail of errors) {
      yield { emit: 'anomaly', code: 'archive.damaged', detail }
      yield missed(faultOf(detail), detail)
    }
    for (const { name, failure } of lost) if (!isClosed(failure)) yield missed(faultOf(failure), failure, name)
    if (cut === 'time') yield { emit: 'missed', reason: 'time', detail: 'Taking it apart takes too long' }
    if (crash === 'memory') yield missed('too-large', 'Taking it apart takes too much memory')
    if (crash === 'fault') yield missed('malformed', '7-Zip gave up in the middle')
    const isSaid =
      errors.length > 0 ||
      lost.length > 0 ||
      outcome.hardLinks > 0 ||
      links > 0 ||
      segments.some(({ failure }) => failure !== undefined)
    if (exitCode !== undefined && exitCode > 1 && !isSaid)
      yield missed('malformed', `7-Zip ended with code ${exitCode}`)
    if (links + outcome.hardLinks > 0)
      yield { emit: 'property', name: 'archive.links', value: String(links + outcome.hardLinks) }
    yield* this.#tail(outcome.offset ?? 0, outcome.physicalSize)
  }

  /** What stands behind the archive. */
  *#tail(offset: number, size: number | undefined): Generator<Emission> {
    const { bytes } = this.#archive
    const at = offset + (size ?? bytes.length)
    const tail = bytes.subarray(at)
    if (tail.some(byte => byte !== 0)) yield { emit: 'child', name: `gap-at-${at}`, content: tail }
  }
}

/** The member's pieces, over as many runs as it takes. */
async function* content(first: Segment, runs: Runs, member: Member): AsyncGenerator<Uint8Array> {
  let segment: Segment | undefined = first
  while (segment !== undefined) {
    for (const piece of segment.pieces) yield piece
    member.isWhole = segment.isLast
    member.failure = segment.failure ?? (segment.isRewritten ? 'It was written out of order' : undefined)
    segment = segment.isLast ? undefined : await runs.next()
  }
}

function isClosed(failure: string | undefined): boolean {
  return failure !== undefined && faultOf(failure) === 'encrypted'
}

function missed(reason: ContentFault, detail: string, member?: string): Emission {
  return member === undefined ? { emit: 'missed', reason, detail } : { emit: 'missed', reason, detail, member }
}

/** The runs over one archive with one password: as many as there are windows, each when it is needed. */
class Runs {
  readonly #archive: Archive
  readonly #password: string
  readonly #wanted: ReadonlySet<string> | undefined
  /** Segments of the last run, and the next one among them. */
  #segments: readonly Segment[] = []
  #next = 0
  #startBytes = 0
  #result: RunResult | undefined

  constructor(archive: Archive, password: string, wanted: ReadonlySet<string> | undefined) {
    this.#archive = archive
    this.#password = password
    this.#wanted = wanted
  }

  /** The last run so far. */
  get result(): RunResult {
    if (this.#result === undefined) throw new TypeError('no run yet')
    return this.#result
  }

  /** The next segment, or undefined at the end of the output. */
  async next(): Promise<Segment | undefined> {
    while (this.#next === this.#segments.length) {
      if (this.#result !== undefined && this.#result.cut !== 'window') return undefined
      await this.#run()
    }
    return this.#segments[this.#next++]
  }

  async #run(): Promise<void> {
    const { module, bytes, format, context, deadlineMs } = this.#archive
    const windowBytes = Number(context.options.windowBytes)
    this.#result = await run(module, bytes, {
      format,
      password: this.#password,
      wanted: this.#wanted,
      startBytes: this.#startBytes,
      windowBytes,
      memoryBytes: Math.max(MIN_HEAP_BYTES, context.budget.memoryBytes - windowBytes),
      deadlineMs,
    })
    this.#segments = this.#result.segments
    this.#next = 0
    this.#startBytes += windowBytes
  }
}

import { identify, readExecutable, typeByName, type ExecutableLayout, type FileType } from '../formats/index.ts'
import {
  Budget,
  BudgetSpent,
  DigestLookup,
  Matcher,
  type ContentWindow,
  type Kernel,
  type Match,
} from '../match/index.ts'
import { ImageError, type ColdStore, type DatabaseImage } from '../signatures/index.ts'
import type { EnginePorts } from './engine-thread.ts'
import type { Findings } from './findings.ts'
import { hiddenBy, packerOf } from './hidden-content.ts'
import { ContentDigests, findTrust, matchFile, matchPe } from './match-digests.ts'
import { severityOf, unofficial } from './names.ts'

// One flat piece of content: identify, allow-list, digests, body and logical signatures.

export interface FlatParts {
  readonly image: DatabaseImage
  readonly cold: ColdStore
  readonly kernel: Kernel
  /** The thread's window, at the address that the kernel knows. */
  readonly window: Uint8Array
  readonly ports: EnginePorts
  /** Headers of all programs are read, also where no signature asks for them. Default: false. */
  readonly readsHeaders?: boolean
}

/** What is to be matched, and where what is found goes. */
export interface FlatSubject {
  /** The start of the thread's window, or any other array; borrowed. */
  readonly content: Uint8Array
  readonly findings: Findings
  /** In the scale of performance.now(). */
  readonly deadlineMs: number
  /** ClamAV's type names of the containers around it, outermost first. */
  readonly containers: readonly string[]
  /** What it is, where that is known; else it is identified. */
  readonly type?: FileType
  /** Another reading of its parent: only body and logical signatures count. */
  readonly isView?: boolean
}

export interface FlatResult {
  readonly type: FileType
  /** Hexadecimal; computed when asked for, if no signature needed it before. */
  readonly digests: ContentDigests
  /** What files that may lie inside of it begin with, as far as it was found. */
  readonly marks: readonly string[]
}

/** Whether content is the start of the window. */
const liesIn = (window: Uint8Array, content: Uint8Array): boolean =>
  content.buffer === window.buffer && content.byteOffset === window.byteOffset

/**
 * Longer content that is not in the window goes through it in pieces of this size, and longer members are put together
 * beside it: what a window once held stays in memory. Measured: pieces of 32 MiB take the same processor time.
 */
export const MAX_PIECE_BYTES = 8 << 20

/** Brings content before the kernel: all of it where it fits, else piece by piece. */
class WindowLoader implements ContentWindow {
  readonly #window: Uint8Array
  readonly #content: Uint8Array
  readonly #whole: boolean
  #from = 0
  #to = 0

  constructor(window: Uint8Array, content: Uint8Array) {
    const inPlace = liesIn(window, content)
    this.#window = inPlace ? window : window.subarray(0, MAX_PIECE_BYTES)
    this.#content = content
    this.#whole = inPlace || content.length <= this.#window.length
    if (!inPlace && this.#whole) window.set(content)
  }

  get capacity(): number {
    return this.#window.length
  }

  bring(from: number, to: number): number {
    if (this.#whole || (from >= this.#from && to <= this.#to)) return this.#from
    this.#from = from
    this.#to = Math.min(from + this.#window.length, this.#content.length)
    this.#window.set(this.#content.subarray(this.#from, this.#to))
    return from
  }
}

const PE_TARGET = 1
/** Marks of what no component reads, in programs. */
const UNREAD: readonly (readonly [mark: string, what: string])[] = [
  ['setup-stream', 'The files of this InstallShield setup lie in a stream that is not taken apart yet'],
  ['inno', 'The files of this Inno Setup installer are not taken apart yet'],
]
/** PE, ELF, Mach-O. */
const PROGRAM_TARGETS: ReadonlySet<number> = new Set([PE_TARGET, 6, 9])

/** Matches flat content, one piece after the other. The parts are borrowed for its lifetime. */
export class FlatScanner {
  readonly #parts: FlatParts
  readonly #matcher: Matcher
  readonly #lookup: DigestLookup

  constructor(parts: FlatParts) {
    this.#parts = parts
    this.#matcher = new Matcher(parts.image, parts.kernel)
    this.#lookup = new DigestLookup(parts.image, parts.cold)
  }

  /** Synchronous and step-limited; what content does is never an exception but a finding. */
  scan(subject: FlatSubject): FlatResult {
    const { content, findings } = subject
    const digests = new ContentDigests(content, this.#parts.ports)
    const type = subject.type ?? identify(content)
    const marks: string[] = []
    try {
      if (subject.isView === true) this.#matchBodies(subject, type, marks)
      else this.#inspect(subject, type, digests, marks)
    } catch (error) {
      if (!missed(error, findings)) throw error
    }
    return { type, digests, marks }
  }

  /**
   * Matches the normal form of text that is no longer than the window, where it is put together.
   * @returns undefined where the text is in that form already
   */
  scanNormalForm(subject: FlatSubject): (FlatResult & { readonly size: number }) | undefined {
    const { kernel, window, ports } = this.#parts
    if (!liesIn(window, subject.content)) window.set(subject.content)
    const size = kernel.normalise(subject.content.length)
    if (size <= 0) return undefined
    const content = window.subarray(0, size)
    const type = typeByName('text')
    try {
      this.#matchBodies({ ...subject, content }, type, [])
    } catch (error) {
      if (!missed(error, subject.findings)) throw error
    }
    return { type, digests: new ContentDigests(content, ports), marks: [], size }
  }

  /** Digests of content that is kept; computed when asked for. */
  digestsOf(content: Uint8Array): ContentDigests {
    return new ContentDigests(content, this.#parts.ports)
  }

  #inspect(subject: FlatSubject, type: FileType, digests: ContentDigests, marks: string[]): void {
    const { content, findings } = subject
    findings.property('mime', type.mime)
    const trust = findTrust(this.#lookup, digests, content.length)
    if (trust !== undefined) {
      findings.trusted = true
      findings.property('trusted-by', `${trust.database}:${trust.line} ${trust.name}`)
      return
    }
    matchFile(this.#lookup, digests, content.length, findings)
    if (!findings.settled) this.#matchBodies(subject, type, marks)
  }

  #matchBodies({ content, findings, containers, deadlineMs }: FlatSubject, type: FileType, marks: string[]): void {
    const { cold, window, ports } = this.#parts
    const layout = lazy(() => readLayout(type, content, findings))
    if (this.#parts.readsHeaders === true && PROGRAM_TARGETS.has(type.target)) layout()
    const packer = type.target === PE_TARGET ? packerOf(layout(), content) : undefined
    if (packer !== undefined) findings.property('packer', packer)
    if (type.target === PE_TARGET) {
      const pe = layout()
      if (pe !== undefined) matchPe(this.#lookup, content, pe, ports, findings)
      if (findings.settled) return
    }
    this.#matcher.match({ content, target: type.target, layout, containers }, new WindowLoader(window, content), {
      budget: new Budget(deadlineMs, content.length),
      onMatch: match => {
        detect(match, cold, findings)
        return !findings.settled
      },
      onMark: name => void marks.push(name),
    })
    if (type.target === PE_TARGET)
      for (const [mark, what] of UNREAD) if (marks.includes(mark)) findings.missed('unsupported', what)
    if (packer !== undefined) findings.missed('unsupported', hiddenBy(packer))
  }
}

/** What went wrong with the scan itself makes the result incomplete, never clean. False where it is something else. */
function missed(error: unknown, findings: Findings): boolean {
  if (error instanceof BudgetSpent)
    findings.missed(
      'time',
      error.reason === 'time'
        ? 'The time for this scan was used up; allow more with --max-time'
        : 'The content needs more matching steps than one scan may take',
    )
  else if (error instanceof ImageError) findings.missed('unreadable', error.message)
  else return false
  return true
}

function readLayout(type: FileType, content: Uint8Array, findings: Findings): ExecutableLayout | undefined {
  const layout = readExecutable(type, content)
  if (layout === undefined) findings.anomaly('header-unreadable', `The header of ${type.description} cannot be read`)
  for (const { code, detail, offset } of layout?.anomalies ?? []) findings.anomaly(code, detail, offset)
  return layout
}

function lazy<T>(make: () => T): () => T {
  let made: { value: T } | undefined
  return () => (made ??= { value: make() }).value
}

function detect(match: Match, cold: ColdStore, findings: Findings): void {
  const { name, database, line } = cold.content(match.signature)
  const detection = {
    name: unofficial(name),
    kind: match.logical ? ('logical' as const) : ('body' as const),
    severity: severityOf(name, match.unwanted),
    source: { database, line },
  }
  findings.detect(detection, match.start, match.start < 0 ? undefined : match.end - match.start)
}

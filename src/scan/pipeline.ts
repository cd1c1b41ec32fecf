import { identify, readExecutable, type ExecutableLayout, type FileType } from '../formats/index.ts'
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
import { REPORT_VERSION, type Detection, type Report } from '../report/index.ts'
import type { EnginePorts, EngineThread, ScanRequest } from './engine-thread.ts'
import { Findings } from './findings.ts'
import { hiddenContent } from './hidden-content.ts'
import { ContentDigests, findTrust, matchFile, matchPe } from './match-digests.ts'
import { severityOf, unofficial } from './names.ts'

// The pipeline for one flat file: identify, allow-list, digests, body and logical signatures, verdict.

export interface EngineThreadParts {
  readonly image: DatabaseImage
  readonly cold: ColdStore
  readonly kernel: Kernel
  /** The thread's window, at the address that the kernel knows. */
  readonly window: Uint8Array
  readonly ports: EnginePorts
  /** Version of the scanner, for reports. */
  readonly version: string
}

/** Brings content before the kernel: all of it where it fits, else piece by piece. */
class WindowLoader implements ContentWindow {
  readonly #window: Uint8Array
  readonly #content: Uint8Array
  readonly #whole: boolean
  #from = 0
  #to = 0

  constructor(window: Uint8Array, content: Uint8Array) {
    this.#window = window
    this.#content = content
    const inPlace = content.buffer === window.buffer && content.byteOffset === window.byteOffset
    this.#whole = inPlace || content.length <= window.length
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

/** Makes the scanning half of an engine thread. The parts are borrowed for its lifetime. */
export function createEngineThread(parts: EngineThreadParts): EngineThread {
  const matcher = new Matcher(parts.image, parts.kernel)
  const lookup = new DigestLookup(parts.image, parts.cold)
  const scanner = {
    name: 'lazaret',
    version: parts.version,
    database: parts.image.generation,
    signatures: parts.image.meta.signatures,
  }
  const scan = (request: ScanRequest, onDetection?: (detection: Detection) => void): Report => {
    const startedAt = parts.ports.now()
    const started = performance.now()
    const { content } = request
    const findings = new Findings(request.name, request.allMatches, onDetection)
    const digests = new ContentDigests(content, parts.ports)
    const type = identify(content)
    inspect({ parts, matcher, lookup, request, findings, digests, type })
    const root = findings.root(
      request.name,
      type,
      content.length,
      request.identity === false ? digests.knownSha256 : digests.sha256,
    )
    return {
      version: REPORT_VERSION,
      scanner,
      name: request.name,
      startedAt,
      elapsedMs: round(performance.now() - started),
      bytesScanned: content.length,
      verdict: root.verdict,
      artifacts: [root],
    }
  }
  return { window: parts.window, scan }
}

const round = (ms: number): number => Math.round(ms * 1000) / 1000

interface Inspection {
  readonly parts: EngineThreadParts
  readonly matcher: Matcher
  readonly lookup: DigestLookup
  readonly request: ScanRequest
  readonly findings: Findings
  readonly digests: ContentDigests
  readonly type: FileType
}

function inspect(inspection: Inspection): void {
  const { findings, type, lookup, digests, request } = inspection
  findings.property('mime', type.mime)
  try {
    const trust = findTrust(lookup, digests, request.content.length)
    if (trust !== undefined) {
      findings.trusted = true
      findings.property('trusted-by', `${trust.database}:${trust.line} ${trust.name}`)
      return
    }
    matchEverything(inspection)
  } catch (error) {
    answer(error, inspection)
  }
  if (type.container)
    findings.missed(
      'unsupported',
      `The content of ${type.description} is not taken apart yet; only its raw bytes were matched`,
    )
}

/** What went wrong with the scan itself makes the result incomplete, never clean. */
function answer(error: unknown, { findings }: Inspection): void {
  if (error instanceof BudgetSpent)
    findings.missed(
      'time',
      error.reason === 'time'
        ? 'The time for this scan was used up; allow more with --max-time'
        : 'The content needs more matching steps than one scan may take',
    )
  else if (error instanceof ImageError) findings.missed('unreadable', error.message)
  else throw error
}

function matchEverything(inspection: Inspection): void {
  const { request, findings, lookup, digests, type, parts } = inspection
  const { content } = request
  matchFile(lookup, digests, content.length, findings)
  if (findings.settled) return
  const layout = lazy(() => readLayout(type, content, findings))
  if (type.target === PE_TARGET) {
    const pe = layout()
    if (pe !== undefined) matchPe(lookup, content, pe, parts.ports, findings)
    if (findings.settled) return
  }
  const subject = { content, target: type.target, layout, containers: [] }
  const report = (match: Match): boolean => {
    detect(match, parts.cold, findings)
    return !findings.settled
  }
  inspection.matcher.match(subject, new WindowLoader(parts.window, content), {
    budget: new Budget(request.deadlineMs, content.length),
    onMatch: report,
  })
  const hidden = hiddenContent(type, content, type.target === PE_TARGET ? layout() : undefined)
  if (hidden !== undefined) findings.missed('unsupported', hidden)
}

const PE_TARGET = 1

function readLayout(type: FileType, content: Uint8Array, findings: Findings): ExecutableLayout | undefined {
  const layout = readExecutable(type, content)
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

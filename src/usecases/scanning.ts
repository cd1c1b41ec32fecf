import type { Report } from '../report/index.ts'
import { ScanFailure } from '../scan/index.ts'
import type { ScannerView } from './generation.ts'
import type { Hub } from './hub.ts'
import { UseCaseError } from './errors.ts'
import { isToKeep, scanOptions } from './options.ts'
import { isFinal, type ScanRecord, type ScanUpdate } from './nouns.ts'
import type { Runtime } from './parts.ts'
import { unlessGone, type Submitting, type Request } from './submitting.ts'
import { MAX_INLINE_BYTES, type ScanUseCases, type Submitted } from './use-cases.ts'
import type { Waiting } from './waiting.ts'

// Scanning while the caller waits. Small content is scanned from memory and stored with its result in one write; what
// is longer goes the way of all jobs, and the caller waits for its end.

type ScanInput = Parameters<ScanUseCases['scan']>[1]
type ScanAnswer = Awaited<ReturnType<ScanUseCases['scan']>>

type Content = Parameters<Submitting['record']>[1]
type Fresh = Submitted & { readonly report: Report }

/** Content of up to that many bytes. */
const MAX_SCANNED_BEFORE_LOOKED_UP = 16 * 1024
/** Longest wait for a job on behalf of one caller, who may go away before. */
const WAIT_STEP_MS = 60_000

export class Scanning {
  readonly #runtime: Runtime
  readonly #view: ScannerView
  readonly #submitting: Submitting
  readonly #waiting: Waiting
  readonly #hub: Hub
  /** Reports that are being made of small content, by content and options. */
  readonly #inFlight = new Map<string, Promise<Fresh>>()

  constructor(runtime: Runtime, view: ScannerView, submitting: Submitting, waiting: Waiting, hub: Hub) {
    this.#runtime = runtime
    this.#view = view
    this.#submitting = submitting
    this.#waiting = waiting
    this.#hub = hub
  }

  async scan(request: Request, input: ScanInput): Promise<ScanAnswer> {
    const { bytes, rest } = await head(this.#submitting.streamOf(input.content))
    if (rest === undefined) return this.#inline(request, input, bytes)
    return this.#queued(request, input, joined(bytes, rest))
  }

  async #inline(request: Request, input: ScanInput, bytes: Uint8Array): Promise<ScanAnswer> {
    const { quota, hashes, clock } = this.#runtime
    // Refuses at once where nobody can scan.
    await this.#view.generation()
    const release = await quota.charge(request.principal, bytes.length)
    try {
      const digesting = hashes.digests()
      digesting.update(bytes)
      const content = { ...digesting.finish(), sizeBytes: bytes.length }
      const looking = this.#submitting.known(request, content.sha256)
      // What is this short is scanned sooner than it is looked up: both begin at once.
      const known = bytes.length <= MAX_SCANNED_BEFORE_LOOKED_UP ? undefined : await looking
      const reused = known && (await unlessGone(this.#reused(request, bytes, content, known, undefined)))
      if (reused !== undefined) return reused
      const key = `${content.sha256} ${request.resolved.optionsKey}`
      const pending = request.resolved.reuse ? this.#shared(key) : undefined
      const other = pending === undefined ? undefined : await pending
      if (other !== undefined) {
        const end = { state: 'known', from: other.scan.id, finishedAtMs: clock.now() } as const
        const recorded = await this.#submitting.record(request, content, end)
        return { how: 'joined', scan: recorded.scan, report: { ...other.report, name: request.input.name } }
      }
      const own = this.#fresh(request, input, bytes, content, looking)
      this.#inFlight.set(key, own)
      try {
        return await own
      } finally {
        if (this.#inFlight.get(key) === own) this.#inFlight.delete(key)
      }
    } finally {
      release()
    }
  }

  /** A record of its own that shares the report of another one. */
  async #reused(
    request: Request,
    bytes: Uint8Array,
    content: Content,
    known: ScanRecord,
    own: Report | undefined,
  ): Promise<ScanAnswer> {
    const { ledger, clock } = this.#runtime
    const end = { state: 'known', from: known.id, finishedAtMs: clock.now() } as const
    const { how, scan } = await this.#submitting.record(request, content, end)
    if (request.resolved.options.keep === 'everything') await this.#keep(bytes, content.sha256)
    const report = own ?? (await ledger.report(scan.id))
    return { how, scan, ...(report === undefined ? {} : { report }) }
  }

  /** What somebody else is finding out already; undefined where nobody is, or where it was cancelled or has failed. */
  #shared(key: string): Promise<Fresh | undefined> | undefined {
    const other = this.#inFlight.get(key)
    return other?.catch(() => this.#shared(key))
  }

  async #fresh(
    request: Request,
    { signal, onUpdate }: ScanInput,
    bytes: Uint8Array,
    content: Content,
    looking: Promise<ScanRecord | undefined>,
  ): Promise<Fresh> {
    looking.catch(() => {})
    const { scanner, clock } = this.#runtime
    const { options, passwords } = request.resolved
    const startedAtMs = clock.now()
    const report = await scanner.scan({
      name: request.input.name,
      content: { bytes },
      options: scanOptions(options, passwords),
      ...(signal === undefined ? {} : { signal }),
      ...(onUpdate === undefined ? {} : { onEvent: event => onUpdate(updateOf(event)) }),
    })
    this.#view.learn(report)
    const known = await looking
    const reused = known && (await unlessGone(this.#reused(request, bytes, content, known, report)))
    if (reused !== undefined) return { ...reused, report }
    if (isToKeep(options.keep, report.verdict)) await this.#takeIn(bytes, content.sha256)
    const end = { state: 'finished', report, startedAtMs, finishedAtMs: clock.now() } as const
    const { how, scan } = await this.#submitting.record(request, content, end)
    if (isToKeep(options.keep, report.verdict)) await this.#runtime.ledger.setKept(content.sha256, true)
    return { how, scan, report }
  }

  async #keep(bytes: Uint8Array, sha256: string): Promise<void> {
    await this.#takeIn(bytes, sha256)
    await this.#runtime.ledger.setKept(sha256, true)
  }

  async #takeIn(bytes: Uint8Array, sha256: string): Promise<void> {
    const { vault, limits } = this.#runtime
    const { intake } = await vault.takeIn(this.#submitting.streamOf({ bytes }), { maxBytes: limits.maxUploadBytes })
    await vault.keep(intake, sha256)
  }

  async #queued(
    request: Request,
    { onUpdate, signal }: ScanInput,
    content: AsyncIterable<Uint8Array>,
  ): Promise<ScanAnswer> {
    const submitted = await this.#submitting.submit(request, content)
    const stop = onUpdate === undefined ? undefined : this.#hub.listen(submitted.scan.id, onUpdate)
    try {
      const scan = await this.#finalOf(submitted.scan, signal)
      const report = await this.#runtime.ledger.report(scan.id)
      if (scan.state === 'cancelled') throw new UseCaseError('cancelled')
      return { how: submitted.how, scan, ...(report === undefined ? {} : { report }) }
    } finally {
      stop?.()
    }
  }

  async #finalOf(submitted: ScanRecord, signal: AbortSignal | undefined): Promise<ScanRecord> {
    let scan = submitted
    while (!isFinal(scan.state)) {
      if (signal?.aborted === true) {
        await this.#waiting.cancel(scan.id)
        throw new ScanFailure('cancelled')
      }
      scan = await this.#waiting.until(scan.id, WAIT_STEP_MS, signal)
    }
    return scan
  }
}

/** An event of the scanner as listeners hear it. */
export const updateOf = (
  event: Parameters<NonNullable<Parameters<Runtime['scanner']['scan']>[0]['onEvent']>>[0],
): ScanUpdate =>
  event.event === 'progress'
    ? { event: 'progress', bytesScanned: event.bytesScanned, bytesTotal: event.bytesTotal }
    : { event: 'detection', detection: event.detection }

/** The beginning of a stream, up to MAX_INLINE_BYTES; `rest` where there is more. Chunks are copied: they are borrowed. */
async function head(
  stream: AsyncIterable<Uint8Array>,
): Promise<{ readonly bytes: Uint8Array; readonly rest: AsyncIterator<Uint8Array> | undefined }> {
  const chunks: Uint8Array[] = []
  let length = 0
  const rest = stream[Symbol.asyncIterator]()
  for (;;) {
    const { done, value } = await rest.next()
    if (done === true) return { bytes: concatenated(chunks, length), rest: undefined }
    chunks.push(value.slice())
    length += value.length
    if (length > MAX_INLINE_BYTES) return { bytes: concatenated(chunks, length), rest }
  }
}

function concatenated(chunks: readonly Uint8Array[], length: number): Uint8Array {
  if (chunks.length === 1) return chunks[0]
  const bytes = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}

async function* joined(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first
  try {
    for (;;) {
      const { done, value } = await rest.next()
      if (done === true) return
      yield value
    }
  } finally {
    await rest.return?.()
  }
}

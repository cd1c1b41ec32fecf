// One run over many files: walks, keeps many in flight, writes results in order, counts.

import { createReadStream } from 'node:fs'
import type { PathLike } from 'node:fs'
import { ClientError, FATAL_CODES } from '../client/index.ts'
import { createSummary, isFinding } from '../report/index.ts'
import type { Report, ReportWriter, ScanError, Summary } from '../report/index.ts'
import { ScanFailure } from '../scan/index.ts'
import type { ContentSource, ScanEvent, Scanner, ScanOptions } from '../scan/index.ts'
import { EXIT } from './commands.ts'
import { detailOf } from './errors.ts'
import { mapOrdered } from './ordered.ts'
import type { Meter } from './progress.ts'
import type { Item } from './files.ts'

/** Results that may wait for a slow file before them; a report of a clean file is about 1 KB. */
const MAX_AHEAD = 4096

/** Who scans: the engine in this process, or a server. Takes paths as its own; the server's adapter sends content. */
export type Backend = Pick<Scanner, 'scan' | 'close'>

export interface RunOptions {
  readonly backend: Backend
  readonly options: ScanOptions
  /** Files in flight. */
  readonly jobs: number
  readonly writer: ReportWriter
  /** Takes the text of the results; waits while the reader is slow. */
  readonly write: (text: string) => Promise<void>
  /** Kept up to date while the run goes on. */
  readonly meter: Meter
  readonly stdin: AsyncIterable<Uint8Array>
  readonly signal: AbortSignal
}

/** What a run came to. */
export interface RunResult {
  readonly summary: Summary
  /** Nobody can scan any more: why the run ended before all files were looked at. */
  readonly failure?: ClientError
}

type Outcome = { readonly report: Report } | { readonly error: ScanError; readonly failure?: ClientError }

/** Everything has been written when this returns, and the document is complete even where the run is not. */
export async function runScan(items: AsyncIterable<Item>, run: RunOptions): Promise<RunResult> {
  const startedMs = performance.now()
  const summary = createSummary()
  await run.write(run.writer.begin())
  const limits = { active: run.jobs, ahead: MAX_AHEAD }
  let failure: ClientError | undefined
  for await (const outcome of mapOrdered(items, limits, item => scanOne(item, run))) {
    if ('report' in outcome) summary.report(outcome.report)
    else summary.error()
    const text = 'report' in outcome ? run.writer.report(outcome.report) : run.writer.error(outcome.error)
    if (text !== '') await run.write(text)
    if ('failure' in outcome) failure = outcome.failure
    if (failure !== undefined) break
  }
  const result = summary.summary(Math.round(performance.now() - startedMs))
  await run.write(run.writer.end(result))
  return failure === undefined ? { summary: result } : { summary: result, failure }
}

/** 1 something was found, 2 something failed or was not looked at, 0 everything is clean or trusted. */
export function exitCodeOf(summary: Summary): number {
  if (summary.infected + summary.suspicious + summary.unwanted > 0) return EXIT.found
  return summary.errors + summary.unscannable > 0 ? EXIT.failed : EXIT.clean
}

async function scanOne(item: Item, run: RunOptions): Promise<Outcome> {
  try {
    if ('error' in item) throw item.error
    run.meter.current = item.name
    const report = await scanContent(item.name, contentOf(item, run), run)
    if (isFinding(report.verdict)) run.meter.found++
    return { report }
  } catch (error) {
    const fatal = error instanceof ClientError && FATAL_CODES.has(error.code)
    return { error: errorOf(item.name, error), ...(fatal ? { failure: error } : {}) }
  } finally {
    run.meter.files++
  }
}

function contentOf(item: Exclude<Item, { error: unknown }>, run: RunOptions): ContentSource {
  if ('stdin' in item) return { stream: run.stdin }
  // A path that is not text cannot be handed on as such; its content can.
  return typeof item.path === 'string' ? { path: item.path } : { stream: read(item.path) }
}

/** Opened only when somebody asks for the first piece. */
async function* read(path: PathLike): AsyncGenerator<Uint8Array> {
  yield* createReadStream(path) as AsyncIterable<Uint8Array>
}

/** Counts the bytes of one scan as they are seen, and whatever is left of them when it ends. */
function byteCounter(meter: Meter): { seen(bytes: number): void } {
  let counted = 0
  return {
    seen(bytes) {
      meter.bytes += Math.max(0, bytes - counted)
      counted = Math.max(counted, bytes)
    },
  }
}

async function scanContent(name: string, content: ContentSource, run: RunOptions): Promise<Report> {
  const { backend, options, signal } = run
  const counter = byteCounter(run.meter)
  const onEvent = (event: ScanEvent): void => {
    if (event.event === 'progress') counter.seen(event.bytesScanned)
  }
  const report = await backend.scan({ name, content, options, signal, onEvent })
  counter.seen(report.artifacts[0].size)
  return report
}

function errorOf(name: string, error: unknown): ScanError {
  if (error instanceof ScanFailure || error instanceof ClientError)
    return { name, code: error.code, message: error.message }
  return { name, code: 'internal', message: detailOf(error) }
}

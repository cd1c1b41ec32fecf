import type { Report } from '../report/index.ts'
import type { EngineThread, ScanRequest } from '../scan/index.ts'
import { readFileContent } from './content.ts'
import type { DatabaseInfo } from './engine-parts.ts'
import { tooLargeReport, unscannableReport } from './unscannable.ts'

/** What scanning a file on this thread needs. */
export interface ScanBench {
  readonly thread: EngineThread
  readonly database: DatabaseInfo
  readonly maxFileSizeBytes: number
}

/**
 * Reads a file and scans it; what cannot be read to its end is a report that says so.
 * @throws ScanFailure where the path cannot be scanned at all
 */
export const scanFile = (
  bench: ScanBench,
  path: string,
  request: Omit<ScanRequest, 'content'>,
  onDetection: Parameters<EngineThread['scan']>[1],
  followLinks = true,
): Report => {
  const startedAtMs = Date.now()
  const file = readFileContent(path, bench.thread.window, bench.maxFileSizeBytes, followLinks)
  if (file.kind === 'content') return bench.thread.scan({ ...request, content: file.content }, onDetection)
  const unseen = { name: request.name, sizeBytes: file.sizeBytes, startedAtMs }
  return file.kind === 'too-large'
    ? tooLargeReport(bench.database, { ...unseen, limitBytes: bench.maxFileSizeBytes })
    : unscannableReport(bench.database, { ...unseen, reason: 'unreadable', detail: file.detail })
}

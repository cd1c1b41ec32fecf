import { REPORT_VERSION } from '../report/index.ts'
import type { Reason, Report } from '../report/index.ts'
import type { DatabaseInfo } from './engine-parts.ts'

/** Version of the engine in reports, in HELLO and in what is remembered about content. */
export const ENGINE_VERSION = '0.1.0'

/** What a report about content that nobody looked at can say. */
export interface Unseen {
  readonly name: string
  readonly reason: Reason
  /** One sentence: what exactly, and what would help. */
  readonly detail: string
  readonly sizeBytes: number
  readonly sha256?: string
  /** Milliseconds since the epoch. */
  readonly startedAtMs: number
}

/** The report that content was not looked at, and why. */
export const unscannableReport = (database: DatabaseInfo, unseen: Unseen): Report => ({
  version: REPORT_VERSION,
  scanner: {
    name: 'lazaret',
    version: ENGINE_VERSION,
    database: database.database,
    signatures: database.signatures,
  },
  name: unseen.name,
  startedAt: new Date(unseen.startedAtMs).toISOString(),
  elapsedMs: Math.max(0, Date.now() - unseen.startedAtMs),
  bytesScanned: 0,
  verdict: 'unscannable',
  artifacts: [
    {
      id: 0,
      relation: 'root',
      name: unseen.name,
      path: unseen.name,
      size: unseen.sizeBytes,
      ...(unseen.sha256 === undefined ? {} : { sha256: unseen.sha256 }),
      type: 'data',
      verdict: 'unscannable',
      detections: [],
      notSeen: [{ path: unseen.name, reason: unseen.reason, detail: unseen.detail, bytes: unseen.sizeBytes }],
      anomalies: [],
      properties: [],
    },
  ],
})

/** The report about content over the size limit. */
export const tooLargeReport = (
  database: DatabaseInfo,
  content: { name: string; sizeBytes: number; startedAtMs: number; limitBytes: number },
): Report =>
  unscannableReport(database, {
    ...content,
    reason: 'too-large',
    detail: `Longer than the limit of ${content.limitBytes} bytes; it was not read. Raise the limit to scan it`,
  })

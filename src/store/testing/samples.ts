import { createHash } from 'node:crypto'
import type { ArtifactReport, Detection, Report, Verdict } from '../../report/index.ts'
import type { NewJob, NewScan } from '../../usecases/index.ts'
import { createIds } from '../../usecases/index.ts'
import { systemRandom } from '../host.ts'

// Scans and reports for tests of the ledger.

export const NOW = Date.UTC(2026, 10, 25, 12)
export const DATABASE = 'd'.repeat(64)
export const ENGINE = '0.1.0'
const ids = createIds(systemRandom, 0)
let others = 0
/** Ids of another time than now come from a source of their own: none goes back in time. */
export const nextId = (nowMs = NOW): string =>
  nowMs === NOW ? ids.next(nowMs) : createIds(systemRandom, 1 + (others++ % 31)).next(nowMs)

const hash = (algorithm: string, text: string): string => createHash(algorithm).update(text).digest('hex')
export const digestsOf = (content: string) => ({
  sha256: hash('sha256', content),
  sha1: hash('sha1', content),
  md5: hash('md5', content),
})

export function newScan(content: string, changes: Partial<NewScan> = {}): NewScan {
  return {
    id: nextId(changes.submittedAtMs),
    name: `${content}.bin`,
    ...digestsOf(content),
    sizeBytes: content.length,
    source: { door: 'rest', account: 'local', address: '127.0.0.1' },
    options: { profile: 'standard', allMatches: false, passwordCount: 0, keep: 'nothing' },
    priority: 'normal',
    submittedAtMs: NOW,
    optionsKey: 'plain',
    ...changes,
  }
}

export const newJob = (content: string, changes: Partial<NewScan> = {}, more: Partial<NewJob> = {}): NewJob => ({
  scan: newScan(content, changes),
  content: { room: 'intake', intake: `intake-${content}` },
  passwords: [],
  join: true,
  ...more,
})

export interface ReportShape {
  readonly verdict?: Verdict
  readonly detections?: readonly string[]
  readonly type?: string
  readonly reasons?: readonly ('encrypted' | 'too-large')[]
  /** Content and type of what is inside. */
  readonly members?: readonly { readonly content: string; readonly type: string }[]
  readonly database?: string
  readonly elapsedMs?: number
}

export function reportOf(content: string, shape: ReportShape = {}): Report {
  const { verdict = 'clean', type = 'text', members = [], database = DATABASE } = shape
  const detections = (shape.detections ?? []).map<Detection>(name => ({
    name,
    kind: 'body',
    severity: 'malicious',
    source: { database: 'test.ndb', line: 1 },
  }))
  const root: ArtifactReport = {
    id: 0, relation: 'root', name: content, path: content, size: content.length, sha256: digestsOf(content).sha256, type,
    verdict, detections, anomalies: [], properties: [],
    notSeen: (shape.reasons ?? []).map(reason => ({ path: content, reason, detail: 'test' })),
  } // prettier-ignore
  return {
    version: '1.1',
    scanner: { name: 'lazaret', version: ENGINE, database, signatures: 1 },
    name: content,
    startedAt: new Date(NOW).toISOString(),
    elapsedMs: shape.elapsedMs ?? 1.5,
    bytesScanned: content.length,
    verdict,
    artifacts: [
      root,
      ...members.map((member, index) => ({
        id: index + 1, parent: 0, relation: 'extracted' as const, name: member.content, path: `${content}/${member.content}`,
        size: member.content.length, sha256: digestsOf(member.content).sha256, type: member.type, verdict,
        detections: [], notSeen: [], anomalies: [], properties: [],
      })),
    ],
  } // prettier-ignore
}

export const finished = (content: string, shape: ReportShape = {}, finishedAtMs = NOW) => ({
  state: 'finished' as const,
  report: reportOf(content, shape),
  startedAtMs: finishedAtMs - 5,
  finishedAtMs,
})

import { createHash } from 'node:crypto'
import type { Report } from '../../report/index.ts'
import { ScanFailure } from '../../scan/index.ts'
import type { ContentSource, ScanJob, Scanner, ScannerStatus } from '../../scan/index.ts'

// A scanner in memory for the tests of services and clients: content that holds MARK is infected.

/** What the fake takes for malware. */
export const MARK = 'not-malware-but-a-mark'

export interface FakeScanner extends Scanner {
  /** Scans begun and not ended. */
  readonly active: () => number
  /** Names of the scans that ended by their signal. */
  readonly aborted: readonly string[]
  /** How the content of each scan came, by name. */
  readonly sources: ReadonlyMap<string, 'bytes' | 'stream' | 'path'>
  /** Scans of names that begin with `wait` end only after this. */
  readonly release: () => void
}

const readAll = async (content: ContentSource): Promise<Uint8Array> => {
  if ('bytes' in content) return content.bytes
  if ('path' in content) throw new ScanFailure('not-found', content.path)
  const pieces: Uint8Array[] = []
  for await (const piece of content.stream) pieces.push(piece.slice())
  return Buffer.concat(pieces)
}

/** A report on one flat file. */
export const fakeReport = (name: string, bytes: Uint8Array): Report => {
  const offset = Buffer.from(bytes).indexOf(MARK)
  const source = { database: 'fake.ndb', line: 1 }
  const detection = { name: 'Fake.Mark', kind: 'body', severity: 'malicious', source } as const
  const verdict = offset < 0 ? 'clean' : 'infected'
  return {
    version: '1.0',
    scanner: { name: 'lazaret', version: '0.0.0', database: '00', signatures: 1 },
    name,
    startedAt: '2026-01-01T00:00:00.000Z',
    elapsedMs: 1,
    bytesScanned: bytes.length,
    verdict,
    artifacts: [
      {
        id: 0,
        relation: 'root',
        name,
        path: name,
        size: bytes.length,
        sha256: createHash('sha256').update(bytes).digest('hex'),
        type: 'data',
        verdict,
        detections: offset < 0 ? [] : [{ ...detection, where: { path: name, offset, length: MARK.length } }],
        notSeen: [],
        anomalies: [],
        properties: [],
      },
    ],
  }
}

const STATUS: ScannerStatus = {
  version: '0.0.0',
  database: '00',
  signatures: 1,
  databaseBuiltAtMs: 0,
  threads: { live: 1, idle: 1, max: 1 },
  queued: 0,
  active: [],
  scans: 0,
  bytes: 0,
  verdicts: {},
  engineRestarts: 0,
  uptimeSeconds: 1,
  residentBytes: 1,
}

/** @param slots - scans at once; more are refused as busy */
export const createFakeScanner = (slots = Infinity): FakeScanner => {
  let active = 0
  let releaseAll: () => void = () => {}
  const released = new Promise<void>(resolve => {
    releaseAll = resolve
  })
  const aborted: string[] = []
  const sources = new Map<string, 'bytes' | 'stream' | 'path'>()
  const abortOf = async ({ name, signal }: ScanJob): Promise<never> =>
    new Promise((_, reject) => {
      const stop = (): void => {
        aborted.push(name)
        reject(new ScanFailure('cancelled'))
      }
      if (signal?.aborted === true) stop()
      else signal?.addEventListener('abort', stop, { once: true })
    })
  const work = async ({ name, content, onEvent }: ScanJob): Promise<Report> => {
    const bytes = await readAll(content)
    onEvent?.({ event: 'progress', bytesScanned: bytes.length, bytesTotal: bytes.length })
    const report = fakeReport(name, bytes)
    for (const detection of report.artifacts[0].detections) onEvent?.({ event: 'detection', detection })
    if (name.startsWith('wait')) await released
    if (name.startsWith('fail')) throw new Error('a secret of the server')
    if (name.startsWith('large')) return { ...report, name: 'x'.repeat(17 * 1024 * 1024) }
    return report
  }
  return {
    active: () => active,
    aborted,
    sources,
    release: () => releaseAll(),
    scan: async job => {
      if (active >= slots) throw new ScanFailure('busy', undefined, 10)
      active++
      sources.set(job.name, 'bytes' in job.content ? 'bytes' : 'stream' in job.content ? 'stream' : 'path')
      try {
        return await Promise.race([work(job), abortOf(job)])
      } finally {
        active--
      }
    },
    status: async () => STATUS,
    reload: async () => {
      throw new Error('fake.ndb is gone')
    },
    close: async () => {},
  }
}

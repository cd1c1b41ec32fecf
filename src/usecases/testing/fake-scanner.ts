import { createHash } from 'node:crypto'
import type { ContentSource, ScanJob, Scanner } from '../../scan/index.ts'
import { ScanFailure } from '../../scan/ports.ts'
import { finished } from '../../store/testing/samples.ts'

// A scanner for tests. What content says is what happens: `infected`, `fail`, `busy`, `slow`, `hang`.

export interface FakeScanner extends Scanner {
  readonly jobs: ScanJob[]
  database: string
  threads: number
  /** Resolves scans that hang. */
  release(): void
}

export function fakeScanner(): FakeScanner {
  let release = (): void => {}
  let released = new Promise<void>(resolve => {
    release = resolve
  })
  const scanner: FakeScanner = {
    jobs: [],
    database: 'd'.repeat(64),
    threads: 1,
    release() {
      release()
      released = new Promise(resolve => {
        release = resolve
      })
    },
    async scan(job) {
      scanner.jobs.push(job)
      const bytes = await bytesOf(job.content)
      const text = bytes.toString('latin1')
      if (job.signal?.aborted === true) throw new ScanFailure('cancelled')
      if (text.startsWith('fail')) throw new ScanFailure('internal', 'as asked')
      if (text.startsWith('busy') && scanner.jobs.length % 2 === 1) throw new ScanFailure('busy', undefined, 5)
      if (text.startsWith('slow')) await new Promise(resolve => setTimeout(resolve, 20))
      if (text.startsWith('hang')) await Promise.race([released, aborted(job.signal)])
      const infected = text.includes('infected')
      const { report } = finished(job.name, {
        database: scanner.database,
        ...(infected ? { verdict: 'infected', detections: ['Test.Infected'] } : {}),
      })
      job.onEvent?.({ event: 'progress', bytesScanned: bytes.length, bytesTotal: bytes.length })
      if (infected) job.onEvent?.({ event: 'detection', detection: report.artifacts[0].detections[0] })
      const sha256 = createHash('sha256').update(bytes).digest('hex')
      return { ...report, artifacts: [{ ...report.artifacts[0], sha256, size: bytes.length }] }
    },
    async status() {
      return {
        version: '0.1.0', database: scanner.database, signatures: 1, databaseBuiltAtMs: 0,
        threads: { live: scanner.threads, idle: scanner.threads, max: scanner.threads },
        queued: 0, active: [], scans: 0, bytes: 0, verdicts: {}, engineRestarts: 0, uptimeSeconds: 1, residentBytes: 1,
      } // prettier-ignore
    },
    async reload() {
      return { changed: false, database: scanner.database, signatures: 1, skipped: 0, elapsedMs: 1 }
    },
    async close() {},
  }
  return scanner
}

async function bytesOf(content: ContentSource): Promise<Buffer> {
  if ('bytes' in content) return Buffer.from(content.bytes)
  if ('path' in content) throw new ScanFailure('not-found')
  const chunks: Buffer[] = []
  for await (const chunk of content.stream) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}

const aborted = (signal: AbortSignal | undefined): Promise<never> =>
  new Promise((_, reject) =>
    signal?.addEventListener('abort', () => reject(new ScanFailure('cancelled')), { once: true }),
  )

import { lstatSync, readFileSync, statSync } from 'node:fs'
import type { Detection, Reason, Report, Verdict } from '../../../report/index.ts'
import { ScanFailure } from '../../../scan/index.ts'
import type { ReloadOutcome, ScanJob, Scanner, ScannerStatus } from '../../../scan/index.ts'

// A scanner in this process. Content says what it comes to: `EVIL` is infected (twice with `EVIL EVIL`), `UNSEEN REASON`
// is unscannable for that reason, `SLOW MS` takes so long, `FAIL CODE` is refused.

const detection = (name: string): Detection => ({
  name,
  kind: 'body',
  severity: 'malicious',
  source: { database: 'fake.ndb', line: 1 },
})

const readFile = (path: string, followLinks = true): string => {
  const found = (followLinks ? statSync : lstatSync)(path, { throwIfNoEntry: false })
  if (found === undefined) throw new ScanFailure('not-found')
  if (!found.isFile()) throw new ScanFailure('not-a-file')
  return readFileSync(path, 'latin1')
}

export class FakeScanner implements Scanner {
  readonly names: string[] = []
  reloads = 0
  active = 0
  cancelled = 0
  /** Refuses everything. */
  busy = false
  /** Name of the detections. */
  signature = 'Fake.Evil'

  async scan(job: ScanJob): Promise<Report> {
    if (this.busy) throw new ScanFailure('busy', undefined, 10)
    this.active++
    this.names.push(job.name)
    try {
      const text = await this.#read(job)
      const [word, argument] = text.split(' ')
      if (word === 'FAIL') throw new ScanFailure(argument as 'busy')
      if (word === 'SLOW') await this.#wait(Number(argument), job.signal)
      return this.#report(job, text)
    } finally {
      this.active--
    }
  }

  status(): Promise<ScannerStatus> {
    return Promise.resolve({
      version: '0.0.0',
      database: 'ab',
      signatures: 7,
      databaseBuiltAtMs: Date.UTC(2026, 2, 15, 7, 24),
      threads: { live: 2, idle: 1, max: 2 },
      queued: 3,
      active: [{ name: 'stream', seconds: 1, command: 'INSTREAM' }],
      scans: 0,
      bytes: 0,
      verdicts: {},
      engineRestarts: 0,
      uptimeSeconds: 0,
      residentBytes: 1024 * 1024,
    })
  }

  reload(): Promise<ReloadOutcome> {
    this.reloads++
    return Promise.resolve({ changed: true, database: 'cd', signatures: 7, skipped: 0, elapsedMs: 1 })
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  async #read({ content, signal }: ScanJob): Promise<string> {
    if ('path' in content) return readFile(content.path, content.followLinks)
    if ('bytes' in content) return Buffer.from(content.bytes).toString('latin1')
    const chunks: Uint8Array[] = []
    const aborted = new Promise<never>((_, reject) => {
      signal?.addEventListener('abort', () => reject(this.#cancel()))
    })
    const reading = (async () => {
      for await (const chunk of content.stream) chunks.push(chunk.slice())
    })()
    await Promise.race([reading, aborted])
    return Buffer.concat(chunks).toString('latin1')
  }

  #cancel(): ScanFailure {
    this.cancelled++
    return new ScanFailure('cancelled')
  }

  #wait(timeMs: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, timeMs)
      signal?.addEventListener('abort', () => {
        clearTimeout(timer)
        reject(this.#cancel())
      })
    })
  }

  #report(job: ScanJob, text: string): Report {
    const found = Math.min(text.split('EVIL').length - 1, job.options.allMatches ? 9 : 1)
    const names = Array.from({ length: found }, (_, i) => (i === 0 ? this.signature : `${this.signature}-${i}`))
    const [word, reason] = text.split(' ')
    const unseen = word === 'UNSEEN' ? [{ path: job.name, reason: reason as Reason, detail: 'as asked' }] : []
    const verdict: Verdict = found > 0 ? 'infected' : unseen.length > 0 ? 'unscannable' : 'clean'
    return {
      version: '1.0',
      scanner: { name: 'lazaret', version: '0.0.0', database: 'ab', signatures: 7 },
      name: job.name,
      startedAt: new Date(0).toISOString(),
      elapsedMs: 0,
      bytesScanned: text.length,
      verdict,
      artifacts: [
        {
          id: 0,
          relation: 'root',
          name: job.name,
          path: job.name,
          size: text.length,
          type: reason === 'encrypted' ? 'zip' : 'data',
          verdict,
          detections: names.map(detection),
          notSeen: unseen,
          anomalies: [],
          properties: [],
        },
      ],
    }
  }
}

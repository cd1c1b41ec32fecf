import { describe, expect, it } from 'vitest'
import { ClientError } from '../client/index.ts'
import { createWriter, readResults } from '../report/index.ts'
import type { Report, Summary, Verdict } from '../report/index.ts'
import { ScanFailure } from '../scan/index.ts'
import type { ScanJob } from '../scan/index.ts'
import type { Item } from './files.ts'
import { newMeter } from './progress.ts'
import { exitCodeOf, runScan } from './scan-run.ts'
import type { Backend } from './scan-run.ts'

const reportOf = (name: string, verdict: Verdict, size = 10): Report => ({
  version: '1.0',
  scanner: { name: 'lazaret', version: '0.1.0', database: 'ab', signatures: 1 },
  name,
  startedAt: '2026-01-02T03:04:05.000Z',
  elapsedMs: 1,
  bytesScanned: size,
  verdict,
  artifacts: [
    {
      id: 0,
      relation: 'root',
      name,
      path: name,
      size,
      type: 'data',
      verdict,
      detections: [],
      notSeen: [],
      anomalies: [],
      properties: [],
    },
  ],
})

/** A scanner that does what the name of the file says. */
function fakeBackend(): Backend & { readonly jobs: ScanJob[] } {
  const jobs: ScanJob[] = []
  return {
    jobs,
    scan(job) {
      jobs.push(job)
      if (job.name === 'busy') return Promise.reject(new ClientError('busy', 'The queue is full'))
      if (job.name === 'lost') return Promise.reject(new ClientError('connect-failed', 'Nobody listens there'))
      if (job.name === 'gone') return Promise.reject(new ScanFailure('not-found'))
      if (job.name === 'broken') return Promise.reject(new TypeError('out of cheese'))
      job.onEvent?.({ event: 'progress', bytesScanned: 4, bytesTotal: 10 })
      const verdict = ['infected', 'unscannable', 'trusted'].find(name => name === job.name) ?? 'clean'
      return Promise.resolve(reportOf(job.name, verdict as Verdict))
    },
    close: () => Promise.resolve(),
  }
}

async function* list(files: readonly Item[]): AsyncGenerator<Item> {
  yield* files
}

async function run(names: readonly (string | Item)[]) {
  const backend = fakeBackend()
  const written: string[] = []
  const meter = newMeter()
  const files = names.map(item => (typeof item === 'string' ? { name: item, path: `/x/${item}` } : item))
  const { summary, failure } = await runScan(list(files), {
    backend,
    options: { allMatches: false },
    jobs: 3,
    writer: createWriter('json'),
    write: text => {
      written.push(text)
      return Promise.resolve()
    },
    meter,
    stdin: (async function* () {
      yield new Uint8Array(3)
    })(),
    signal: new AbortController().signal,
  })
  return { summary, failure, backend, meter, results: readResults(written.join('')) }
}

describe('runScan', () => {
  it('writes results in the order of the files and sums them up', async () => {
    const { summary, results } = await run(['one', 'infected', 'unscannable', 'trusted', 'two'])
    expect(results.reports.map(report => report.name)).toEqual(['one', 'infected', 'unscannable', 'trusted', 'two'])
    expect(summary).toMatchObject({ files: 5, bytes: 50, infected: 1, unscannable: 1, trusted: 1, clean: 2, errors: 0 })
    expect(results.summary).toEqual(summary)
  })

  it('turns every failure into an error of its file, with a code', async () => {
    const refused: Item = { name: 'dir', error: new ClientError('access-denied', 'This user may not read it') }
    const { summary, results } = await run(['gone', refused, 'broken', 'busy', 'fine'])
    expect(results.errors.map(({ name, code }) => `${name} ${code}`)).toEqual([
      'gone not-found',
      'dir access-denied',
      'broken internal',
      'busy busy',
    ])
    expect(results.errors[1].message).toContain('may not read it')
    expect(results.errors[2].message).toContain('out of cheese')
    expect(summary).toMatchObject({ files: 1, clean: 1, errors: 4 })
  })

  it('ends where nobody can scan any more, with a complete document', async () => {
    const { failure, results, backend } = await run(['a', 'lost', ...Array<string>(50).fill('b')])
    expect(failure?.code).toBe('connect-failed')
    expect(results.reports.map(({ name }) => name)).toEqual(['a'])
    expect(results.errors.map(({ code }) => code)).toEqual(['connect-failed'])
    expect(backend.jobs.length).toBeLessThan(10)
  })

  it('gives standard input as a stream and files by their paths', async () => {
    const { backend } = await run([{ name: 'stdin', stdin: true }, 'file'])
    expect('stream' in backend.jobs[0].content).toBe(true)
    expect(backend.jobs[1].content).toEqual({ path: '/x/file' })
  })

  it('opens what has no textual path itself', async () => {
    const { backend } = await run([{ name: 'x', path: Buffer.from([47, 255]) }])
    expect('stream' in backend.jobs[0].content).toBe(true)
  })

  it('counts files, bytes and findings on the meter, each once', async () => {
    const { meter } = await run(['a', 'infected', 'gone', 'b'])
    expect(meter).toMatchObject({ files: 4, bytes: 30, found: 1 })
  })
})

describe('exitCodeOf', () => {
  const none: Summary = { files: 1, bytes: 0, infected: 0, suspicious: 0, unwanted: 0, unscannable: 0, clean: 0, trusted: 0, errors: 0, elapsedMs: 0 } // prettier-ignore
  it.each([
    [{}, 0],
    [{ clean: 3, trusted: 1 }, 0],
    [{ clean: 3, unscannable: 1 }, 2],
    [{ errors: 1 }, 2],
    [{ infected: 1 }, 1],
    [{ suspicious: 1 }, 1],
    [{ unwanted: 1, errors: 1, unscannable: 1 }, 1],
  ] as [Partial<Summary>, number][])('%j gives %i', (counts, code) => {
    expect(exitCodeOf({ ...none, ...counts })).toBe(code)
  })
})

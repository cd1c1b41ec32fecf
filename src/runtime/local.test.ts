import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { ScanJob, Scanner } from '../scan/index.ts'
import { RUNTIME_LIMITS } from './limits.ts'
import { createLocalScanner } from './local.ts'
import { fakeParts } from './testdata/fake-parts.ts'

let folder: string
let scanner: Scanner

const start = (threads: number, maxFileSizeBytes = 1_000_000): void => {
  scanner = createLocalScanner({
    imagePath: join(folder, 'image'),
    threads,
    limits: { ...RUNTIME_LIMITS, maxFileSizeBytes, spoolMemoryBytesPerJob: 10 },
    spoolFolder: join(folder, 'spool'),
    engine: { parts: fakeParts, workerUrl: new URL('testdata/fake-worker.ts', import.meta.url) },
  })
}
const job = (text: string, more: Partial<ScanJob> = {}): ScanJob => ({
  name: 'test',
  content: { bytes: Buffer.from(text) },
  options: { allMatches: false },
  ...more,
})

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lazaret-local-'))
  await writeFile(join(folder, 'image'), JSON.stringify({ database: 'g1', signatures: 7 }))
})
afterEach(async () => {
  await scanner.close()
  expect(existsSync(join(folder, 'spool'))).toBe(false)
  await rm(folder, { recursive: true })
})

test('bytes, path and stream, on this thread', async () => {
  start(1)
  await writeFile(join(folder, 'content'), 'EVIL content')
  const stream = async function* (): AsyncGenerator<Uint8Array> {
    yield Buffer.from('EVIL ')
    yield Buffer.from('content that is long enough for a file')
  }
  for (const content of [{ bytes: Buffer.from('EVIL') }, { path: join(folder, 'content') }, { stream: stream() }]) {
    expect((await scanner.scan(job('', { content }))).verdict).toBe('infected')
  }
  await expect(scanner.scan(job('', { content: { path: '/nowhere' } }))).rejects.toMatchObject({ code: 'not-found' })
  expect(await scanner.status()).toMatchObject({ scans: 3, queued: 0, threads: { live: 1 } })
})

/** Gives the scanner so much to do that it starts threads, and waits until they are there. */
const warm = async (): Promise<void> => {
  while ((await scanner.status()).threads.live < 2) {
    await Promise.all(Array.from({ length: 20 }, () => scanner.scan(job('SLOW 5'))))
  }
}

test('many jobs go to threads; all are answered, and detections are heard', async () => {
  start(2)
  await warm()
  const before = (await scanner.status()).scans
  const texts = Array.from({ length: 200 }, (_, i) => (i % 5 === 0 ? 'EVIL' : 'fine'))
  const heard: string[] = []
  const reports = await Promise.all(
    texts.map(text => scanner.scan(job(text, { onEvent: event => void heard.push(event.event) }))),
  )
  expect(reports.map(report => report.verdict)).toEqual(texts.map(text => (text === 'EVIL' ? 'infected' : 'clean')))
  expect(heard).toHaveLength(40)
  expect(await scanner.status()).toMatchObject({ scans: before + 200, queued: 0 })
  expect((await scanner.scan(job('EVIL'))).verdict).toBe('infected')
})

test('a thread that ends takes nobody with it', async () => {
  start(2)
  await warm()
  const texts = Array.from({ length: 60 }, (_, i) => (i === 30 ? 'THROW' : 'EVIL'))
  const reports = await Promise.all(texts.map(text => scanner.scan(job(text))))
  expect(reports.map(report => report.verdict)).toEqual(
    texts.map(text => (text === 'THROW' ? 'unscannable' : 'infected')),
  )
  expect(reports[30].artifacts[0].notSeen[0].reason).toBe('crashed')
  expect((await scanner.status()).engineRestarts).toBeGreaterThan(0)
})

test('what throws on this thread is a report', async () => {
  start(1)
  expect((await scanner.scan(job('THROW'))).artifacts[0].notSeen[0].reason).toBe('crashed')
})

test('too large, cancelled, closed', async () => {
  start(1, 10)
  expect((await scanner.scan(job('EVIL and more than that'))).artifacts[0].notSeen[0].reason).toBe('too-large')
  const abort = new AbortController()
  const waiting = scanner.scan(job('fine', { signal: abort.signal }))
  abort.abort()
  await expect(waiting).rejects.toMatchObject({ code: 'cancelled' })
  expect((await scanner.status()).queued).toBe(0)
  await scanner.close()
  await expect(scanner.scan(job('fine'))).rejects.toMatchObject({ code: 'shutting-down' })
})

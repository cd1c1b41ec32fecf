import { existsSync, readdirSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Report } from '../report/index.ts'
import { ScanFailure } from '../scan/index.ts'
import type { ScanJob } from '../scan/index.ts'
import { RUNTIME_LIMITS } from './limits.ts'
import type { RuntimeLimits } from './limits.ts'
import { EngineSupervisor } from './supervisor.ts'

let enginePath: string
let bundles: string
let folder: string
let imagePath: string
let supervisor: EngineSupervisor | undefined
let log: string[]

const writeImage = (database: string, more: object = {}): Promise<void> =>
  writeFile(imagePath, JSON.stringify({ database, signatures: 7, ...more }))

const start = async (
  limits: Partial<RuntimeLimits> = {},
  threads = 2,
  onPrepare: () => void = () => {},
): Promise<EngineSupervisor> => {
  supervisor = await EngineSupervisor.start({
    enginePath,
    threads,
    limits: { ...RUNTIME_LIMITS, drainMs: 10_000, ...limits },
    spoolFolder: join(folder, 'spool'),
    prepareImage: async () => {
      onPrepare()
      return { path: imagePath, skipped: 3 }
    },
    log: line => void log.push(line),
  })
  return supervisor
}

const job = (text: string, more: Partial<ScanJob> = {}): ScanJob => ({
  name: 'test',
  content: { bytes: Buffer.from(text) },
  options: { allMatches: false },
  ...more,
})
const reasonOf = (report: Report): string | undefined => report.artifacts[0].notSeen[0]?.reason
const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
/** Children of this process that are engines, by the kernel's list. */
const engines = (): string[] =>
  readdirSync('/proc').filter(pid => {
    if (!/^\d+$/.test(pid)) return false
    try {
      return process.getBuiltinModule('node:fs').readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder)
    } catch {
      return false
    }
  })
const eventually = async (what: () => boolean | Promise<boolean>): Promise<void> => {
  for (let i = 0; i < 500; i++) {
    if (await what()) return
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  throw new Error('it did not come about')
}

// Bundled, as in production: an engine of sources takes ten times as long to start.
beforeAll(async () => {
  bundles = await mkdtemp(join(tmpdir(), 'lazaret-engine-'))
  const entryPoints = ['fake-engine.ts', 'fake-worker.ts'].map(name => join(import.meta.dirname, 'testdata', name))
  await build({ entryPoints, outdir: bundles, bundle: true, platform: 'node', format: 'esm', target: 'node24' })
  await writeFile(join(bundles, 'package.json'), '{"type":"module"}')
  enginePath = join(bundles, 'fake-engine.js')
})
afterAll(() => rm(bundles, { recursive: true }))

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lazaret-supervisor-'))
  imagePath = join(folder, 'image')
  log = []
  await writeImage('g1')
})
afterEach(async () => {
  await supervisor?.close()
  supervisor = undefined
  // A fork of an engine that ends looks like it until it has become something else.
  await eventually(() => engines().length === 0)
  expect(existsSync(join(folder, 'spool')) ? readdirSync(join(folder, 'spool')) : []).toEqual([])
  await rm(folder, { recursive: true })
})

async function* chunks(...parts: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield typeof part === 'string' ? Buffer.from(part) : part
}

describe('scanning', () => {
  test('bytes, path and stream, small and larger than the window, come to the same', async () => {
    const scanner = await start({ spoolMemoryBytesPerJob: 100_000 })
    for (const size of [0, 10, 65_536, 65_537, 300_000]) {
      const bytes = Buffer.alloc(size, 'x')
      bytes.write('EVIL')
      const path = join(folder, 'content')
      await writeFile(path, bytes)
      const expected = size === 0 ? 'clean' : 'infected'
      for (const content of [{ bytes }, { path }, { stream: chunks(bytes.subarray(0, 9), bytes.subarray(9)) }]) {
        const report = await scanner.scan(job('', { content }))
        expect([report.verdict, report.artifacts[0].size, report.name]).toEqual([expected, size, 'test'])
      }
    }
  })

  test('detections are heard before the report, all of them with allMatches', async () => {
    const scanner = await start()
    const heard: string[] = []
    const report = await scanner.scan(
      job('EVIL EVIL', {
        options: { allMatches: true },
        onEvent: event => void (event.event === 'detection' && heard.push(event.detection.name)),
      }),
    )
    expect(heard).toEqual(['Fake.Evil', 'Fake.Evil'])
    expect(report.artifacts[0].detections).toHaveLength(2)
  })

  test.each([
    ['/nowhere/at/all', 'not-found'],
    ['/dev/null', 'not-a-file'],
    ['/tmp', 'not-a-file'],
  ])('%s is refused: %s', async (path, code) => {
    const scanner = await start()
    await expect(scanner.scan(job('', { content: { path } }))).rejects.toMatchObject({ code })
    expect((await scanner.scan(job('fine'))).verdict).toBe('clean')
  })

  test('over the size limit: reported, not read', async () => {
    const scanner = await start({ maxFileSizeBytes: 10 })
    const path = join(folder, 'content')
    await writeFile(path, 'EVIL and long')
    for (const content of [
      { path },
      { bytes: Buffer.from('EVIL and long') },
      { stream: chunks('EVIL', ' and long') },
    ]) {
      const report = await scanner.scan(job('', { content }))
      expect([report.verdict, reasonOf(report)]).toEqual(['unscannable', 'too-large'])
    }
  })

  test('what a stream throws is what the scan throws', async () => {
    const scanner = await start()
    const broken = async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.from('abc')
      throw new ScanFailure('stream-too-large')
    }
    await expect(scanner.scan(job('', { content: { stream: broken() } }))).rejects.toMatchObject({
      code: 'stream-too-large',
    })
  })

  test('status counts', async () => {
    const scanner = await start()
    await Promise.all([scanner.scan(job('a')), scanner.scan(job('EVIL'))])
    expect(await scanner.status()).toMatchObject({
      database: 'g1',
      signatures: 7,
      scans: 2,
      bytes: 5,
      verdicts: { clean: 1, infected: 1 },
      threads: { live: 2, idle: 2, max: 2 },
      queued: 0,
    })
  })
})

describe('death', () => {
  test('an engine that is killed is replaced; its jobs are retried and lose nothing', async () => {
    const scanner = await start()
    const reports = Promise.all([
      scanner.scan(job(`DIE-ONCE ${join(folder, 'died')}`)),
      scanner.scan(job('SLOW 100')),
      ...Array.from({ length: 40 }, (_, i) => scanner.scan(job(i % 2 === 0 ? 'fine' : 'EVIL'))),
    ])
    expect((await reports).map(report => report.verdict).filter(verdict => verdict === 'unscannable')).toEqual([])
    expect((await scanner.status()).engineRestarts).toBe(1)
  })

  test.each(['DIE', 'THROW'])(
    '%s twice: a report, then remembered; a reload to another database forgets',
    async word => {
      const scanner = await start()
      const first = await scanner.scan(job(word))
      expect([first.verdict, reasonOf(first)]).toEqual(['unscannable', 'crashed'])
      expect(first.artifacts[0].sha256).toMatch(/^[0-9a-f]{64}$/)
      const restarts = (await scanner.status()).engineRestarts
      const again = await scanner.scan(job(word))
      expect(reasonOf(again)).toBe('crashed')
      const path = join(folder, 'content')
      await writeFile(path, word)
      expect(reasonOf(await scanner.scan(job('', { content: { path } })))).toBe('crashed')
      expect((await scanner.status()).engineRestarts).toBe(restarts)
      expect((await scanner.scan(job(word.toLowerCase()))).verdict).toBe('clean')
      await writeImage('g2')
      await scanner.reload()
      await scanner.scan(job(word))
      expect((await scanner.status()).engineRestarts).toBeGreaterThan(restarts)
    },
  )

  test('an innocent in the same engine is not taken for guilty', async () => {
    const scanner = await start()
    const guilty = scanner.scan(job('DIE'))
    const innocent = scanner.scan(job('SLOW 300'))
    expect((await innocent).verdict).toBe('clean')
    expect(reasonOf(await guilty)).toBe('crashed')
  })

  test('a scan that does not end is ended, others go on', async () => {
    const scanner = await start({ maxTimeMs: 200, hangGraceMs: 100 })
    const pid = scanner.enginePid
    const hung = scanner.scan(job(`HANG ${'x'.repeat(1_000_000)}`))
    expect((await scanner.scan(job('EVIL'))).verdict).toBe('infected')
    expect(reasonOf(await hung)).toBe('crashed')
    expect(scanner.enginePid).toBe(pid)
    await eventually(async () => (await scanner.status()).threads.idle === 2)
  })

  test('who waits behind a slow one goes elsewhere', async () => {
    const scanner = await start({}, 2)
    const slow = scanner.scan(job('SLOW 3000'))
    const others = Array.from({ length: 20 }, () => scanner.scan(job('EVIL')))
    const first = await Promise.race([slow.then(() => 'slow'), Promise.all(others).then(() => 'others')])
    expect(first).toBe('others')
    expect((await slow).verdict).toBe('clean')
    expect((await scanner.status()).scans).toBe(21)
  })

  test('a killed engine that had nothing in hand comes back', async () => {
    const scanner = await start()
    for (let i = 0; i < 5; i++) {
      await eventually(() => scanner.enginePid !== undefined)
      process.kill(scanner.enginePid as number, 'SIGKILL')
      expect((await scanner.scan(job('EVIL'))).verdict).toBe('infected')
    }
    expect(log.filter(line => line.startsWith('engine:')).length).toBe(5)
  })

  test.each([
    [8, 'clean', undefined],
    [Infinity, 'unscannable', 'crashed'],
  ])(
    '%d engines that are killed while they load: the job that ended the first is %s',
    async (deaths, verdict, reason) => {
      const dieLoading = join(folder, 'deaths')
      await writeImage('g1', { dieLoading })
      const scanner = await start({}, 1)
      await writeFile(dieLoading, String(deaths))
      const guilty = scanner.scan(job(`DIE-ONCE ${join(folder, 'died')}`))
      const innocent = scanner.scan(job('behind'))
      const report = await guilty
      expect(report.verdict).toBe(verdict)
      expect(reasonOf(report)).toBe(reason)
      expect(log.some(line => line.includes('could not be started again'))).toBe(true)
      await writeFile(dieLoading, '0')
      expect((await innocent).verdict).toBe('clean')
      expect((await scanner.scan(job('after'))).verdict).toBe('clean')
    },
    20_000,
  )

  test('an image that cannot be loaded is said at the start', async () => {
    await writeImage('g1', { refuse: 'checksum of section 3' })
    await expect(start()).rejects.toThrow('checksum of section 3')
  })
})

describe('limits', () => {
  test('a full queue is busy at once', async () => {
    const scanner = await start({ maxQueue: 3 }, 1)
    const slow = Array.from({ length: 7 }, () => scanner.scan(job('SLOW 50')))
    await expect(scanner.scan(job('fine'))).rejects.toMatchObject({ code: 'busy', retryAfterMs: expect.any(Number) })
    expect((await Promise.all(slow)).map(report => report.verdict)).toEqual(Array.from({ length: 7 }, () => 'clean'))
    expect((await scanner.scan(job('fine'))).verdict).toBe('clean')
  })

  test('cancelling frees the slot of a scan that goes on', async () => {
    const scanner = await start({ cancelGraceMs: 50 }, 1)
    const abort = new AbortController()
    const hung = scanner.scan(job('HANG', { signal: abort.signal }))
    const next = scanner.scan(job('EVIL'))
    await eventually(async () => (await scanner.status()).active.length > 0)
    abort.abort()
    await expect(hung).rejects.toMatchObject({ code: 'cancelled' })
    expect((await next).verdict).toBe('infected')
  })

  test('cancelling a waiting job and a stream that stands still', async () => {
    const scanner = await start({}, 1)
    const abort = new AbortController()
    const slow = scanner.scan(job('SLOW 200'))
    const slower = scanner.scan(job('SLOW 1'))
    const waiting = scanner.scan(job('fine', { signal: abort.signal }))
    const still = async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.from('abc')
      await new Promise(() => {})
    }
    const stream = scanner.scan(job('', { content: { stream: still() }, signal: abort.signal }))
    abort.abort()
    await expect(waiting).rejects.toMatchObject({ code: 'cancelled' })
    await expect(stream).rejects.toMatchObject({ code: 'cancelled' })
    await Promise.all([slow, slower])
    expect(await scanner.status()).toMatchObject({ queued: 0, active: [] })
  })
})

describe('reload and close', () => {
  test('under load no scan fails and none is lost', async () => {
    const scanner = await start()
    let scans = 0
    const stop = new AbortController()
    const seen = new Set<string>()
    const load = Array.from({ length: 8 }, async () => {
      while (!stop.signal.aborted) {
        const report = await scanner.scan(job(scans++ % 3 === 0 ? 'EVIL' : 'SLOW 1'))
        seen.add(report.scanner.database)
        expect(['clean', 'infected']).toContain(report.verdict)
      }
    })
    const old = scanner.enginePid as number
    for (const generation of ['g2', 'g3', 'g4']) {
      await writeImage(generation)
      expect(await scanner.reload()).toMatchObject({ changed: true, database: generation, signatures: 7, skipped: 3 })
    }
    expect(await scanner.reload()).toMatchObject({ changed: false, database: 'g4' })
    await eventually(() => seen.has('g4'))
    stop.abort()
    await Promise.all(load)
    await eventually(() => !alive(old))
    expect((await scanner.status()).engineRestarts).toBe(0)
  })

  test('many reloads at once are two', async () => {
    let prepared = 0
    const scanner = await start({}, 1, () => prepared++)
    await writeImage('g2')
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => scanner.reload()))
    expect(outcomes.map(outcome => outcome.database)).toEqual(Array.from({ length: 20 }, () => 'g2'))
    expect(prepared).toBe(3)
  })

  test('a database that does not load leaves the old one in use', async () => {
    const scanner = await start()
    await writeImage('g2', { refuse: 'truncated' })
    await expect(scanner.reload()).rejects.toThrow('truncated')
    expect((await scanner.scan(job('EVIL'))).scanner.database).toBe('g1')
  })

  test('close waits for what is in hand and refuses the rest', async () => {
    const scanner = await start({}, 1)
    const running = [scanner.scan(job('SLOW 100')), scanner.scan(job('EVIL'))]
    const closed = scanner.close()
    await expect(scanner.scan(job('fine'))).rejects.toMatchObject({ code: 'shutting-down' })
    expect((await Promise.all(running)).map(report => report.verdict)).toEqual(['clean', 'infected'])
    await closed
  })

  test('close does not wait for ever', async () => {
    const scanner = await start({ drainMs: 100 }, 1)
    const hung = scanner.scan(job('HANG'))
    const said = expect(hung).rejects.toMatchObject({ code: 'shutting-down' })
    await scanner.close()
    await said
  })
})

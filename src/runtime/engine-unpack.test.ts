import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { crc32, deflateRawSync, gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { withClassic } from '../components/zip/build-encrypted.ts'
import { buildZip } from '../formats/zip/build.ts'
import type { Report } from '../report/index.ts'
import type { ScanJob } from '../scan/index.ts'
import { buildImage } from './database-build.ts'
import { locateDatabase } from './database-sources.ts'
import { KERNEL_URL } from './image.ts'
import { RUNTIME_LIMITS } from './limits.ts'
import type { RuntimeLimits } from './limits.ts'
import { createLocalScanner } from './local.ts'
import { findProgram } from './sandbox/launch.ts'
import { EngineSupervisor } from './supervisor.ts'

// Real engine processes with real sandboxes, as bundles, behind a supervisor.

const EVIL = 'Lazaret!'
const utf8 = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text))
const zip = (name: string, data: Uint8Array | string, password?: string): Uint8Array => {
  const plain = deflated(name, data)
  return buildZip([password === undefined ? plain : withClassic(plain, password)])
}
const deflated = (name: string, content: Uint8Array | string) => ({
  name,
  content,
  method: 8,
  data: deflateRawSync(content),
})

/** Takes a second or more to unpack: almost 1 GiB comes out of it. */
const longArchive = (): Uint8Array => {
  const content = new Uint8Array(8 << 20)
  const member = {
    content: '',
    unpacked: content.length,
    crc: crc32(content),
    method: 8,
    data: deflateRawSync(content),
  }
  return buildZip(Array.from({ length: 120 }, (_, i) => ({ ...member, name: `${i}` })))
}

let folder: string
let image: string
let supervisor: EngineSupervisor | undefined
let log: string[]
let long: Uint8Array

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lazaret-unpack-'))
  const dist = join(folder, 'dist')
  mkdirSync(dist)
  const entries = { 'engine-main': 'engine', 'engine-worker': 'engine-worker', 'sandbox/child-main': 'sandbox' }
  await Promise.all(
    Object.entries(entries).map(([source, output]) =>
      build({
        entryPoints: [join(import.meta.dirname, `${source}.ts`)],
        outfile: join(dist, `${output}.js`),
        bundle: true,
        platform: 'node',
        format: 'esm',
        target: 'node24',
        logLevel: 'error',
      }),
    ),
  )
  const root = fileURLToPath(new URL('../../', import.meta.url))
  copyFileSync(join(root, 'package.json'), join(folder, 'package.json'))
  copyFileSync(join(root, 'node_modules/7z-wasm/7zz.wasm'), join(dist, '7zz.wasm'))
  if (existsSync(KERNEL_URL)) copyFileSync(KERNEL_URL, join(dist, 'kernel.wasm'))
  image = join(folder, 'image')
  await writeImage('t.ndb')
  long = longArchive()
})
afterAll(() => rm(folder, { recursive: true }))
afterEach(async () => {
  await supervisor?.close()
  supervisor = undefined
})

async function writeImage(name: string): Promise<void> {
  const sources = await mkdtemp(join(folder, 'sources-'))
  await writeFile(join(sources, name), 'Test.Evil:0:*:4c617a6172657421\n')
  const located = locateDatabase([sources])
  if (located.kind !== 'sources') throw new Error('sources expected')
  buildImage({ files: located.files, output: image, unwanted: false })
}

const start = async (limits: Partial<RuntimeLimits> = {}, threads = 1): Promise<EngineSupervisor> => {
  log = []
  supervisor = await EngineSupervisor.start({
    enginePath: join(folder, 'dist', 'engine.js'),
    threads,
    limits: { ...RUNTIME_LIMITS, drainMs: 1000, ...limits, tree: { ...RUNTIME_LIMITS.tree, maxExpansion: 1e6 } },
    spoolFolder: join(folder, 'spool'),
    prepareImage: async () => ({ path: image, skipped: 0 }),
    log: line => void log.push(line),
  })
  return supervisor
}
const job = (bytes: Uint8Array, options: Partial<ScanJob['options']> = {}, signal?: AbortSignal): ScanJob => ({
  name: 'top.zip',
  content: { bytes },
  options: { allMatches: false, ...options },
  ...(signal === undefined ? {} : { signal }),
})
const reasons = (report: Report) => report.artifacts.flatMap(({ notSeen }) => notSeen.map(({ reason }) => reason))
const sleep = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

/** Processes below another one, by the kernel's lists. */
const below = (pid: number): number[] => {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ').filter(Boolean)
    return children.flatMap(child => [Number(child), ...below(Number(child))])
  } catch {
    return []
  }
}
/** Not gone, and not only waiting to be reaped. */
const alive = (pid: number): boolean => {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return false
  }
}
const eventually = async (what: () => boolean): Promise<void> => {
  for (let i = 0; i < 500; i++) {
    if (what()) return
    await sleep(10)
  }
  throw new Error('it did not come about')
}
const ticks = (pid: number): number => {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /, '')
      .split(' ')
    return Number(fields[11]) + Number(fields[12])
  } catch {
    return 0
  }
}
/** Hundredths of a second of work: more than the start of a child takes. */
const BUSY_TICKS = 25
/** The sandbox in which a long run is in flight: the one that uses the processor. */
const busy = async (engine: number): Promise<number> => {
  const before = new Map(below(engine).map(pid => [pid, ticks(pid)]))
  for (let i = 0; i < 1000; i++) {
    const found = [...before].find(([pid, then]) => alive(pid) && ticks(pid) >= then + BUSY_TICKS)
    if (found !== undefined) return found[0]
    await sleep(5)
  }
  throw new Error('no sandbox does anything')
}

describe.skipIf(process.platform !== 'linux')('an engine with sandboxes', () => {
  test('finds inside of archives, by path and by content, and says where', async () => {
    const scanner = await start()
    const inner = zip('folder/evil', `x${EVIL}`)
    const content = gzipSync(buildZip([{ name: 'inner.zip', content: inner }]))
    const path = join(folder, 'content')
    await writeFile(path, content)
    for (const submission of [job(content), { ...job(content), content: { path } }]) {
      const report = await scanner.scan(submission)
      expect(report.verdict).toBe('infected')
      const { detections } = report.artifacts.at(-1) as Report['artifacts'][0]
      expect(detections[0].where?.path).toMatch(/^top.zip!\/.*inner\.zip!\/folder\/evil$/)
    }
    expect((await scanner.scan(job(zip('a', 'fine')))).verdict).toBe('clean')
  })

  test('passwords travel', async () => {
    const scanner = await start()
    const closed = zip('evil', EVIL, 'Geheim, 42')
    const without = await scanner.scan(job(closed))
    expect([without.verdict, reasons(without)]).toEqual(['unscannable', ['encrypted']])
    expect((await scanner.scan(job(closed, { passwords: ['wrong', 'Geheim, 42'] }))).verdict).toBe('infected')
  })

  test('a member of 48 MiB goes back into a sandbox', async () => {
    const scanner = await start()
    const filler = new Uint8Array(48 << 20)
    const inner = buildZip([{ name: 'filler', content: filler }, deflated('evil', EVIL)])
    const outer = buildZip([deflated('inner.zip', inner)])
    const report = await scanner.scan(job(outer))
    expect([report.verdict, reasons(report)]).toEqual(['infected', []])
  })

  test('a sandbox that ends is replaced and its work tried once more, then told of; the engine goes on', async () => {
    const scanner = await start()
    const engine = scanner.enginePid as number
    await scanner.scan(job(zip('a', 'x')))
    const killOne = async () => process.kill(await busy(engine), 'SIGKILL')
    const once = scanner.scan(job(long))
    await killOne()
    expect([(await once).verdict, reasons(await once)]).toEqual(['clean', []])
    const twice = scanner.scan(job(long))
    await killOne()
    await killOne()
    expect([(await twice).verdict, reasons(await twice)]).toEqual(['unscannable', ['crashed']])
    // It is known now, and nobody else pays for it.
    const startedAtMs = performance.now()
    expect(reasons(await scanner.scan(job(long)))).toEqual(['crashed'])
    expect(performance.now() - startedAtMs).toBeLessThan(2000)
    expect((await scanner.scan(job(zip('a', EVIL)))).verdict).toBe('infected')
    expect([scanner.enginePid, (await scanner.status()).engineRestarts]).toEqual([engine, 0])
  }, 60_000)

  test('a scan that is cancelled in the middle frees its thread and its sandbox within a second', async () => {
    const scanner = await start()
    const engine = scanner.enginePid as number
    await scanner.scan(job(zip('a', 'x')))
    const stop = new AbortController()
    const cancelled = scanner.scan(job(long, {}, stop.signal))
    const sandbox = await busy(engine)
    const startedAtMs = performance.now()
    stop.abort()
    await expect(cancelled).rejects.toMatchObject({ code: 'cancelled' })
    await eventually(() => !alive(sandbox))
    expect((await scanner.scan(job(zip('a', EVIL)))).verdict).toBe('infected')
    expect(performance.now() - startedAtMs).toBeLessThan(1000)
    expect(scanner.enginePid).toBe(engine)
  })

  test('the time of a scan ends it in time, and says so', async () => {
    const scanner = await start()
    await scanner.scan(job(zip('a', 'x')))
    const startedAtMs = performance.now()
    const report = await scanner.scan(job(long, { maxTimeMs: 800 }))
    const elapsedMs = performance.now() - startedAtMs
    expect(report.verdict).toBe('unscannable')
    expect(new Set(reasons(report))).toEqual(new Set(['time']))
    expect(elapsedMs).toBeGreaterThan(700)
    expect(elapsedMs).toBeLessThan(1300)
  })

  test('a reload in the middle loses nothing, and leaves nothing behind', async () => {
    const scanner = await start({ drainMs: 20_000 })
    const engine = scanner.enginePid as number
    await scanner.scan(job(zip('a', 'x')))
    const running = scanner.scan(job(long))
    await sleep(300)
    const old = below(engine)
    await writeImage('other.ndb')
    expect((await scanner.reload()).changed).toBe(true)
    expect((await scanner.scan(job(zip('a', EVIL)))).artifacts[1].detections[0].source.database).toBe('other.ndb')
    expect([(await running).verdict, reasons(await running)]).toEqual(['clean', []])
    await eventually(() => ![engine, ...old].some(alive))
    await writeImage('t.ndb')
  })

  test('an engine that dies takes its sandboxes along; what it had in hand is tried again', async () => {
    const scanner = await start()
    const engine = scanner.enginePid as number
    await scanner.scan(job(zip('a', 'x')))
    const running = scanner.scan(job(long))
    await sleep(300)
    const old = below(engine)
    expect(old.length).toBeGreaterThan(0)
    process.kill(engine, 'SIGKILL')
    await eventually(() => !old.some(alive))
    expect((await running).verdict).toBe('clean')
  })

  test('warns of the walls that are missing, and of nothing where all stand', async () => {
    const scanner = await start()
    await scanner.scan(job(zip('a', 'x')))
    const missing = findProgram('bwrap') === undefined || findProgram('prlimit') === undefined
    expect(log.filter(line => line.startsWith('sandbox:')).length > 0).toBe(missing)
  })

  test('a scan without a server takes many archives apart, and ends', async () => {
    const before = new Set(below(process.pid))
    const scanner = createLocalScanner({
      imagePath: image,
      threads: 2,
      limits: RUNTIME_LIMITS,
      spoolFolder: join(folder, 'local-spool'),
    })
    const submissions = Array.from({ length: 40 }, (_, i) =>
      job(i % 3 === 0 ? zip('a', `${i}${EVIL}`) : i % 3 === 1 ? zip('a', `${i}`) : utf8(`plain ${i}`)),
    )
    const reports = await Promise.all(submissions.map(submission => scanner.scan(submission)))
    expect(reports.map(({ verdict }) => verdict)).toEqual(
      submissions.map((_, i) => (i % 3 === 0 ? 'infected' : 'clean')),
    )
    const sandboxes = below(process.pid).filter(pid => !before.has(pid))
    expect(sandboxes.length).toBeGreaterThan(0)
    await scanner.close()
    await eventually(() => !sandboxes.some(alive))
  }, 60_000)
})

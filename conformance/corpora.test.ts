import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { processTree } from '../bench/lib/memory.ts'
import { startLazaret, type ScanServer } from '../bench/lib/servers.ts'
import { connect, type LazaretClient } from '../src/client/index.ts'
import { VERDICTS } from '../src/report/index.ts'
import { CORPORA, uudecode } from './archives/corpus.ts'
import { enginePids, footprint, settled, type Footprint } from './hostile/trials.ts'
import { missing } from './needs.ts'

// The files with which libarchive, libzip, 7-Zip's and RAR's readers are tested, damaged ones among them, through one
// server: a report for each, and the same server, engine and sandboxes afterwards.

const MAX_MS = 30_000
const SETTLE_MS = 30_000
/** Sandboxes that were started at the same time are ready after this. */
const WARM_MS = 3000
const FOLDERS = ['libarchive', 'libzip', 'rar', 'sevenzip']

interface Sample {
  readonly name: string
  readonly content: Uint8Array
}

function* samples(): Generator<Sample> {
  for (const folder of FOLDERS)
    for (const name of readdirSync(join(CORPORA, folder), { recursive: true, encoding: 'utf8' }).toSorted()) {
      const path = join(CORPORA, folder, name)
      let content: Uint8Array
      try {
        content = readFileSync(path)
      } catch {
        continue
      }
      yield { name: `${folder}/${name}`, content }
      const decoded = name.endsWith('.uu') ? uudecode(Buffer.from(content).toString('latin1')) : undefined
      if (decoded !== undefined) yield { name: `${folder}/${name.slice(0, -3)}`, content: decoded }
    }
}

describe.skipIf(missing('lazaret', 'corpora').length > 0)('other projects’ test archives through one server', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lazaret-corpora-'))
  const all = existsSync(CORPORA) ? [...samples()] : []
  let server: ScanServer
  let client: LazaretClient
  let before: Footprint
  let engines: readonly number[]

  beforeAll(async () => {
    const database = join(folder, 'db')
    mkdirSync(database)
    writeFileSync(join(database, 'one.hdb'), '44d88612fea8a8f36de82e1278abb02f:68:Test\n')
    server = await startLazaret({ folder: join(folder, 'server'), database, threads: 2 })
    client = await connect(`unix:${server.native ?? ''}`)
    // Sandboxes start with the first archive that needs them; each thread has its own.
    const first = all.filter(({ name }) => /\.(?:zip|7z|rar|cab)$/.test(name)).slice(0, 8)
    await Promise.all(first.map(({ name, content }) => client.scan({ name, content })))
    await sleep(WARM_MS)
    before = await footprint(server)
    engines = enginePids(server)
  })
  afterAll(async () => {
    client?.close()
    await server?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  it('are all there', () => {
    expect(all.length).toBeGreaterThan(700)
    const digests = new Set(all.map(({ content }) => createHash('sha256').update(content).digest('hex')))
    expect(digests.size).toBeGreaterThan(600)
  })

  it('get one report each, in time', async () => {
    const wrong: string[] = []
    const counts = new Map<string, number>()
    let slowest = { name: '', elapsedMs: 0 }
    for (const { name, content } of all) {
      const startedAt = performance.now()
      const report = await client.scan({ name, content }).catch((error: Error) => error)
      const elapsedMs = performance.now() - startedAt
      if (elapsedMs > slowest.elapsedMs) slowest = { name, elapsedMs }
      if (report instanceof Error) {
        wrong.push(`${name}: ${report.message}`)
        continue
      }
      counts.set(report.verdict, (counts.get(report.verdict) ?? 0) + 1)
      if (!(VERDICTS as readonly string[]).includes(report.verdict)) wrong.push(`${name}: ${report.verdict}`)
      if (report.artifacts.some(({ notSeen }) => notSeen.some(({ reason }) => reason === 'crashed')))
        wrong.push(`${name}: a component crashed`)
      if (elapsedMs > MAX_MS) wrong.push(`${name}: ${elapsedMs} ms`)
    }
    console.log(`${all.length} files:`, Object.fromEntries(counts), 'slowest', slowest)
    expect(wrong).toEqual([])
  })

  it('leave the server as it was', async () => {
    expect(server.child.exitCode).toBe(null)
    expect(enginePids(server)).toEqual(engines)
    expect(await client.request('stats')).toMatchObject({ engineRestarts: 0 })
    const after = await settled(server, before, SETTLE_MS)
    expect(processTree(server.pid).length).toBeLessThanOrEqual(before.processes)
    expect(after.files).toBeLessThanOrEqual(before.files)
    expect(after.idle).toBe(before.idle)
  })
})

// Load time and memory: clamscan and clamd against Lazaret, with the real set and a full-size set; build time of the
// image; reload under load.
// usage: node bench/load.ts [--peer-only] [--runs 3] [--signatures 3300000]
import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { scanPaths } from './lib/clamd-session.ts'
import { elfCorpus } from './lib/corpora.ts'
import { generatedSet, realSet, SCRATCH } from './lib/folders.ts'
import { generateLoad } from './lib/load-order.ts'
import { memoryOf } from './lib/memory.ts'
import { lessIsBetter, record, type Row } from './lib/record.ts'
import { run, until } from './lib/run.ts'
import { ask, LAZARET, startClamd, startLazaret, type ScanServer } from './lib/servers.ts'
import { median, short } from './lib/statistics.ts'

const { values } = parseArgs({
  options: {
    'peer-only': { type: 'boolean', default: false },
    runs: { type: 'string', default: '3' },
    signatures: { type: 'string', default: '3300000' },
  },
})
const runs = Number(values.runs)
const folder = join(SCRATCH, 'load')
mkdirSync(folder, { recursive: true })
const small = join(folder, 'small.txt')
writeFileSync(small, 'a small clean file\n')

const SETS = [
  { name: 'real set', database: realSet(), loadPromise: 8, fullSize: false },
  { name: 'full-size set', database: generatedSet(Number(values.signatures)), loadPromise: 20, fullSize: true },
]
const MEMORY_PROMISE = 4
const BUILD_PROMISE = 1 / 3

const rows: Row[] = []
for (const set of SETS) {
  const peer = await timesOf('clamscan', ['--no-summary', `--database=${set.database}`, small])
  const peerMemory = await serverMemory(
    await startClamd({ folder: join(folder, 'clamd'), database: set.database, threads: 2 }),
  )
  console.log(`${set.name}: clamscan ${short(peer)} ms, clamd ${short(peerMemory / 1e6)} MB`)
  if (values['peer-only']) continue
  const image = join(folder, 'image.lzdb')
  rmSync(image, { force: true })
  const built = await run(process.execPath, [LAZARET, 'db', 'build', image, set.database])
  if (built.code === 2) throw new Error(`db build: ${built.stderr}`)
  console.log(`${set.name}: image of ${short(statSync(image).size / 1e6)} MB built in ${short(built.elapsedMs)} ms`)
  const ours = await timesOf(process.execPath, [LAZARET, 'scan', '--local', '--db', image, small])
  const server = await startLazaret({ folder: join(folder, 'lazaret'), database: image, threads: 2 })
  const ourMemory = await serverMemory(server)
  rows.push(
    lessIsBetter(`${set.name}: process start to first verdict`, 'ms', peer, ours, set.loadPromise),
    lessIsBetter(
      `${set.name}: resident memory, proportional`,
      'MB',
      peerMemory / 1e6,
      ourMemory / 1e6,
      set.fullSize ? MEMORY_PROMISE : undefined,
    ),
    lessIsBetter(
      `${set.name}: build of the image`,
      'ms',
      peer,
      built.elapsedMs,
      set.fullSize ? BUILD_PROMISE : undefined,
    ),
  )
}
if (!values['peer-only']) {
  rows.push(await reloadUnderLoad())
  process.exitCode = record('load', rows, { runs, signatures: Number(values.signatures) }) ? 0 : 1
}

/** Median wall time of a program that must find a clean file clean. */
async function timesOf(program: string, options: readonly string[]): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < runs; i++) {
    const { code, elapsedMs, stderr, stdout } = await run(program, options)
    if (code !== 0) throw new Error(`${program} ${options.join(' ')} ended with ${code}: ${stdout}${stderr}`)
    times.push(elapsedMs)
  }
  return median(times)
}

/** Proportional resident bytes of a server and all its processes after it scanned something; stops it. */
async function serverMemory(server: ScanServer): Promise<number> {
  await scanPaths(server.clamd, elfCorpus(5e6).paths)
  const { pssBytes, rssBytes, processes } = memoryOf(server.pid)
  console.log(
    `${server.name}: ${processes} processes, PSS ${short(pssBytes / 1e6)} MB, RSS ${short(rssBytes / 1e6)} MB, ` +
      `ready after ${short(server.readyMs)} ms`,
  )
  await server.stop()
  return pssBytes
}

/** Reloads again and again while eight connections scan; the promise is that nothing fails. */
async function reloadUnderLoad(): Promise<Row> {
  const database = realSet()
  const server = await startLazaret({ folder: join(folder, 'lazaret'), database, threads: 2 })
  let reloads = 0
  const state = { isBusy: true }
  const reloader = (async () => {
    while (state.isBusy) {
      // A changed database: one more signature each time, so that every reload builds and swaps.
      writeFileSync(
        join(database, 'extra.ndb'),
        `Test.Extra-${reloads}:0:*:${'e7'.repeat(20)}${reloads.toString(16).padStart(8, '0')}\n`,
      )
      await ask(server.clamd, 'zRELOAD\0')
      reloads++
      await until('pause between reloads', 60_000, async () => (await ask(server.clamd, 'zPING\0')) === 'PONG\0')
      await new Promise(resolve => setTimeout(resolve, 1500))
    }
  })()
  const samples = elfCorpus(40e6, { min: 262_144 }).paths.slice(0, 16)
  const order = { socket: server.clamd, connections: 8, bytes: 65_536, samples, warmupMs: 0, measureMs: 15_000 }
  const result = await generateLoad({ ...order, mode: 'instream' })
  state.isBusy = false
  await reloader
  await server.stop()
  console.log(
    `${reloads} reloads under ${short(result.perSecond)} scans/s: ${result.failures} failed ${result.firstFailure}`,
  )
  return {
    ...lessIsBetter('failed scans while reloading', 'scans', 0, result.failures),
    ratio: result.failures === 0 ? 1 : 0,
    promise: 1,
  }
}

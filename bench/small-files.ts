// Small files over the socket, 8 connections: rate, median and 99th percentile, Lazaret against clamd.
// usage: node bench/small-files.ts [--peer-only] [--runs 3] [--seconds 4] [--threads 2]
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { elfCorpus, peCorpus, textCorpus } from './lib/corpora.ts'
import { realSet, SCRATCH } from './lib/folders.ts'
import { generateLoad, type LoadOrder, type LoadResult } from './lib/load-order.ts'
import { lessIsBetter, moreIsBetter, record, type Row } from './lib/record.ts'
import { startClamd, startLazaret, type ScanServer } from './lib/servers.ts'
import { median, short } from './lib/statistics.ts'

const CONNECTIONS = 8
const SIZES = [
  { bytes: 4096, promise: 6 },
  { bytes: 262_144, promise: 10 },
]

const { values } = parseArgs({
  options: {
    'peer-only': { type: 'boolean', default: false },
    runs: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '4' },
    threads: { type: 'string', default: '2' },
  },
})
const runs = Number(values.runs)
const threads = Number(values.threads)
const measureMs = Number(values.seconds) * 1000

/** A mix as uploads are: half text, the rest programs of both kinds; only the beginnings are sent. */
const samples = [
  ...textCorpus(40e6, { min: 8192 }).paths.slice(0, 32),
  ...elfCorpus(60e6, { min: 262_144 }).paths.slice(0, 16),
  ...peCorpus(60e6, { min: 262_144 }).paths.slice(0, 16),
]

const database = realSet()
const clamd = await startClamd({ folder: join(SCRATCH, 'clamd'), database, threads })
const servers: ScanServer[] = [clamd]
if (!values['peer-only']) {
  servers.push(await startLazaret({ folder: join(SCRATCH, 'lazaret'), database, threads }))
}

type Key = `${ScanServer['name']} ${LoadOrder['mode']}`
const rows: Row[] = []
try {
  for (const { bytes, promise } of SIZES) rows.push(...(await measure(bytes, promise)))
} finally {
  for (const server of servers) await server.stop()
}
if (!values['peer-only'])
  process.exitCode = record('small-files', rows, { runs, threads, connections: CONNECTIONS }) ? 0 : 1

async function measure(bytes: number, promise: number): Promise<Row[]> {
  const results = new Map<Key, LoadResult[]>()
  for (let run = 0; run < runs; run++) {
    for (const server of servers) {
      for (const mode of ['instream', 'session', 'native', 'multiplexed'] as const) {
        const socket = mode === 'native' || mode === 'multiplexed' ? server.native : server.clamd
        if (socket === undefined) continue
        const order: LoadOrder = { socket, mode, connections: CONNECTIONS, bytes, samples, warmupMs: 500, measureMs }
        const result = await generateLoad(order)
        const key: Key = `${server.name} ${mode}`
        results.set(key, [...(results.get(key) ?? []), result])
        const failed = result.failures > 0 ? `, ${result.failures} failed (${result.firstFailure})` : ''
        console.log(
          `${bytes} bytes, ${key}: ${short(result.perSecond)}/s, median ${short(result.p50Ms)} ms, ` +
            `99th ${short(result.p99Ms)} ms${failed}`,
        )
      }
    }
  }
  return compare(bytes, promise, results)
}

function compare(bytes: number, promise: number, results: ReadonlyMap<Key, readonly LoadResult[]>): Row[] {
  const of = (key: Key, field: 'perSecond' | 'p99Ms') => median((results.get(key) ?? []).map(result => result[field]))
  const what = `${bytes / 1024} KiB`
  return [
    moreIsBetter(
      `${what} INSTREAM`,
      'scans/s',
      of('clamd instream', 'perSecond'),
      of('lazaret instream', 'perSecond'),
      promise,
    ),
    lessIsBetter(`${what} INSTREAM 99th`, 'ms', of('clamd instream', 'p99Ms'), of('lazaret instream', 'p99Ms'), 1),
    moreIsBetter(`${what} IDSESSION`, 'scans/s', of('clamd session', 'perSecond'), of('lazaret session', 'perSecond')),
    lessIsBetter(`${what} IDSESSION 99th`, 'ms', of('clamd session', 'p99Ms'), of('lazaret session', 'p99Ms'), 1),
    moreIsBetter(
      `${what} native against the best of our clamd dialect`,
      'scans/s',
      Math.max(of('lazaret instream', 'perSecond'), of('lazaret session', 'perSecond')),
      Math.max(of('lazaret native', 'perSecond'), of('lazaret multiplexed', 'perSecond')),
      1,
    ),
  ]
}

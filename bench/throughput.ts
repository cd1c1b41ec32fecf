// Bytes per second of one scanning thread: Lazaret against clamd, warm page cache, alternating runs, medians.
// usage: node bench/throughput.ts [--peer-only] [--runs 3] [--megabytes 60]
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { scanPaths } from './lib/clamd-session.ts'
import { elfCorpus, peCorpus, textCorpus, warm, type Corpus } from './lib/corpora.ts'
import { realSet, SCRATCH } from './lib/folders.ts'
import { processorSeconds } from './lib/processor.ts'
import { moreIsBetter, record, type Row } from './lib/record.ts'
import { PATIENT, startClamd, startLazaret, type ScanServer } from './lib/servers.ts'
import { median, short } from './lib/statistics.ts'

const WARM_UP_FILES = 400
const PROMISES: Readonly<Record<Corpus['name'], number>> = { elf: 30, pe: 30, text: 20 }

const { values } = parseArgs({
  options: {
    'peer-only': { type: 'boolean', default: false },
    runs: { type: 'string', default: '3' },
    megabytes: { type: 'string', default: '60' },
  },
})
const runs = Number(values.runs)
const bytes = Number(values.megabytes) * 1e6
/** Sizes of everyday: one file of 25 MB among a hundred would be most of what is measured. */
const sizes = { max: 4e6 }
const corpora = [elfCorpus(bytes, sizes), peCorpus(bytes, sizes), textCorpus(bytes / 2, sizes)]

const database = realSet()
// Caches of verdicts would measure nothing: clamd's is switched off, and every run of Lazaret asks for a fresh scan.
const servers: ScanServer[] = [
  await startClamd({
    folder: join(SCRATCH, 'clamd'),
    database,
    threads: 1,
    clamdLines: ['DisableCache yes', ...PATIENT],
  }),
]
if (!values['peer-only']) {
  servers.push(await startLazaret({ folder: join(SCRATCH, 'lazaret'), database, threads: 1 }))
}

const rows: Row[] = []
try {
  for (const corpus of corpora) rows.push(await compare(corpus))
} finally {
  for (const server of servers) await server.stop()
}
if (!values['peer-only']) process.exitCode = record('throughput', rows, { runs }) ? 0 : 1

async function compare(corpus: Corpus): Promise<Row> {
  warm(corpus)
  const rates = new Map<string, number[]>(servers.map(server => [server.name, []]))
  /** By processor time of the whole server: what a busy machine does not distort. */
  const processorRates = new Map<string, number[]>(servers.map(server => [server.name, []]))
  // A server's life is long: what its first files cost, while code is still being compiled, is not its rate.
  for (const server of servers) await scanPaths(server.clamd, corpus.paths.slice(0, WARM_UP_FILES))
  for (let run = 0; run < runs; run++) {
    for (const server of servers) {
      const before = processorSeconds(server.pid)
      const { elapsedMs, answers } = await scanPaths(server.clamd, corpus.paths)
      const seconds = processorSeconds(server.pid) - before
      const found = [...answers.values()].filter(answer => answer.endsWith('FOUND')).length
      const errors = [...answers.values()].filter(answer => answer.endsWith('ERROR')).length
      const rate = corpus.bytes / 1e3 / elapsedMs
      rates.get(server.name)?.push(rate)
      processorRates.get(server.name)?.push(corpus.bytes / 1e6 / Math.max(seconds, 0.01))
      console.log(
        `${corpus.name} ${server.name}: ${corpus.paths.length} files, ${short(corpus.bytes / 1e6)} MB, ` +
          `${short(rate)} MB/s, ${short(seconds)} s of processor time, ${found} found, ${errors} errors`,
      )
    }
  }
  const of = (name: string) => median(rates.get(name) ?? [])
  const byProcessor = (name: string) => median(processorRates.get(name) ?? [])
  const note =
    `per second of processor time, all processes: clamd ${short(byProcessor('clamd'))}, ` +
    `lazaret ${short(byProcessor('lazaret'))} MB, ratio ${short(byProcessor('lazaret') / byProcessor('clamd'))}`
  return moreIsBetter(corpus.name, 'MB/s', of('clamd'), of('lazaret'), PROMISES[corpus.name], note)
}

// Containers made of this machine's files: Lazaret beside clamd, one scanning thread each, by processor time of all
// processes, sandboxes among them. Then the same kinds with a marker inside: both must see it in each.
// usage: node bench/containers.ts [--megabytes 500] [--runs 3]
import { createHash } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { scanPaths } from './lib/clamd-session.ts'
import { realSet, SCRATCH } from './lib/folders.ts'
import { processorSeconds } from './lib/processor.ts'
import { moreIsBetter, record, type Row } from './lib/record.ts'
import { PATIENT, startClamd, startLazaret, type ScanServer } from './lib/servers.ts'
import { median, short } from './lib/statistics.ts'

const PROMISE = 8
const MARKER = 'This file stands in every container, and its digest in the database.'
const KINDS = ['zip', 'tar', '7z', 'docx', 'pdf', 'mail'] as const

const { values } = parseArgs({
  options: { megabytes: { type: 'string', default: '500' }, runs: { type: 'string', default: '3' } },
})
const runs = Number(values.runs)

const maker = join(import.meta.dirname, 'lib', 'make-containers.py')
const mix = made(join(SCRATCH, `containers-${values.megabytes}`), values.megabytes)
const marked = made(join(SCRATCH, 'containers-marked'), '1000', MARKER)

const database = join(SCRATCH, 'containers-db')
rmSync(database, { recursive: true, force: true })
mkdirSync(database, { recursive: true })
const real = realSet()
for (const name of readdirSync(real)) copyFileSync(join(real, name), join(database, name))
const digest = createHash('sha256').update(MARKER).digest('hex')
writeFileSync(join(database, 'marker.hsb'), `${digest}:${MARKER.length}:Lazaret.Marker\n`)

const servers: ScanServer[] = [
  await startClamd({
    folder: join(SCRATCH, 'containers-clamd'),
    database,
    threads: 1,
    clamdLines: ['DisableCache yes', ...PATIENT],
  }),
  await startLazaret({ folder: join(SCRATCH, 'containers-lazaret'), database, threads: 1 }),
]
const rows: Row[] = []
try {
  for (const server of servers) await scanPaths(server.clamd, mix.slice(0, KINDS.length))
  for (const kind of KINDS)
    rows.push(
      await compare(
        kind,
        mix.filter(path => basename(path).startsWith(`${kind}-`)),
      ),
    )
  rows.unshift(await compare('mix', mix, PROMISE))
  rows.push(await members())
} finally {
  for (const server of servers) await server.stop()
}
process.exitCode = record('containers', rows, { runs }) ? 0 : 1

function made(folder: string, megabytes: string, marker?: string): string[] {
  if (!existsSync(folder)) {
    execFileSync('python3', [maker, `${folder}.new`, megabytes, ...(marker === undefined ? [] : [marker])])
    execFileSync('mv', [`${folder}.new`, folder])
  }
  return readdirSync(folder).map(name => join(folder, name))
}

async function compare(what: string, paths: readonly string[], promise?: number): Promise<Row> {
  const bytes = paths.reduce((sum, path) => sum + statSync(path).size, 0)
  const byProcessor = new Map<string, number[]>(servers.map(({ name }) => [name, []]))
  const byClock = new Map<string, number[]>(servers.map(({ name }) => [name, []]))
  for (let run = 0; run < runs; run++) {
    for (const server of servers) {
      const before = processorSeconds(server.pid)
      // One at a time: a second container would wait for the only thread.
      const { elapsedMs, answers } = await scanPaths(server.clamd, paths, 2)
      const seconds = processorSeconds(server.pid) - before
      const wrong = [...answers.values()].filter(answer => answer !== 'OK')
      byProcessor.get(server.name)?.push(bytes / 1e6 / seconds)
      byClock.get(server.name)?.push(bytes / 1e3 / elapsedMs)
      console.log(
        `${what} ${server.name}: ${paths.length} files, ${short(bytes / 1e6)} MB, ${short(elapsedMs / 1000)} s, ` +
          `${short(seconds)} s of processor time, ${wrong.length} not OK${wrong.length === 0 ? '' : ` (${wrong[0]})`}`,
      )
    }
  }
  const rate = (rates: Map<string, number[]>, name: string) => median(rates.get(name) ?? [])
  const note = `by the clock: clamd ${short(rate(byClock, 'clamd'))}, lazaret ${short(rate(byClock, 'lazaret'))} MB/s`
  const [peer, ours] = [rate(byProcessor, 'clamd'), rate(byProcessor, 'lazaret')]
  return moreIsBetter(what, 'MB per second of processor time', peer, ours, promise, note)
}

/** Containers in which the marker is found. */
async function members(): Promise<Row> {
  const found: number[] = []
  for (const server of servers) {
    const { answers } = await scanPaths(server.clamd, marked, 1)
    found.push([...answers.values()].filter(answer => answer.includes('Lazaret.Marker')).length)
  }
  return moreIsBetter('marker found', 'containers', found[0], found[1], 1)
}

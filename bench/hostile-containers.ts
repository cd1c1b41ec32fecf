// Damaged containers of every kind through real sandboxes: an answer to each, in time, no crash, and never a clean
// verdict where content was not read.
// usage: node bench/hostile-containers.ts [--count 200000] [--seed bench]
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { mutatedContainers } from '../conformance/hostile/containers.ts'
import { enginePids, footprint, settled } from '../conformance/hostile/trials.ts'
import { signatures } from '../src/components/testing/trial.ts'
import { SCRATCH } from './lib/folders.ts'
import { record } from './lib/record.ts'
import { startLazaret } from './lib/servers.ts'

const { values } = parseArgs({
  options: { count: { type: 'string', default: '200000' }, seed: { type: 'string', default: 'bench' } },
})
const SETTLE_MS = 60_000
const CLAM = '71e7b604d18aefd839e51a39c88df8383bb4c071dc31f87f00a2b5df580d4495:544:Clam.Test\n'

const database = join(SCRATCH, 'hostile-containers-db')
rmSync(database, { recursive: true, force: true })
mkdirSync(database, { recursive: true })
for (const [name, text] of Object.entries(signatures())) writeFileSync(join(database, name), text)
writeFileSync(join(database, 'clam.hsb'), CLAM)

const server = await startLazaret({ folder: join(SCRATCH, 'hostile-containers-server'), database, threads: 2 })
const native = `unix:${server.native ?? ''}`
await mutatedContainers(native, 200, 'warm')
const before = await footprint(server)
const engines = enginePids(server)

const startedAt = performance.now()
const trial = await mutatedContainers(native, Number(values.count), values.seed, done => console.log(`${done} scans`))
const seconds = (performance.now() - startedAt) / 1000
for (const fault of trial.faults.slice(0, 200)) console.log(`FAULT ${fault}`)
for (const one of trial.slow) console.log(`slow: ${one}`)
console.log(trial.counts, `slowest ${Math.round(trial.slowestMs)} ms, ${Math.round(trial.scans / seconds)} scans/s`)

const after = await settled(server, before, SETTLE_MS)
const leaks = [
  ...(after.processes > before.processes ? [`${after.processes} processes, before ${before.processes}`] : []),
  ...(after.files > before.files ? [`${after.files} open files, before ${before.files}`] : []),
  ...(enginePids(server).join(' ') === engines.join(' ') ? [] : ['another engine']),
  ...(server.child.exitCode === null ? [] : [`the server ended with ${server.child.exitCode}`]),
]
for (const leak of leaks) console.log(`LEAK ${leak}`)
await server.stop()

const row = (what: string, count: number) =>
  ({ what, unit: 'faults', peer: 0, ours: count, ratio: count === 0 ? 1 : 0, promise: 1 }) as const
const kept = record('hostile-containers', [row('mutants', trial.faults.length), row('leaks', leaks.length)], {
  asked: values,
  counts: trial.counts,
  slowestMs: Math.round(trial.slowestMs),
  seconds: Math.round(seconds),
})
process.exitCode = kept ? 0 : 1

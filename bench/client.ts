// Cold start to verdict on a small file: the single-file client and the JavaScript client against clamdscan.
// usage: node bench/client.ts [--runs 30] [--peer-only]
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { noise } from '../conformance/carriers/bytes.ts'
import { realSet, SCRATCH } from './lib/folders.ts'
import { lessIsBetter, record } from './lib/record.ts'
import { run } from './lib/run.ts'
import { LAZARET_CLIENT, startClamd, startLazaret } from './lib/servers.ts'
import { median, short } from './lib/statistics.ts'

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '30' }, 'peer-only': { type: 'boolean', default: false } },
})
const TEST_FILE = '/usr/share/clamav-testfiles/clam.exe'
const SINGLE_FILE = join(LAZARET_CLIENT, '..', 'client', 'lazaret-client-linux-x64')
/** The promise: at most three times as long as clamdscan. */
const PROMISE = 1 / 3
/** The test file is known to the real set. */
const EXPECTED_CODE = existsSync(TEST_FILE) ? 1 : 0

const database = realSet()
const clamd = await startClamd({ folder: join(SCRATCH, 'clamd'), database, threads: 2 })
const configuration = join(SCRATCH, 'clamd', 'client.conf')
writeFileSync(configuration, `LocalSocket ${clamd.clamd}\n`)
const file = existsSync(TEST_FILE) ? TEST_FILE : join(SCRATCH, 'clamd', 'small')
if (file !== TEST_FILE) writeFileSync(file, noise(544))

const peer: Command = {
  name: 'clamdscan',
  program: 'clamdscan',
  options: [`--config-file=${configuration}`, '--no-summary', file],
}
if (values['peer-only']) {
  await measure([peer])
} else {
  const server = await startLazaret({ folder: join(SCRATCH, 'lazaret'), database, threads: 2 })
  const options = ['--server', `unix:${server.native}`, file]
  const times = await measure([
    peer,
    { name: 'single-file client', program: SINGLE_FILE, options },
    { name: 'JavaScript client', program: process.execPath, options: [LAZARET_CLIENT, ...options] },
  ])
  await server.stop()
  const of = (name: string) => median(times.get(name) ?? [])
  const kept = record('client', [
    lessIsBetter('single-file client', 'ms', of('clamdscan'), of('single-file client'), PROMISE),
    lessIsBetter('JavaScript client', 'ms', of('clamdscan'), of('JavaScript client')),
  ])
  process.exitCode = kept ? 0 : 1
}
await clamd.stop()

interface Command {
  readonly name: string
  readonly program: string
  readonly options: readonly string[]
}

/** Alternating runs; wall time from start to end of each process. */
async function measure(commands: readonly Command[]): Promise<Map<string, number[]>> {
  const times = new Map<string, number[]>(commands.map(command => [command.name, []]))
  for (let round = 0; round <= Number(values.runs); round++) {
    for (const { name, program, options } of commands) {
      const { code, elapsedMs, stdout, stderr } = await run(program, options)
      if (code !== EXPECTED_CODE) throw new Error(`${name} ended with ${code}: ${stdout}${stderr}`)
      // The first round only warms the page cache.
      if (round > 0) times.get(name)?.push(elapsedMs)
    }
  }
  for (const [name, list] of times) console.log(`${name}: median ${short(median(list))} ms`)
  return times
}

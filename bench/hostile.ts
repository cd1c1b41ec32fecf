// Hostile files, dying engines and bad clients at full size: no server exit, no wrong clean, no leak.
// usage: node bench/hostile.ts [--files 7000] [--signatures 3000] [--kills 1000] [--clients 200]
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { toHex } from '../conformance/carriers/bytes.ts'
import { MARKER } from '../conformance/hostile/mutate.ts'
import { mutatedSignatures } from '../conformance/hostile/signatures.ts'
import { badClients, killEngines, mutatedFiles, settled, steady } from '../conformance/hostile/trials.ts'
import { SCRATCH } from './lib/folders.ts'
import { record, type Row } from './lib/record.ts'
import { startLazaret } from './lib/servers.ts'

const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '7000' },
    signatures: { type: 'string', default: '3000' },
    kills: { type: 'string', default: '1000' },
    clients: { type: 'string', default: '200' },
  },
})
/** Slow clients are given up by this program after so long; the server is expected to cut them before. */
const PATIENCE_MS = 150_000
const SETTLE_MS = 60_000

const database = join(SCRATCH, 'hostile-db')
rmSync(database, { recursive: true, force: true })
mkdirSync(database, { recursive: true })
writeFileSync(join(database, 'test.ndb'), `Lazaret.Hostile.Marker:0:*:${toHex(MARKER)}\n`)

const rows: Row[] = []
const faults = (what: string, wrong: readonly string[]) => {
  for (const fault of wrong.slice(0, 5)) console.log(`${what}: ${fault}`)
  rows.push({
    what: `${what}: faults`,
    unit: 'faults',
    peer: 0,
    ours: wrong.length,
    ratio: wrong.length === 0 ? 1 : 0,
    promise: 1,
  })
}

const signatures = mutatedSignatures(Number(values.signatures), 'bench')
console.log(
  `signature files: ${signatures.files}, ${signatures.signatures} signatures, ${signatures.problems} lines left out`,
)
faults('mutated signature files', signatures.wrong)

const server = await startLazaret({ folder: join(SCRATCH, 'hostile-server'), database, threads: 2 })
await mutatedFiles(server, 50, 'warm')
const before = await steady(server)

const files = await mutatedFiles(server, Number(values.files), 'bench')
console.log('mutated files', { ...files, wrong: files.wrong.length })
faults('mutated executables', files.wrong)

const kills = await killEngines(server, Number(values.kills))
console.log('killed engines', { ...kills, wrong: kills.wrong.length })
faults(
  `${kills.kills} killed engines`,
  kills.kills === Number(values.kills) ? kills.wrong : ['the engine did not come back', ...kills.wrong],
)

const clients = await badClients(server, Number(values.clients), PATIENCE_MS)
console.log('bad clients', { ...clients, wrong: clients.wrong.length })
faults('good scans among slow and vanished clients', clients.wrong)
rows.push({
  what: 'slow clients cut by the server',
  unit: 'share',
  peer: 1,
  ours: clients.cut / clients.slow,
  ratio: clients.cut / clients.slow,
  promise: 1,
})

const after = await settled(server, before, SETTLE_MS)
console.log('before', before, 'after', after)
const leaks = [
  ...(after.processes > before.processes ? [`${after.processes} processes, before ${before.processes}`] : []),
  ...(after.files > before.files ? [`${after.files} open files, before ${before.files}`] : []),
  ...(after.idle < before.idle || after.queued > 0 ? [`${after.idle} idle threads, ${after.queued} queued`] : []),
  ...(server.child.exitCode === null ? [] : [`the server ended with ${server.child.exitCode}`]),
]
faults('leaks and exits', leaks)
await server.stop()
process.exitCode = record('hostile', rows, { asked: values }) ? 0 : 1

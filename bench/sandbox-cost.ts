// What the walls cost: whole scans of containers made of this machine's files, taken apart by the same components in
// the scanning thread itself and in sandboxes, by processor time of all processes. 7-Zip always runs in a sandbox, so
// its kind is left out.
// usage: node bench/sandbox-cost.ts [--megabytes 60] [--runs 9]
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { COMPONENTS, MANIFESTS } from '../src/components/index.ts'
import { componentContext, createLocalScanner, RUNTIME_LIMITS } from '../src/runtime/index.ts'
import { imageParts } from '../src/runtime/image.ts'
import { readFileContent } from '../src/runtime/content.ts'
import { RunStopped, runComponentNow, type Unpacker } from '../src/scan/index.ts'
import { TREE_LIMITS } from '../src/scan/limits.ts'
import { realSet, SCRATCH } from './lib/folders.ts'
import { processorSeconds } from './lib/processor.ts'
import { lessIsBetter, record } from './lib/record.ts'
import { LAZARET } from './lib/servers.ts'
import { median } from './lib/statistics.ts'

/** Fifteen percent more processor time. */
const PROMISE = 1 / 1.15
const KINDS = new Set(['zip', 'tar', 'docx', 'pdf', 'mail'])
const MAX_TIME_MS = 600_000

/** As engines are started. */
const ENGINE_FLAG = '--max-semi-space-size=2'
if (!process.execArgv.includes(ENGINE_FLAG)) {
  const words = [ENGINE_FLAG, ...process.argv.slice(1)]
  process.exit(spawnSync(process.execPath, words, { stdio: 'inherit' }).status ?? 1)
}

const { values } = parseArgs({
  options: { megabytes: { type: 'string', default: '60' }, runs: { type: 'string', default: '9' } },
})
const folder = join(SCRATCH, `containers-${values.megabytes}`)
if (!existsSync(folder)) {
  execFileSync('python3', [join(import.meta.dirname, 'lib', 'make-containers.py'), folder, values.megabytes])
}
const paths = readdirSync(folder)
  .filter(name => KINDS.has(name.split('-')[0]))
  .map(name => join(folder, name))
const megabytes = paths.reduce((sum, path) => sum + statSync(path).size, 0) / 1e6
const imagePath = join(SCRATCH, 'sandbox-cost.lzdb')
execFileSync(process.execPath, [LAZARET, 'db', 'build', imagePath, realSet()], { stdio: 'ignore' })

const components = new Map(COMPONENTS.map(component => [component.manifest.name, component]))
const withoutWalls: Unpacker = {
  manifests: MANIFESTS,
  run({ component: name, content, passwords, options, budget, ...input }, sink) {
    const component = components.get(name)
    if (component === undefined) return 'unavailable'
    const context = componentContext(component.manifest, passwords, { options, budget })
    try {
      // Content lies where members are put together: a child has a copy, too.
      runComponentNow(component, { ...input, bytes: content.slice() }, context, sink)
      return 'done'
    } catch (error) {
      if (error instanceof RunStopped) throw error
      return 'crashed'
    }
  },
}
const loaded = imageParts.load(imagePath, 1)
const thread = imageParts.createThread(loaded.shared, 0, { tree: TREE_LIMITS, unpacker: withoutWalls })
const scanner = createLocalScanner({
  imagePath,
  threads: 1,
  spoolFolder: SCRATCH,
  limits: { ...RUNTIME_LIMITS, maxTimeMs: MAX_TIME_MS, tree: TREE_LIMITS },
})

async function here(path: string): Promise<number> {
  const file = readFileContent(path, thread.window, RUNTIME_LIMITS.maxFileSizeBytes)
  if (file.kind !== 'content') throw new Error(`${path} cannot be read`)
  const deadlineMs = performance.now() + MAX_TIME_MS
  const request = { name: basename(path), content: file.content, allMatches: false, identity: false, deadlineMs }
  return thread.scan(request).artifacts.length
}

async function there(path: string): Promise<number> {
  const options = { allMatches: false, identity: false, maxTimeMs: MAX_TIME_MS }
  return (await scanner.scan({ name: basename(path), content: { path }, options })).artifacts.length
}

/** Processor seconds for one round over everything. */
async function seconds(scan: (path: string) => Promise<number>): Promise<{ seconds: number; artifacts: number }> {
  const before = processorSeconds(process.pid)
  let artifacts = 0
  for (const path of paths) artifacts += await scan(path)
  return { seconds: processorSeconds(process.pid) - before, artifacts }
}

const spent: { here: number[]; there: number[] } = { here: [], there: [] }
for (let run = 0; run <= Number(values.runs); run++) {
  const [inside, outside] = [await seconds(here), await seconds(there)]
  if (inside.artifacts !== outside.artifacts)
    throw new Error(`${inside.artifacts} artifacts in this process, ${outside.artifacts} in sandboxes`)
  // The first round compiles the code of both sides. What a child that has done enough has used is nobody's any more.
  if (run === 0 || outside.seconds < inside.seconds / 2) continue
  spent.here.push(inside.seconds)
  spent.there.push(outside.seconds)
  console.log(`${inside.seconds.toFixed(2)} s in this process, ${outside.seconds.toFixed(2)} s with sandboxes`)
}
await scanner.close()
const rows = [
  lessIsBetter('containers in sandboxes', 's of processor time', median(spent.here), median(spent.there), PROMISE),
]
const details = { files: paths.length, megabytes: Math.round(megabytes), runs: Number(values.runs) }
process.exit(record('sandbox-cost', rows, details) ? 0 : 1)

// What the wall costs on real containers: the same components over the same files in this process and in sandboxes, by
// processor time of all processes. Content goes both ways; nothing is matched.
// usage: node bench/sandbox-cost.ts FILE…
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { identify, type FileTypeName } from '../src/formats/index.ts'
import { componentContext, runAsync, sandboxComponents, SandboxPool } from '../src/runtime/index.ts'
import { DEFAULT_COMPONENT_BUDGET, runComponent, type Component, type EmissionSink } from '../src/scan/index.ts'
import { processorSeconds } from './lib/processor.ts'
import { moreIsBetter, record } from './lib/record.ts'
import { median } from './lib/statistics.ts'

const RUNS = 5
/** Fifteen percent more processor time. */
const PROMISE = 1 / 1.15

interface Task {
  readonly component: Component
  readonly bytes: Uint8Array
  readonly type: FileTypeName
  readonly name: string
}

const components = [...sandboxComponents().values()].filter(({ manifest }) => manifest.place !== 'engine')
const tasks = process.argv.slice(2).flatMap((path): Task[] => {
  const bytes = new Uint8Array(readFileSync(path))
  const type = identify(bytes).name as FileTypeName
  return components
    .filter(({ manifest }) => manifest.accepts.includes(type))
    .map(component => ({ component, bytes, type, name: basename(path) }))
})
const megabytes = tasks.reduce((sum, { bytes }) => sum + bytes.length, 0) / 1e6

function sink(): EmissionSink & { bytes: number } {
  return {
    bytes: 0,
    emission: () => {},
    child: () => true,
    data(piece) {
      this.bytes += piece.length
      return true
    },
    childEnd: () => {},
  }
}

const budgetOf = ({ manifest }: Component) => ({ ...DEFAULT_COMPONENT_BUDGET, ...manifest.budget, timeMs: 600_000 })

async function here({ component, bytes, type, name }: Task): Promise<number> {
  const into = sink()
  await runComponent(component, { bytes, type, name }, componentContext(component.manifest, []), into)
  return into.bytes
}

const pool = new SandboxPool({ size: 1 })
await pool.ready

async function there({ component, bytes, type, name }: Task): Promise<number> {
  const into = sink()
  const request = {
    component: component.manifest.name,
    type,
    name,
    passwords: [],
    options: {},
    budget: budgetOf(component),
  }
  const { outcome, why } = await runAsync(pool, request, bytes, into, performance.now() + 600_000)
  if (outcome !== 'done') throw new Error(`${name}: ${outcome} ${why}`)
  return into.bytes
}

/** Megabytes of containers per second of processor time. */
async function rate(run: (task: Task) => Promise<number>): Promise<{ rate: number; out: number }> {
  const before = processorSeconds(process.pid)
  let out = 0
  for (const task of tasks) out += await run(task)
  return { rate: megabytes / (processorSeconds(process.pid) - before), out }
}

const rates: { here: number[]; there: number[] } = { here: [], there: [] }
for (let run = 0; run <= RUNS; run++) {
  const [inside, outside] = [await rate(here), await rate(there)]
  if (inside.out !== outside.out) throw new Error(`${inside.out} bytes in this process, ${outside.out} in the sandbox`)
  // The first round compiles the code of both sides.
  if (run > 0) {
    rates.here.push(inside.rate)
    rates.there.push(outside.rate)
  }
}
await pool.close()
const unit = 'MB per second of processor time'
const rows = [moreIsBetter('sandbox against this process', unit, median(rates.here), median(rates.there), PROMISE)]
process.exitCode = record('sandbox-cost', rows, { files: tasks.length, runs: RUNS }) ? 0 : 1

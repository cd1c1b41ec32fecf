// What the wall around components costs: start of a child for each set of walls, latency of a tiny artifact, and
// throughput of a large child, beside the same component in this process.
//
//   node bench/sandbox.ts [--starts N]

import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads'
import { parseArgs } from 'node:util'
import { componentCrypto } from '../src/runtime/component-crypto.ts'
import { createSandboxLink, SandboxClient } from '../src/runtime/sandbox/channel.ts'
import type { SandboxLink } from '../src/runtime/sandbox/channel.ts'
import { fullPlan, sandboxTarget } from '../src/runtime/sandbox/launch.ts'
import type { LaunchPlan, SandboxTarget } from '../src/runtime/sandbox/launch.ts'
import { SandboxPool } from '../src/runtime/sandbox/pool.ts'
import { SandboxProcess } from '../src/runtime/sandbox/process.ts'
import type { SandboxRequest } from '../src/runtime/sandbox/wire.ts'
import { DEFAULT_COMPONENT_BUDGET, runComponent } from '../src/scan/index.ts'
import type { Component, EmissionSink } from '../src/scan/index.ts'

const MIB = 1024 * 1024
const TINY_RUNS = 2000
const PIECE_BYTES = 256 * 1024
const LARGE_PIECES = 4096

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]

const line = (what: string, value: string): string => `${what.padEnd(44)} ${value}`
const print = (what: string, value: string): void => console.log(line(what, value))

const startMs = (plan: LaunchPlan, target: SandboxTarget): Promise<number> =>
  new Promise((resolve, reject) => {
    let ms = 0
    const child = new SandboxProcess(plan, target, {
      ready: process => {
        ms = process.startMs
        process.kill('measured')
      },
      data: () => true,
      ended: (_process, why) => (why === 'measured' ? resolve(ms) : reject(new Error(why))),
    })
    void child.closed
  })

async function measureStarts(runs: number): Promise<void> {
  const all = fullPlan()
  const none: LaunchPlan = {
    bwrap: undefined,
    setpriv: undefined,
    prlimit: undefined,
    seccomp: false,
    permission: false,
  }
  const plans: Readonly<Record<string, LaunchPlan>> = {
    'Node and its flags': none,
    '+ permission': { ...none, permission: true },
    '+ limits': { ...none, permission: true, prlimit: all.prlimit, setpriv: all.setpriv },
    '+ namespaces': { ...all, seccomp: false },
    '+ seccomp': all,
  }
  const target = sandboxTarget(new URL('../dist/sandbox.js', import.meta.url))
  for (const [name, plan] of Object.entries(plans)) {
    const times: number[] = []
    for (let run = 0; run < runs; run++) times.push(await startMs(plan, target))
    print(`start, ${name}`, `${median(times).toFixed(1)} ms, worst ${Math.max(...times).toFixed(1)} ms`)
  }
}

const request = (component: string, times = 0): SandboxRequest => ({
  component,
  type: 'data',
  name: '',
  passwords: [],
  options: { times },
  budget: { ...DEFAULT_COMPONENT_BUDGET, outputBytes: 2 ** 40, timeMs: 600_000 },
})

/** Only counts: what a scanner does with content is not measured here. */
const sinkOf = (): EmissionSink & { bytes: number } => ({
  bytes: 0,
  emission: () => {},
  child: () => true,
  data(piece) {
    this.bytes += piece.length
    return true
  },
  childEnd: () => {},
})

const here: Component = {
  manifest: { name: 'pieces', version: '1', description: 'As in the child.', accepts: ['*'], stage: 'extract' },
  *process({ bytes }, { options }) {
    const content = (function* () {
      for (let i = 0; i < Math.max(1, Number(options['times'])); i++) yield bytes
    })()
    yield { emit: 'child', name: 'many', content }
  },
}

async function measureHere(): Promise<void> {
  const run = async (bytes: Uint8Array, times: number): Promise<void> => {
    const { budget, options } = request('pieces', times)
    const context = { passwords: [], options, budget, crypto: componentCrypto }
    await runComponent(here, { bytes, type: 'data', name: '' }, context, sinkOf())
  }
  const tiny = new Uint8Array(100)
  const startedAtMs = performance.now()
  for (let i = 0; i < TINY_RUNS; i++) await run(tiny, 1)
  print('tiny artifact, this process', `${((performance.now() - startedAtMs) / TINY_RUNS).toFixed(4)} ms`)
}

/** In a thread, which tells its lines by a message: what a thread prints is lost when it is ended. */
function measureThere(link: SandboxLink): readonly string[] {
  const lines: string[] = []
  const print = (what: string, value: string): void => void lines.push(line(what, value))
  const client = new SandboxClient(link)
  const tiny = new Uint8Array(new SharedArrayBuffer(100))
  const times: number[] = []
  for (let i = 0; i < TINY_RUNS; i++) {
    const startedAtMs = performance.now()
    client.run(request('echo'), tiny, sinkOf(), Infinity)
    times.push(performance.now() - startedAtMs)
  }
  const best = times.toSorted((a, b) => a - b)[TINY_RUNS / 10]
  print('tiny artifact, sandbox', `${median(times).toFixed(3)} ms, best tenth ${best.toFixed(3)} ms`)
  const piece = new Uint8Array(new SharedArrayBuffer(PIECE_BYTES))
  for (let i = 0; i < 3; i++) {
    const sink = sinkOf()
    const startedAtMs = performance.now()
    const { outcome } = client.run(request('pieces', LARGE_PIECES), piece, sink, Infinity)
    const seconds = (performance.now() - startedAtMs) / 1000
    print(`child of ${sink.bytes / MIB} MiB, ${outcome}`, `${(sink.bytes / MIB / seconds).toFixed(0)} MiB/s`)
  }
  const large = new Uint8Array(new SharedArrayBuffer(512 * MIB))
  const startedAtMs = performance.now()
  client.run(request('pieces', 0), large, sinkOf(), Infinity)
  const seconds = (performance.now() - startedAtMs) / 1000
  print('artifact of 512 MiB into the sandbox', `${(512 / seconds).toFixed(0)} MiB/s`)
  return lines
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { starts: { type: 'string', default: '30' } } })
  await measureStarts(Number(values.starts))
  await measureHere()
  const child = new URL('../src/runtime/sandbox/testdata/hostile-child.ts', import.meta.url)
  const pool = new SandboxPool({
    size: 1,
    target: sandboxTarget(child),
    limits: { maxArtifacts: 1e9, maxBytes: 2 ** 50 },
  })
  await pool.ready
  const link = createSandboxLink(pool)
  const worker = new Worker(new URL(import.meta.url), { workerData: link, transferList: [link.port] })
  const lines = await new Promise<readonly string[]>((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })
  console.log(lines.join('\n'))
  await worker.terminate()
  await pool.close()
}

if (isMainThread) await main()
else parentPort?.postMessage(measureThere(workerData as SandboxLink), [])

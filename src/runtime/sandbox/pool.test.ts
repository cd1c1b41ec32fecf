import { createHash } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DEFAULT_COMPONENT_BUDGET } from '../../scan/index.ts'
import type { ComponentBudget } from '../../scan/index.ts'
import { createSandboxLink, runAsync } from './channel.ts'
import { fullPlan } from './launch.ts'
import type { LaunchPlan } from './launch.ts'
import { SandboxPool } from './pool.ts'
import type { SandboxLimits } from './pool-types.ts'
import { bundled } from './testdata/bundle.ts'
import type { ThreadAnswer, ThreadRun } from './testdata/client-thread.ts'
import type { SandboxRequest } from './wire.ts'

// Real children with components that misbehave.

const target = await bundled(new URL('testdata/hostile-child.ts', import.meta.url))
afterAll(() => target[Symbol.dispose]())
const THREAD = new URL('testdata/client-thread.ts', import.meta.url)
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
const NO_BWRAP: LaunchPlan = { ...fullPlan(), bwrap: undefined, seccomp: false }

const request = (
  component: string,
  budget: Partial<ComponentBudget> = {},
  options: SandboxRequest['options'] = {},
): SandboxRequest => ({
  component,
  type: 'data',
  name: 'artifact.bin',
  passwords: [],
  options,
  budget: { ...DEFAULT_COMPONENT_BUDGET, ...budget },
})

interface Ran {
  readonly outcome: string
  readonly why: string
  readonly said: readonly string[]
}

/** Runs by the event loop and writes down what the sink was told. */
async function run(pool: SandboxPool, asked: SandboxRequest, content: Uint8Array, timeMs = 20_000): Promise<Ran> {
  const said: string[] = []
  let bytes = 0
  const result = await runAsync(
    pool,
    asked,
    content,
    {
      emission: emission => void said.push(JSON.stringify(emission)),
      child: ({ name }) => {
        bytes = 0
        said.push(`child ${name.slice(0, 20)}`)
        return true
      },
      data: piece => {
        bytes += piece.length
        return true
      },
      childEnd: () => void said.push(`end ${bytes}`),
    },
    performance.now() + timeMs,
  )
  return { ...result, said }
}

/** Runs in a worker thread that blocks. */
async function runInThread(pool: SandboxPool, runs: readonly ThreadRun[]): Promise<readonly ThreadAnswer[]> {
  const sandbox = createSandboxLink(pool)
  const worker = new Worker(THREAD, { workerData: { sandbox, runs }, transferList: [sandbox.port] })
  try {
    return await new Promise((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
    })
  } finally {
    await worker.terminate()
  }
}

async function withPool<T>(
  options: { plan?: LaunchPlan; size?: number; ahead?: number; limits?: Partial<SandboxLimits> },
  use: (pool: SandboxPool) => Promise<T>,
): Promise<T> {
  const pool = new SandboxPool({ size: 1, target, ...options })
  try {
    await pool.ready
    return await use(pool)
  } finally {
    await pool.close()
  }
}

const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}`)
const openFiles = (): number => readdirSync('/proc/self/fd').length
const sleep = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

describe('one pool', () => {
  let pool: SandboxPool
  beforeAll(async () => {
    pool = new SandboxPool({ size: 2, target, limits: { graceMs: 100 } })
    await pool.ready
  })
  afterAll(async () => {
    const pids = pool.pids()
    await pool.close()
    expect(pids.filter(isAlive)).toEqual([])
  })

  test('content goes in, emissions and children come out', async () => {
    expect(await run(pool, request('echo'), utf8('hello'))).toEqual({
      outcome: 'done',
      why: '',
      said: ['{"emit":"property","name":"echo.type","value":"data artifact.bin"}', 'child copy', 'end 5'],
    })
  })

  test('an empty artifact and one of 40 MB in shared memory', async () => {
    const large = new Uint8Array(new SharedArrayBuffer(40_000_000)).map((_, index) => index * 7)
    expect((await run(pool, request('echo'), new Uint8Array(0))).said.at(-1)).toBe('end 0')
    expect((await run(pool, request('echo'), large)).said.at(-1)).toBe('end 40000000')
  })

  test('what is longer than the engine takes is cut by the child, and is no violation', async () => {
    const { outcome, said } = await run(pool, request('long'), new Uint8Array(1))
    expect(outcome).toBe('done')
    expect(said.map(text => text.slice(0, 26))).toEqual([
      'child xxxxxxxxxxxxxxxxxxxx',
      'end 1',
      '{"emit":"anomaly","code":"',
      '{"emit":"section","section',
    ])
    expect(said.join('').length).toBeLessThan(100_000)
  })

  test('the prototypes of the language cannot be changed for the next artifact', async () => {
    expect((await run(pool, request('pollute'), new Uint8Array(1))).said).toEqual([
      '{"emit":"property","name":"pollute","value":"TypeError"}',
    ])
  })

  test.each([
    ['throw', 'TypeError: the component is at fault'],
    ['no-such-component', 'there is no component no-such-component'],
    ['exit', 'code 7'],
    ['abort', /SIG|code 1\d\d/],
    ['heap', /heap|memory|code 1\d\d/],
    ['buffers', /memory|allocation|code/i],
    ['garbage-frame', 'broke the protocol: a frame of an unknown kind'],
    ['flood', 'broke the protocol: a frame of an unknown kind'],
    ['late-frame', 'broke the protocol: bytes behind the end'],
    ['unknown-emission', 'broke the protocol: an unknown emission'],
    ['data-outside', 'broke the protocol: content outside of a child'],
  ])('%s: crashed, and the next artifact is served', async (component, why) => {
    const ran = await run(pool, request(component), utf8('x'))
    expect(ran.outcome).toBe('crashed')
    expect(ran.why).toMatch(why)
    expect((await run(pool, request('echo'), utf8('next'))).outcome).toBe('done')
  })

  test('a child that says more than the budget allows is killed', async () => {
    const ran = await run(pool, request('too-much', { outputBytes: 200_000 }), utf8('x'))
    expect(ran).toMatchObject({ outcome: 'crashed', said: ['child ', 'end 180000'] })
    expect(ran.why).toMatch('too many bytes')
  })

  test('a child that is begun when the process ends has an end', async () => {
    const { outcome, said } = await run(pool, request('throw-in-child'), utf8('x'))
    expect(outcome).toBe('crashed')
    expect(said).toEqual(['child half', 'end 4'])
  })

  test('a hang is killed at its deadline; what came before it is kept', async () => {
    const startedAtMs = performance.now()
    const { outcome, said } = await run(pool, request('child-loop', { timeMs: 200 }), utf8('x'))
    expect(outcome).toBe('time')
    expect(said.slice(0, 2)).toEqual(['child before', 'end 6'])
    expect(performance.now() - startedAtMs).toBeGreaterThan(290)
    expect(performance.now() - startedAtMs).toBeLessThan(2000)
  })

  test("the caller's deadline holds where it is earlier", async () => {
    const startedAtMs = performance.now()
    expect(await run(pool, request('loop'), utf8('x'), 150)).toMatchObject({ outcome: 'time' })
    expect(performance.now() - startedAtMs).toBeLessThan(2000)
  })

  test('a thread that blocks: content, emissions, crash, deadline, giving up, and on it goes', async () => {
    const bytes = new Uint8Array(300_000).map((_, index) => index * 13)
    const shared = new Uint8Array(new SharedArrayBuffer(300_000))
    shared.set(bytes)
    const timeMs = 20_000
    const answers = await runInThread(pool, [
      { request: request('echo'), content: bytes.subarray(1000), timeMs },
      { request: request('echo'), content: shared, timeMs },
      { request: request('throw-in-child'), content: utf8('x'), timeMs },
      { request: request('flood'), content: utf8('x'), timeMs },
      { request: request('echo'), content: shared, timeMs, giveUp: true },
      { request: request('loop', { timeMs: 100 }), content: utf8('x'), timeMs },
      { request: request('late-frame'), content: utf8('x'), timeMs },
      { request: request('echo'), content: utf8('last'), timeMs },
    ])
    const copy = (content: Uint8Array) => [{ name: 'copy', bytes: content.length, sha256: sha256(content) }]
    expect(answers.map(({ outcome }) => outcome)).toEqual([
      'done',
      'done',
      'crashed',
      'crashed',
      'threw',
      'time',
      'crashed',
      'done',
    ])
    expect(answers[0].children).toEqual(copy(bytes.subarray(1000)))
    expect(answers[1].children).toEqual(copy(bytes))
    expect(answers[2]).toMatchObject({ why: /in the middle/, children: [{ name: 'half', bytes: 4 }] })
    expect(answers[7].children).toEqual(copy(utf8('last')))
  })

  test('a slow thread holds its child back, and gets every byte', async () => {
    const piece = new Uint8Array(new SharedArrayBuffer(1 << 20)).map((_, index) => index * 31)
    const times = 12
    const asked = request('pieces', {}, { times })
    const [answer] = await runInThread(pool, [{ request: asked, content: piece, timeMs: 20_000, slowMs: 2 }])
    const hash = createHash('sha256')
    for (let i = 0; i < times; i++) hash.update(piece)
    expect(answer).toMatchObject({ outcome: 'done', children: [{ bytes: times << 20, sha256: hash.digest('hex') }] })
  })

  test('a thread that is ended in the middle of a run leaves no child behind', async () => {
    const sandbox = createSandboxLink(pool)
    const runs = [{ request: request('loop'), content: utf8('x'), timeMs: 60_000 }]
    const worker = new Worker(THREAD, { workerData: { sandbox, runs }, transferList: [sandbox.port] })
    for (let i = 0; i < 200 && pool.counters().busy === 0; i++) await sleep(10)
    expect(pool.counters().busy).toBe(1)
    await worker.terminate()
    for (let i = 0; i < 200 && pool.counters().busy > 0; i++) await sleep(10)
    expect(pool.counters().busy).toBe(0)
  })
})

describe('lives of children', () => {
  test('200 artifacts in a row: retired and replaced, no process and no descriptor is left', async () => {
    const before = openFiles()
    const pids = new Set<number>()
    await withPool({ size: 2, limits: { maxArtifacts: 50 } }, async pool => {
      for (let i = 0; i < 200; i++) {
        expect((await run(pool, request('echo'), utf8(`artifact ${i}`))).outcome).toBe('done')
        for (const pid of pool.pids()) pids.add(pid)
      }
      expect(pool.counters()).toMatchObject({ runs: 200, crashed: 0, time: 0, failedStarts: 0 })
      expect(pool.counters().retired).toBeGreaterThanOrEqual(3)
    })
    expect(pids.size).toBeGreaterThanOrEqual(5)
    expect([...pids].filter(isAlive)).toEqual([])
    await sleep(50)
    expect(openFiles()).toBeLessThanOrEqual(before + 1)
  })

  test('a spare serves the innocent at once while the other child is replaced', async () => {
    await withPool({ size: 2 }, async pool => {
      for (let i = 0; i < 500 && pool.counters().idle < 2; i++) await sleep(10)
      expect((await run(pool, request('exit'), utf8('x'))).outcome).toBe('crashed')
      expect(pool.counters().idle).toBe(1)
      expect((await run(pool, request('echo'), utf8('x'))).outcome).toBe('done')
      expect(pool.counters().started).toBeGreaterThanOrEqual(3)
    })
  })

  test('children are started when others are at work, and given up when they have done enough', async () => {
    await withPool({ size: 3, ahead: 1, limits: { maxArtifacts: 2 } }, async pool => {
      for (let i = 0; i < 500 && pool.counters().idle < 1; i++) await sleep(10)
      await sleep(50)
      expect(pool.pids()).toHaveLength(1)
      const busy = [1, 2].map(() => run(pool, request('loop', { timeMs: 500 }), utf8('x')))
      for (let i = 0; i < 500 && pool.counters().idle < 1; i++) await sleep(10)
      expect(pool.counters()).toMatchObject({ busy: 2, idle: 1 })
      expect((await run(pool, request('echo'), utf8('x'))).outcome).toBe('done')
      expect((await Promise.all(busy)).map(({ outcome }) => outcome)).toEqual(['time', 'time'])
      for (let i = 0; i < 500 && pool.pids().length > 1; i++) await sleep(10)
      expect(pool.pids()).toHaveLength(1)
      for (let i = 0; i < 5; i++) expect((await run(pool, request('echo'), utf8('x'))).outcome).toBe('done')
    })
  })

  test('content that ends one child after the other does not make the innocent wait', async () => {
    await withPool({ size: 1, limits: { maxDelayMs: 60_000 } }, async pool => {
      const startedAtMs = performance.now()
      for (let i = 0; i < 11; i++) expect((await run(pool, request('exit'), utf8('x'))).outcome).toBe('crashed')
      expect((await run(pool, request('echo'), utf8('x'))).outcome).toBe('done')
      expect(performance.now() - startedAtMs).toBeLessThan(10_000)
    })
  })

  test('runs wait in line for one child, and the last one not longer than its deadline', async () => {
    await withPool({ size: 1 }, async pool => {
      const slow = run(pool, request('loop', { timeMs: 600 }), utf8('x'))
      const late = run(pool, request('echo'), utf8('x'), 100)
      const patient = run(pool, request('echo'), utf8('x'))
      expect(await late).toMatchObject({ outcome: 'time', why: 'no sandbox was free in time' })
      expect((await slow).outcome).toBe('time')
      expect((await patient).outcome).toBe('done')
    })
  })

  test('close() ends what runs and what waits', async () => {
    const pool = new SandboxPool({ size: 1, target })
    await pool.ready
    const runs = ['loop', 'loop', 'echo'].map(component => run(pool, request(component), utf8('x')))
    for (let i = 0; i < 500 && pool.counters().busy === 0; i++) await sleep(10)
    await pool.close()
    expect((await Promise.all(runs)).map(({ outcome }) => outcome)).toEqual(['crashed', 'unavailable', 'unavailable'])
    expect((await run(pool, request('echo'), utf8('x'))).why).toBe('the sandbox is closed')
  })

  test('where no child can be started, that is said at once', async () => {
    const pool = new SandboxPool({ size: 1, target: { ...target, entry: '/nothing/here.ts' }, plan: NO_BWRAP })
    const waiting = run(pool, request('echo'), utf8('x'))
    await expect(pool.ready).rejects.toThrow('no sandbox can be started')
    expect((await waiting).outcome).toBe('unavailable')
    await pool.close()
  })
})

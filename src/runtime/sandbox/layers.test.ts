import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readlinkSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { fullPlan, sandboxTarget } from './launch.ts'
import type { LaunchPlan } from './launch.ts'
import { choosePlan, layersOf, plansBelow } from './layers.ts'
import { SandboxProcess } from './process.ts'
import { bundled } from './testdata/bundle.ts'

const target = await bundled(new URL('child-main.ts', import.meta.url))
afterAll(() => target[Symbol.dispose]())
const START_MS = 20_000
const full = fullPlan()
const NOTHING: LaunchPlan = {
  bwrap: undefined,
  setpriv: undefined,
  prlimit: undefined,
  seccomp: false,
  permission: false,
}

/** Why bwrap cannot be tested here; empty where it can. */
const withoutBwrap = await (async (): Promise<string> => {
  if (full.bwrap === undefined) return 'bwrap is not installed'
  const { plan, failures } = await choosePlan(full, target, START_MS)
  return plan.bwrap === undefined ? `bwrap does not work here: ${failures[0].why}` : ''
})()

describe.skipIf(withoutBwrap !== '')(`with bwrap${withoutBwrap && `, skipped: ${withoutBwrap}`}`, () => {
  test('all walls stand', async () => {
    const choice = await choosePlan(full, target, START_MS)
    expect(choice.failures).toEqual([])
    expect(choice.kernel).toEqual({ seccomp: 2, noNewPrivileges: true })
    expect(choice.probes).toEqual({
      readFile: 'ERR_ACCESS_DENIED',
      writeFile: 'ERR_ACCESS_DENIED',
      readEnvironment: 'ERR_ACCESS_DENIED',
      spawn: 'ERR_ACCESS_DENIED',
      signalParent: 'EPERM',
      connectTcp: 'EPERM',
      connectUnix: 'EPERM',
    })
    expect(layersOf(choice).map(({ name, active }) => `${name} ${active}`)).toEqual([
      'namespaces true',
      'seccomp true',
      'permission true',
      'limits true',
    ])
  })

  test('the kernel alone refuses the same, without the help of Node', async () => {
    const { probes } = await choosePlan({ ...full, permission: false }, target, START_MS)
    expect(probes).toEqual({
      readFile: 'ENOENT',
      writeFile: 'EPERM',
      readEnvironment: 'ENOENT',
      spawn: 'EPERM',
      signalParent: 'EPERM',
      connectTcp: 'EPERM',
      connectUnix: 'EPERM',
    })
  })

  test('namespaces alone show no files and no other process', async () => {
    const { probes } = await choosePlan({ ...full, permission: false, seccomp: false }, target, START_MS)
    expect(probes).toMatchObject({ readFile: 'ENOENT', writeFile: 'EROFS', readEnvironment: 'ENOENT' })
  })

  test('a child has no descriptor but its own', async () => {
    const ready = Promise.withResolvers<void>()
    const child = new SandboxProcess(full, target, { ready: () => ready.resolve(), data: () => true, ended: () => {} })
    await ready.promise
    const pid = child.nodePid
    const links = readdirSync(`/proc/${pid}/fd`).map(fd => readlinkSync(`/proc/${pid}/fd/${fd}`))
    child.kill('the test is over')
    await child.closed
    // Node opens the root of what it sees; that there is nothing behind it is the probes' business.
    const own = /^(anon_inode:.*|pipe:.*|socket:.*|\/|\/dev\/null)$/
    expect(links.filter(link => !own.test(link))).toEqual([])
    expect(links.filter(link => link.startsWith('socket:'))).toHaveLength(3)
  })
})

test('with Node alone: permission stands, and the others say what to do', async () => {
  const choice = await choosePlan({ ...NOTHING, permission: true }, target, START_MS)
  expect(choice.probes).toMatchObject({ readFile: 'ERR_ACCESS_DENIED', spawn: 'ERR_ACCESS_DENIED' })
  const layers = layersOf(choice)
  expect(layers.filter(({ active }) => active).map(({ name }) => name)).toEqual(['permission'])
  if (process.platform === 'linux') {
    expect(layers[0]).toMatchObject({ why: 'bwrap is not installed', advice: 'apt-get install bubblewrap' })
  }
})

test.skipIf(process.platform !== 'linux')('a bwrap that does not work is named, and the rest is used', async () => {
  const choice = await choosePlan({ ...full, bwrap: '/bin/false', seccomp: true }, target, START_MS)
  expect(choice.plan).toMatchObject({ bwrap: undefined, seccomp: false, prlimit: full.prlimit })
  const [namespaces, seccomp] = layersOf(choice)
  expect(namespaces).toMatchObject({ active: false, why: /^bwrap does not work: it ended by code 1/ })
  expect(seccomp).toMatchObject({ active: false, why: /^no child starts with the filter/ })
})

test('the sources start, too', async () => {
  expect(
    (await choosePlan(full, sandboxTarget(), START_MS)).failures.filter(({ plan }) => plan.bwrap === undefined),
  ).toEqual([])
})

test.skipIf(full.setpriv === undefined || full.bwrap === undefined)(
  'a child that computes for ever ends with its engine, with bwrap and without',
  async () => {
    for (const wall of ['bwrap', 'none']) {
      const engine = fork(fileURLToPath(new URL('testdata/dying-engine.ts', import.meta.url)), [wall], {
        execArgv: [],
      })
      const [pid] = (await once(engine, 'message')) as [number]
      expect(existsSync(`/proc/${pid}`)).toBe(true)
      engine.kill('SIGKILL')
      await expect.poll(() => existsSync(`/proc/${pid}`), { timeout: 5000 }).toBe(false)
    }
  },
)

test.skipIf(full.bwrap === undefined)('children that are killed while they start leave nothing behind', async () => {
  const children = Array.from(
    { length: 30 },
    () => new SandboxProcess(full, target, { ready: () => {}, data: () => true, ended: () => {} }),
  )
  for (const child of children) {
    child.kill('too early')
    await new Promise(resolve => setTimeout(resolve, 1))
  }
  await Promise.all(children.map(child => child.closed))
  expect(children.filter(child => existsSync(`/proc/${child.pid}`))).toEqual([])
})

test('each plan has less than the one before', () => {
  const walls = (plan: LaunchPlan): number =>
    Object.values(plan).filter(wall => wall !== undefined && wall !== false).length
  const all: LaunchPlan = { bwrap: '/b', prlimit: '/p', setpriv: '/s', seccomp: true, permission: true }
  const counts = plansBelow(all).map(walls)
  expect(counts[0]).toBe(5)
  expect(counts.at(-1)).toBe(0)
  expect(plansBelow(NOTHING)).toHaveLength(1)
})

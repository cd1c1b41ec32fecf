import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ask, startLazaret, type ScanServer } from '../../bench/lib/servers.ts'
import { toHex } from '../carriers/bytes.ts'
import { missing } from '../needs.ts'
import { MARKER } from './mutate.ts'
import { mutatedSignatures } from './signatures.ts'
import { badClients, killEngines, mutatedFiles, settled, steady, type Footprint } from './trials.ts'

// A reduced version of bench/hostile.ts.

const SETTLE_MS = 30_000

it('mutated signature files are never more than lines left out', () => {
  const trial = mutatedSignatures(400, 'signatures')
  expect(trial.wrong).toEqual([])
  expect(trial.problems).toBeGreaterThan(400)
  expect(trial.signatures).toBeGreaterThan(400)
})

describe.skipIf(missing('lazaret').length > 0)('a server among hostile files, dying engines and bad clients', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lazaret-hostile-'))
  const database = join(folder, 'db')
  let server: ScanServer
  let before: Footprint

  beforeAll(async () => {
    mkdirSync(database)
    writeFileSync(join(database, 'test.ndb'), `Lazaret.Hostile.Marker:0:*:${toHex(MARKER)}\n`)
    server = await startLazaret({ folder: join(folder, 'server'), database, threads: 2 })
    await ask(server.clamd, 'zPING\0')
    await mutatedFiles(server, 50, 'warm')
    before = await steady(server)
  })
  afterAll(async () => {
    await server?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const expectSettled = async () => {
    const after = await settled(server, before, SETTLE_MS)
    expect(server.child.exitCode).toBe(null)
    expect(after.processes).toBeLessThanOrEqual(before.processes)
    expect(after.files).toBeLessThanOrEqual(before.files)
    expect(after.idle).toBe(before.idle)
    expect(after.queued).toBe(0)
  }

  it('finds the marker in mutated executables', async () => {
    const trial = await mutatedFiles(server, 600, 'files')
    expect(trial.wrong).toEqual([])
    expect(trial.found).toBeGreaterThan(300)
    await expectSettled()
  })

  it('outlives its engines', async () => {
    const trial = await killEngines(server, 20)
    expect(trial.kills).toBe(20)
    expect(trial.wrong).toEqual([])
    expect(trial.found).toBeGreaterThan(0)
    await expectSettled()
  })

  it('serves good clients among slow and vanished ones', async () => {
    const trial = await badClients(server, 40, 10_000)
    expect(trial.wrong).toEqual([])
    expect(trial.found).toBeGreaterThan(10)
    await expectSettled()
  })

  it('keeps its database when a new one cannot be used', async () => {
    writeFileSync(join(database, 'test.ndb'), 'not a signature\n\u0000\n')
    await ask(server.clamd, 'zRELOAD\0')
    const trial = await mutatedFiles(server, 50, 'after')
    expect(trial.wrong).toEqual([])
    await expectSettled()
  })
})

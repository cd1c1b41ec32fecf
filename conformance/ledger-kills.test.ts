import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bundleServer, killServers } from './ledger/killing.ts'
import { startPostgres, type Postgres } from './ledger/postgres.ts'
import { missing } from './needs.ts'

// kill -9 at random moments while clients submit: nothing that was acknowledged is lost, nothing is there twice.

const KILLS = Number(process.env.LEDGER_KILLS ?? 300)
const TIME_LIMIT_MS = 1_200_000

let script: string
let folder: string
beforeAll(async () => {
  script = await bundleServer()
  folder = mkdtempSync(join(tmpdir(), 'lazaret-kills-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function survives(store: string, name: string): Promise<void> {
  const data = mkdtempSync(join(folder, name))
  const startMs = performance.now()
  const outcome = await killServers(script, store === '' ? `sqlite:${join(data, 'ledger.db')}` : store, data, KILLS)
  const seconds = ((performance.now() - startMs) / 1000).toFixed(0)
  console.log(
    `${name}: ${outcome.kills} kills, ${outcome.submitted} submissions, ${outcome.unanswered} cut off, ${seconds} s`,
  )
  expect(outcome.complaints).toEqual([])
  expect(outcome.submitted).toBeGreaterThan(KILLS)
  expect(outcome.unanswered).toBeGreaterThan(KILLS / 10)
}

describe('a server that is killed', () => {
  it('loses nothing on SQLite', () => survives('', 'sqlite'), TIME_LIMIT_MS)

  describe.skipIf(missing('postgres').length > 0)('with PostgreSQL', () => {
    let postgres: Postgres
    beforeAll(async () => {
      postgres = await startPostgres()
    })
    afterAll(() => postgres.stop())

    it('loses nothing', () => survives(postgres.createDatabase('kills'), 'postgres'), TIME_LIMIT_MS)
  })
})

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openLedger, openPostgres } from '../src/store/index.ts'
import { digestsOf, finished, newJob, NOW } from '../src/store/testing/samples.ts'
import type { Ledger } from '../src/usecases/index.ts'
import { startPostgres, type Postgres } from './ledger/postgres.ts'
import { missing } from './needs.ts'

// Several servers on one PostgreSQL: nothing is scanned twice, nothing is lost, nobody waits for ever.

describe.skipIf(missing('postgres').length > 0)('three servers on one ledger', () => {
  const SERVERS = 3
  const JOBS = 600
  let postgres: Postgres
  let ledgers: Ledger[]
  beforeAll(async () => {
    postgres = await startPostgres()
    const url = postgres.createDatabase('servers')
    // They start together, and all find an empty database.
    ledgers = await Promise.all(Array.from({ length: SERVERS }, async () => openLedger(await openPostgres(url))))
  })
  afterAll(async () => {
    await Promise.all(ledgers.map(ledger => ledger.close()))
    await postgres.stop()
  })

  it('have different numbers', async () => {
    const slots = await Promise.all(
      ledgers.map((ledger, index) => ledger.claimSlot(`server ${index}`, NOW, NOW + 1000)),
    )
    expect(new Set(slots).size).toBe(SERVERS)
  })

  it('share the jobs', async () => {
    // Half of the contents come twice, to different servers at the same time.
    const contents = Array.from({ length: JOBS }, (_, index) => `content ${index % ((JOBS * 2) / 3)}`)
    const answers = await Promise.all(
      contents.map((content, index) =>
        ledgers[index % SERVERS].submit(newJob(content, {}, { content: { room: 'intake', intake: `i${index}` } })),
      ),
    )
    const accepted = answers.filter(({ how }) => how === 'accepted')
    expect(accepted).toHaveLength(new Set(contents).size)
    expect(answers.filter(({ how }) => how === 'joined')).toHaveLength(JOBS - accepted.length)
    const taken: string[] = []
    await Promise.all(
      ledgers.map(async (ledger, index) => {
        for (;;) {
          const jobs = await ledger.lease({ worker: `server ${index}`, nowMs: NOW, leaseMs: 60_000, limit: 7 })
          if (jobs.length === 0) return
          taken.push(...jobs.map(({ scan }) => scan))
          await Promise.all(jobs.map(job => ledger.complete(job, finished(job.record.name))))
        }
      }),
    )
    expect(new Set(taken).size).toBe(taken.length)
    expect(taken).toHaveLength(accepted.length)
    for (const { scan } of answers) expect((await ledgers[0].scan(scan.id))?.state).toBe('finished')
    const { total } = await ledgers[1].statistics({ toMs: NOW + 1, unit: 'total', top: 1, dimensions: [] })
    expect(total.scans).toBe(JOBS)
  })

  it('agree on idempotency keys', async () => {
    const idempotency = { key: 'one', fingerprint: 'f' }
    const answers = await Promise.all(ledgers.map(ledger => ledger.submit(newJob('idempotent', {}, { idempotency }))))
    expect(new Set(answers.map(({ scan }) => scan.id)).size).toBe(1)
    expect((await ledgers[0].scansOf(digestsOf('idempotent').sha256, 5)).length).toBe(1)
  })
})

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseQuery, type Ledger, type LeasedJob } from '../../usecases/index.ts'
import type { Database } from '../sql/database.ts'
import { openLedger } from '../sql/ledger.ts'
import { DATABASE, digestsOf, ENGINE, finished, newJob, newScan, nextId, NOW, reportOf } from './samples.ts'

// One suite for every database: what holds for one holds for all.

export function ledgerSuite(name: string, open: () => Promise<Database>): void {
  describe(name, () => {
    let ledger: Ledger
    beforeAll(async () => {
      ledger = await openLedger(await open())
    })
    afterAll(() => ledger.close())

    const leaseAll = async (worker = 'w1', nowMs = NOW): Promise<readonly LeasedJob[]> =>
      ledger.lease({ worker, nowMs, leaseMs: 1000, limit: 100 })
    const finishAll = async (): Promise<void> => {
      for (const job of await leaseAll('cleaner', NOW + 10 ** 9)) await ledger.complete(job, finished(job.record.name))
    }
    const searched = async (query: string, more = {}): Promise<string[]> => {
      const order = { node: parseQuery(query, NOW), sort: 'time' as const, descending: true, limit: 100, ...more }
      return (await ledger.search(order)).map(scan => scan.name)
    }

    describe('jobs', () => {
      it('a job is stored, leased, finished; record and report say so', async () => {
        const job = newJob('first', {}, { passwords: ['p1', 'p2'] })
        const { how, scan } = await ledger.submit(job)
        expect(how).toBe('accepted')
        expect(scan).toMatchObject({ id: job.scan.id, state: 'queued', sha256: digestsOf('first').sha256, attempts: 0 })
        const [held, ...others] = await leaseAll()
        expect(others).toEqual([])
        expect(held).toMatchObject({
          scan: job.scan.id, attempt: 1, passwords: ['p1', 'p2'], content: { room: 'intake', intake: 'intake-first' },
        }) // prettier-ignore
        expect((await ledger.scan(job.scan.id))?.state).toBe('running')
        const done = await ledger.complete(
          held,
          finished('first', { verdict: 'infected', detections: ['A', 'B'], type: 'pe' }),
        )
        expect(done?.ended).toHaveLength(1)
        expect(done?.ended[0]).toEqual(await ledger.scan(job.scan.id))
        expect(done?.ended[0]).toMatchObject({
          state: 'finished', verdict: 'infected', detections: ['A', 'B'], type: 'pe', engine: ENGINE, database: DATABASE,
          attempts: 1, elapsedMs: 1.5, finishedAtMs: NOW,
        }) // prettier-ignore
        expect(await ledger.report(job.scan.id)).toEqual({
          ...reportOf('first', { verdict: 'infected', detections: ['A', 'B'], type: 'pe' }),
          name: 'first.bin',
        })
        expect(await leaseAll()).toEqual([])
      })

      it('what is no longer held changes nothing', async () => {
        await ledger.submit(newJob('lost'))
        const [held] = await leaseAll()
        expect(await ledger.renew([held], NOW + 5000)).toEqual([])
        expect(await ledger.expire(NOW + 4000, 3)).toEqual({ back: 0, buried: [] })
        expect(await ledger.expire(NOW + 6000, 3)).toEqual({ back: 1, buried: [] })
        expect(await ledger.renew([held], NOW + 9000)).toEqual([held.scan])
        const [again] = await leaseAll('w2', NOW + 7000)
        expect(again.attempt).toBe(2)
        expect(await ledger.complete(held, finished('lost'))).toBeUndefined()
        expect(await ledger.putBack(held, { atMs: NOW, counts: true })).toBe(false)
        expect((await ledger.complete(again, finished('lost')))?.ended).toHaveLength(1)
        expect(await ledger.complete(again, finished('lost'))).toBeUndefined()
      })

      it('a job whose lease runs out too often becomes a dead letter, and can be tried again', async () => {
        const { scan } = await ledger.submit(newJob('killer'))
        for (let attempt = 1; attempt <= 3; attempt++) {
          const [held] = await leaseAll('w1', NOW + attempt * 10_000)
          expect(held.attempt).toBe(attempt)
          const { buried } = await ledger.expire(NOW + attempt * 10_000 + 2000, 3)
          expect(buried.map(({ id }) => id)).toEqual(attempt === 3 ? [scan.id] : [])
        }
        expect(await ledger.scan(scan.id)).toMatchObject({ state: 'failed', problem: { code: 'no-worker' } })
        const [letter] = await ledger.deadLetters({ limit: 10 })
        expect(letter).toMatchObject({ kind: 'scan', scan: scan.id, attempts: 3, reason: { code: 'no-worker' } })
        expect(await ledger.ownsIntake(['intake-killer', 'other'])).toEqual(['intake-killer'])
        expect(await ledger.retryDeadLetter(letter.id, NOW)).toBe(true)
        expect(await ledger.retryDeadLetter(letter.id, NOW)).toBe(false)
        const [held] = await leaseAll()
        expect((await ledger.bury(held, { code: 'internal', message: 'no' }, NOW))?.ended[0].state).toBe('failed')
        const [buried] = await ledger.deadLetters({ limit: 10 })
        expect(await ledger.discardDeadLetter(buried.id)).toEqual({ intake: 'intake-killer' })
        expect(await ledger.discardDeadLetter(buried.id)).toBeUndefined()
        expect(await ledger.deadLetters({ limit: 10 })).toEqual([])
      })

      it('a job that is put back waits until its time; the attempt counts or not', async () => {
        await ledger.submit(newJob('back'))
        const [held] = await leaseAll()
        expect(await ledger.putBack(held, { atMs: NOW + 500, counts: false })).toBe(true)
        expect(await leaseAll()).toEqual([])
        const [again] = await leaseAll('w1', NOW + 500)
        expect(again.attempt).toBe(1)
        await ledger.complete(again, finished('back'))
      })

      it('is served by priority, then by age', async () => {
        for (const [content, priority] of [
          ['p-a', 'bulk'],
          ['p-b', 'normal'],
          ['p-c', 'interactive'],
          ['p-d', 'normal'],
        ] as const)
          await ledger.submit(newJob(content, { priority }))
        const order = await ledger.lease({ worker: 'w', nowMs: NOW, leaseMs: 1, limit: 3 })
        expect(order.map(({ record }) => record.name)).toEqual(['p-c.bin', 'p-b.bin', 'p-d.bin'])
        await finishAll()
        for (const job of order) await ledger.complete(job, finished('x'))
      })

      it('the same content with the same options is scanned once, and everybody hears of it', async () => {
        const first = await ledger.submit(newJob('twin'))
        const [second, third] = await Promise.all([
          ledger.submit(newJob('twin', { name: 'second.bin', priority: 'interactive' })),
          ledger.submit(newJob('twin', { name: 'third.bin' })),
        ])
        expect([first.how, second.how, third.how]).toEqual(['accepted', 'joined', 'joined'])
        expect((await ledger.submit(newJob('twin', { optionsKey: 'other' }))).how).toBe('accepted')
        const held = await leaseAll()
        expect(held).toHaveLength(2)
        expect((await ledger.scan(second.scan.id))?.state).toBe('running')
        const leader = held.find(({ scan }) => scan === first.scan.id) as LeasedJob
        const done = await ledger.complete(leader, finished('twin', { verdict: 'suspicious', detections: ['S'] }))
        expect(done?.ended.map(({ id }) => id).sort()).toEqual([first.scan.id, second.scan.id, third.scan.id].sort())
        expect(await ledger.scan(second.scan.id)).toMatchObject({
          state: 'finished', verdict: 'suspicious', reusedFrom: first.scan.id, name: 'second.bin',
        }) // prettier-ignore
        expect((await ledger.report(third.scan.id))?.name).toBe('third.bin')
        await finishAll()
        for (const job of held) await ledger.complete(job, finished('twin'))
      })

      it('two of the same in one group are one job', async () => {
        const answers = await Promise.all(Array.from({ length: 5 }, () => ledger.submit(newJob('same-group'))))
        expect(answers.map(({ how }) => how).sort()).toEqual(['accepted', 'joined', 'joined', 'joined', 'joined'])
        const held = await leaseAll()
        expect(held).toHaveLength(1)
        expect((await ledger.complete(held[0], finished('same-group')))?.ended).toHaveLength(5)
      })

      it('cancelling one of several leaves the others; cancelling all drops the job', async () => {
        await finishAll()
        const first = await ledger.submit(newJob('cancelled'))
        const second = await ledger.submit(newJob('cancelled'))
        expect(await ledger.cancel(first.scan.id, NOW)).toMatchObject({ cancelled: true, scan: { state: 'cancelled' } })
        expect(await ledger.cancel(first.scan.id, NOW)).toMatchObject({
          cancelled: false,
          scan: { state: 'cancelled' },
        })
        expect((await ledger.queue(NOW)).waiting).toBe(1)
        expect(await ledger.cancel(second.scan.id, NOW)).toMatchObject({ cancelled: true, intake: 'intake-cancelled' })
        expect((await ledger.queue(NOW)).waiting).toBe(0)
        expect(await ledger.cancel(nextId(), NOW)).toBeUndefined()
      })

      it('who joined a cancelled scan still gets the result', async () => {
        const first = await ledger.submit(newJob('half'))
        const second = await ledger.submit(newJob('half'))
        const [held] = await leaseAll()
        await ledger.cancel(first.scan.id, NOW)
        expect((await ledger.complete(held, finished('half')))?.ended.map(({ id }) => id)).toEqual([second.scan.id])
        expect((await ledger.scan(first.scan.id))?.state).toBe('cancelled')
        expect((await ledger.report(second.scan.id))?.verdict).toBe('clean')
      })

      it('an idempotency key makes one scan, and refuses another request', async () => {
        const idempotency = { key: 'key-1', fingerprint: 'f1' }
        const [a, b] = await Promise.all([
          ledger.submit(newJob('idem', {}, { idempotency })),
          ledger.submit(newJob('idem', {}, { idempotency })),
        ])
        expect([a.how, b.how]).toEqual(['accepted', 'repeated'])
        expect(b.scan.id).toBe(a.scan.id)
        expect((await ledger.record(newScan('idem'), finished('idem'), { idempotency })).how).toBe('repeated')
        await expect(
          ledger.submit(newJob('other', {}, { idempotency: { key: 'key-1', fingerprint: 'f2' } })),
        ).rejects.toMatchObject({ code: 'idempotency-conflict' })
        const elsewhere = { source: { door: 'rest', account: 'else', address: '' } } as const
        expect((await ledger.submit(newJob('idem-2', elsewhere, { idempotency }))).how).toBe('accepted')
        await finishAll()
      })

      it('an id that is taken is refused, and spoils nothing for others in the group', async () => {
        const scan = newScan('taken')
        await ledger.record(scan, finished('taken'))
        const [bad, good] = await Promise.allSettled([
          ledger.record({ ...scan, ...digestsOf('taken-2') }, finished('taken-2')),
          ledger.record(newScan('taken-3'), finished('taken-3')),
        ])
        expect(bad).toMatchObject({ status: 'rejected', reason: { code: 'conflict' } })
        expect(good).toMatchObject({ status: 'fulfilled', value: { how: 'accepted' } })
      })

      it('the queue is told', async () => {
        await ledger.submit(newJob('q1', { priority: 'bulk' }))
        await ledger.submit(newJob('q2'))
        await ledger.lease({ worker: 'w', nowMs: NOW, leaseMs: 1000, limit: 1 })
        expect(await ledger.queue(NOW + 3000)).toMatchObject({
          waiting: 1, leased: 1, dead: 0, waitingByPriority: { interactive: 0, normal: 0, bulk: 1 },
        }) // prettier-ignore
        await ledger.expire(NOW + 10 ** 6, 9)
        await finishAll()
      })
    })

    describe('known content', () => {
      it('is found by content, options, engine and database, and shared', async () => {
        const first = await ledger.record(
          newScan('known'),
          finished('known', { verdict: 'infected', detections: ['Known.X'] }),
        )
        const { sha256 } = digestsOf('known')
        const generation = { engine: ENGINE, database: DATABASE }
        expect((await ledger.known(sha256, 'plain', generation))?.id).toBe(first.scan.id)
        expect(await ledger.known(sha256, 'other', generation)).toBeUndefined()
        expect(await ledger.known(sha256, 'plain', { ...generation, database: 'e'.repeat(64) })).toBeUndefined()
        expect(await ledger.known(digestsOf('unknown').sha256, 'plain', generation)).toBeUndefined()
        const again = await ledger.record(newScan('known', { name: 'again' }), {
          state: 'known',
          from: first.scan.id,
          finishedAtMs: NOW,
        })
        expect(again.scan).toMatchObject({
          verdict: 'infected',
          detections: ['Known.X'],
          reusedFrom: first.scan.id,
          state: 'finished',
        })
        expect(await searched('detection:Known.X')).toEqual(['again', 'known.bin'])
        await ledger.deleteScan(first.scan.id)
        expect((await ledger.report(again.scan.id))?.verdict).toBe('infected')
        expect((await ledger.scan(again.scan.id))?.reusedFrom).toBeUndefined()
        await ledger.deleteScan(again.scan.id)
        expect(await ledger.report(again.scan.id)).toBeUndefined()
        expect(await ledger.samples([sha256])).toEqual([undefined])
      })

      it('samples are found by each digest', async () => {
        await ledger.record(
          newScan('sample'),
          finished('sample', { type: 'zip', members: [{ content: 'm1', type: 'pe' }] }),
        )
        const { sha256, sha1, md5 } = digestsOf('sample')
        const found = await ledger.samples([md5, 'ab'.repeat(16), sha1, sha256])
        expect(found.map(sample => sample?.sha256)).toEqual([sha256, undefined, sha256, sha256])
        expect(found[0]).toMatchObject({ scans: 1, verdict: 'clean', type: 'zip', kept: false, tags: [], sizeBytes: 6 })
        expect((await ledger.scansOf(sha256, 5)).map(scan => scan.name)).toEqual(['sample.bin'])
        expect((await ledger.scansWithin(digestsOf('m1').sha256, 5)).map(scan => scan.name)).toEqual(['sample.bin'])
      })
    })

    describe('webhooks', () => {
      it('are sent once their scan has ended, again after a failure, and given up', async () => {
        const notify = { url: 'https://a.example/', secret: 's' }
        const { scan } = await ledger.submit(newJob('hook', {}, { notify }))
        const lease = { worker: 'w', nowMs: NOW, leaseMs: 1000, limit: 10 }
        expect(await ledger.leaseDeliveries(lease)).toEqual([])
        await finishAll()
        const [delivery] = await ledger.leaseDeliveries(lease)
        expect(delivery).toMatchObject({
          id: scan.id,
          url: notify.url,
          secret: 's',
          attempt: 1,
          record: { state: 'finished' },
        })
        expect(await ledger.leaseDeliveries(lease)).toEqual([])
        expect(await ledger.leaseDeliveries({ ...lease, nowMs: NOW + 2000 })).toMatchObject([{ attempt: 2 }])
        await ledger.settleDelivery(scan.id, { sent: false, error: 'HTTP 500', againAtMs: NOW + 9000, nowMs: NOW })
        expect(await ledger.leaseDeliveries({ ...lease, nowMs: NOW + 8999 })).toEqual([])
        expect(await ledger.leaseDeliveries({ ...lease, nowMs: NOW + 9000 })).toHaveLength(1)
        await ledger.settleDelivery(scan.id, { sent: false, error: 'HTTP 500', nowMs: NOW })
        const [letter] = await ledger.deadLetters({ limit: 5 })
        expect(letter).toMatchObject({
          kind: 'delivery',
          url: notify.url,
          attempts: 3,
          reason: { message: 'HTTP 500' },
        })
        expect(await ledger.retryDeadLetter(letter.id, NOW)).toBe(true)
        expect(await ledger.leaseDeliveries(lease)).toHaveLength(1)
        await ledger.settleDelivery(scan.id, { sent: true })
        expect(await ledger.deadLetters({ limit: 5 })).toEqual([])
        await ledger.record(newScan('hook-2'), finished('hook-2'), { notify: { url: 'https://b.example/' } })
        expect(await ledger.leaseDeliveries(lease)).toMatchObject([{ url: 'https://b.example/' }])
        await ledger.leaseDeliveries(lease)
      })
    })

    describe('notes', () => {
      it('tags and comments belong to content', async () => {
        await ledger.record(newScan('noted'), finished('noted'))
        const { sha256 } = digestsOf('noted')
        expect(await ledger.changeTags(sha256, ['b', 'a', 'c'], [])).toEqual(['a', 'b', 'c'])
        expect(await ledger.changeTags(sha256, ['a'], ['b', 'never'])).toEqual(['a', 'c'])
        expect(await ledger.changeTags(digestsOf('nothing').sha256, ['a'], [])).toBeUndefined()
        expect((await ledger.samples([sha256]))[0]?.tags).toEqual(['a', 'c'])
        expect(await searched('tag:a')).toEqual(['noted.bin'])
        const comment = { id: nextId(), sha256, account: 'local', author: 'Me', text: 'odd ✓', atMs: NOW }
        expect(await ledger.addComment(comment)).toBe(true)
        expect(await ledger.comments(sha256)).toEqual([comment])
        expect(await ledger.comment(comment.id)).toEqual(comment)
        await ledger.deleteComment(comment.id)
        expect(await ledger.comments(sha256)).toEqual([])
        expect(await ledger.suggest('tag', 'A', 5)).toEqual(['a'])
      })
    })

    describe('retro-scans', () => {
      it('list what another database says differently', async () => {
        await ledger.record(newScan('retro-1'), finished('retro-1'))
        await ledger.record(newScan('retro-2'), finished('retro-2'))
        for (const content of ['retro-1', 'retro-2']) await ledger.setKept(digestsOf(content).sha256, true)
        const database = 'e'.repeat(64)
        const retro = {
          id: nextId(), query: '', startedBy: 'local', startedAtMs: NOW, state: 'running', database,
          total: 0, done: 0, failed: 0, changed: 0,
        } as const // prettier-ignore
        await ledger.startRetro(retro)
        expect(await ledger.retro(retro.id)).toEqual(retro)
        const candidates = await ledger.retroCandidates({ database, limit: 10 })
        expect(candidates.map(({ scan }) => scan?.name ?? '').sort()).toEqual(['retro-1.bin', 'retro-2.bin'])
        const [one, two] = candidates
        expect(await ledger.retroCandidates({ database, after: one.sha256, limit: 10 })).toEqual([two])
        for (const content of ['retro-1', 'retro-2'])
          await ledger.submit(newJob(content, { optionsKey: 'r' }, { retro: retro.id, content: { room: 'store' } }))
        await ledger.planRetro(retro.id, { cursor: two.sha256, planned: true })
        expect(await ledger.retroPlans()).toMatchObject([
          { planned: true, cursor: two.sha256, retro: { total: 2, done: 0 } },
        ])
        for (const job of await leaseAll()) {
          const infected = job.record.name === 'retro-2.bin'
          const shape = infected ? ({ verdict: 'infected', detections: ['New'], database } as const) : { database }
          await ledger.complete(job, finished(job.record.name, shape))
        }
        expect(await ledger.retro(retro.id)).toMatchObject({ done: 2, failed: 0, changed: 1, total: 2 })
        expect(await ledger.changedVerdicts(retro.id, { limit: 5 })).toMatchObject([
          { name: 'retro-2.bin', before: { verdict: 'clean' }, after: { verdict: 'infected', detections: ['New'] } },
        ])
        expect(await ledger.endRetro(retro.id, 'finished', NOW)).toEqual([])
        expect((await ledger.retros({ limit: 5 }))[0]).toMatchObject({ state: 'finished', finishedAtMs: NOW })
        expect(await ledger.retroCandidates({ database, limit: 10 })).toMatchObject([
          { scan: undefined },
          { scan: undefined },
        ])
        for (const content of ['retro-1', 'retro-2']) await ledger.deleteSample(digestsOf(content).sha256)
      })
    })

    describe('deletion', () => {
      it('a sample goes with everything', async () => {
        const { scan } = await ledger.record(
          newScan('gone', { name: 'going-away.txt' }),
          finished('gone', { detections: ['G'] }),
        )
        const { sha256 } = digestsOf('gone')
        await ledger.changeTags(sha256, ['t'], [])
        await ledger.submit(newJob('gone', { optionsKey: 'z' }))
        expect(await ledger.deleteSample(sha256)).toEqual({ contents: [sha256], intakes: ['intake-gone'] })
        expect(await ledger.deleteSample(sha256)).toBeUndefined()
        expect(await ledger.scan(scan.id)).toBeUndefined()
        expect(await ledger.report(scan.id)).toBeUndefined()
        expect(await searched('name:going-away')).toEqual([])
        expect(await leaseAll()).toEqual([])
      })

      it('rules delete what is due and nothing else', async () => {
        const day = 86_400_000
        const old = NOW - 40 * day
        await ledger.record(newScan('old-clean', { submittedAtMs: old }), finished('old-clean', {}, old))
        await ledger.record(
          newScan('old-bad', { submittedAtMs: old }),
          finished('old-bad', { verdict: 'infected', detections: ['O'] }, old),
        )
        await ledger.setKept(digestsOf('old-bad').sha256, true)
        const problem = { code: 'internal', message: '' }
        await ledger.record(newScan('old-failed', { submittedAtMs: old }), {
          state: 'failed',
          problem,
          finishedAtMs: old,
        })
        expect(await ledger.sweep({}, NOW, 100)).toMatchObject({ scans: 0, contents: [], more: false })
        expect(await ledger.sweep({ cleanDays: 30, contentDays: 10 }, NOW, 100)).toMatchObject({
          scans: 1, contents: [digestsOf('old-bad').sha256],
        }) // prettier-ignore
        expect(await ledger.sweep({ findingsDays: 50, failedDays: 30 }, NOW, 100)).toMatchObject({ scans: 1 })
        expect(await searched('old')).toEqual(['old-bad.bin'])
        expect(await ledger.sweep({ findingsDays: 30, statisticsDays: 30 }, NOW, 100)).toMatchObject({
          scans: 1,
          more: false,
        })
        expect(await searched('old')).toEqual([])
      })
    })

    describe('the rest', () => {
      it('settings, check, counts, slots', async () => {
        expect(await ledger.setting('x')).toBeUndefined()
        await ledger.setSetting('x', '1')
        await ledger.setSetting('x', '2')
        expect(await ledger.setting('x')).toBe('2')
        expect(await ledger.check()).toMatchObject({ ok: true })
        expect((await ledger.counts()).scans).toBeGreaterThan(3)
        expect(await ledger.claimSlot('s1', NOW, NOW + 10)).toBe(0)
        expect(await ledger.claimSlot('s2', NOW, NOW + 1000)).toBe(1)
        expect(await ledger.claimSlot('s1', NOW, NOW + 20)).toBe(0)
        expect(await ledger.claimSlot('s3', NOW + 30, NOW + 1000)).toBe(0)
        for (let slot = 2; slot < 32; slot++)
          expect(await ledger.claimSlot(`s${slot + 2}`, NOW + 30, NOW + 2000)).toBe(slot)
        expect([0, 1]).toContain(await ledger.claimSlot('one more', NOW + 30, NOW + 3000))
      })
    })
  })
}

import { sql, type Transaction } from 'kysely'
import { PRIORITIES } from '../../usecases/index.ts'
import type { Jobs, Lease, LeasedJob, Priority, QueueState, ScanRecord } from '../../usecases/index.ts'
import { recordsBySeq, type Context } from './context.ts'
import { seqOf, timeOfSeq } from './ids.ts'
import { padded } from './many.ts'
import { FIRST_FINAL, STATE } from './rows.ts'
import { StatisticsSums } from './statistics-rows.ts'
import { JOB } from './writes.ts'
import type { Tables } from './tables.ts'

// Leases. What changes a job asks for worker and attempt too, so that who has lost it changes nothing.

type Ordered<K extends keyof Jobs> = Parameters<Jobs[K]>[0]
type Db = Transaction<Tables>

/** Rows are locked where several servers may want them; whoever comes second takes others. */
const skipLocked = ({ database }: Context) => (database.kind === 'postgres' ? sql`for update skip locked` : sql``)

export function lease(context: Context, order: Ordered<'lease'>): Promise<readonly LeasedJob[]> {
  const { worker, nowMs, leaseMs, limit } = order
  const leaseUntil = nowMs + leaseMs
  return context.database.write.transaction().execute(async db => {
    const next = await sql<{ seq: number }>`select seq from jobs where state = 0 and "runAt" <= ${nowMs}
      order by priority, seq limit ${limit} ${skipLocked(context)}`.execute(db)
    const seqs = next.rows.map(({ seq }) => seq)
    if (seqs.length === 0) return []
    const jobs = await db
      .updateTable('jobs')
      .set(({ eb }) => ({ state: JOB.leased, worker, leaseUntil, attempt: eb('attempt', '+', 1) }))
      .where('seq', 'in', padded(seqs))
      .returning(['seq', 'attempt', 'intake', 'secrets'])
      .execute()
    await db
      .updateTable('scans')
      .set(({ eb }) => ({ state: STATE.running, startedAt: nowMs, attempts: eb('attempts', '+', 1) }))
      .where('seq', 'in', padded(seqs))
      .where('state', '<', FIRST_FINAL)
      .execute()
    await followersRun(db, seqs, STATE.running)
    const held = new Map(jobs.map(job => [job.seq, job]))
    const records = await recordsBySeq(context, db, seqs)
    return records.map(record => {
      const { attempt, intake, secrets } = held.get(seqOf(record.id)) as (typeof jobs)[number]
      return {
        scan: record.id,
        worker,
        attempt,
        record,
        content: intake === null ? { room: 'store' } : { room: 'intake', intake },
        passwords: secrets === null ? [] : (JSON.parse(secrets) as string[]),
        untilMs: leaseUntil,
      } satisfies LeasedJob
    })
  })
}

async function followersRun(db: Db, leaders: readonly number[], state: number): Promise<void> {
  await db
    .updateTable('scans')
    .set({ state })
    .where('seq', 'in', db.selectFrom('joins').select('seq').where('leader', 'in', padded(leaders)))
    .where('state', '<', FIRST_FINAL)
    .execute()
}

export async function renew(
  { database }: Context,
  leases: readonly Lease[],
  untilMs: number,
): Promise<readonly string[]> {
  const [first] = leases
  if (first === undefined) return []
  const held = await database.write
    .updateTable('jobs')
    .set({ leaseUntil: untilMs })
    .where('seq', 'in', padded(leases.map(({ scan }) => seqOf(scan))))
    .where('state', '=', JOB.leased)
    .where('worker', '=', first.worker)
    .returning(['seq', 'attempt'])
    .execute()
  const attempts = new Map(held.map(({ seq, attempt }) => [seq, attempt]))
  return leases.filter(({ scan, attempt }) => attempts.get(seqOf(scan)) !== attempt).map(({ scan }) => scan)
}

export function putBack(
  { database }: Context,
  { scan, worker, attempt }: Lease,
  { atMs, problem, counts }: Parameters<Jobs['putBack']>[1],
): Promise<boolean> {
  const seq = seqOf(scan)
  return database.write.transaction().execute(async db => {
    const back = await db
      .updateTable('jobs')
      .set({
        state: JOB.waiting,
        worker: null,
        runAt: atMs,
        attempt: counts ? attempt : attempt - 1,
        problem: problem === undefined ? null : JSON.stringify(problem),
      })
      .where('seq', '=', seq)
      .where('state', '=', JOB.leased)
      .where('worker', '=', worker)
      .where('attempt', '=', attempt)
      .returning('seq')
      .execute()
    if (back.length === 0) return false
    await scansWait(db, [seq])
    return true
  })
}

async function scansWait(db: Db, seqs: readonly number[]): Promise<void> {
  await db
    .updateTable('scans')
    .set({ state: STATE.queued })
    .where('seq', 'in', padded(seqs))
    .where('state', '<', FIRST_FINAL)
    .execute()
  await followersRun(db, seqs, STATE.queued)
}

/** Jobs whose lease ran out: those that may be tried again wait, the others are returned as they are held. */
export function expire(
  context: Context,
  nowMs: number,
  maxAttempts: number,
): Promise<{ readonly back: number; readonly spent: readonly Lease[] }> {
  return context.database.write.transaction().execute(async db => {
    const { rows } = await sql<{ seq: number; attempt: number; worker: string }>`
      select seq, attempt, worker from jobs where state = 1 and "leaseUntil" < ${nowMs} limit 1000 ${skipLocked(context)}`.execute(
      db,
    )
    const again = rows.filter(({ attempt }) => attempt < maxAttempts).map(({ seq }) => seq)
    if (again.length > 0) {
      await db
        .updateTable('jobs')
        .set({ state: JOB.waiting, worker: null, runAt: 0 })
        .where('seq', 'in', padded(again))
        .execute()
      await scansWait(db, again)
    }
    const spent = rows.filter(({ attempt }) => attempt >= maxAttempts)
    const records = await recordsBySeq(
      context,
      db,
      spent.map(({ seq }) => seq),
    )
    const ids = new Map(records.map(({ id }) => [seqOf(id), id]))
    return {
      back: again.length,
      spent: spent.flatMap(({ seq, worker, attempt }) => {
        const scan = ids.get(seq)
        return scan === undefined ? [] : [{ scan, worker, attempt }]
      }),
    }
  })
}

/** Ends one scan; its job goes on where others have joined it. */
export function cancel(
  context: Context,
  id: string,
  nowMs: number,
): Promise<{ readonly scan: ScanRecord; readonly cancelled: boolean; readonly intake?: string } | undefined> {
  const seq = seqOf(id)
  return context.database.write.transaction().execute(async db => {
    // The job first, as everything that ends scans does: two transactions then never wait for each other.
    const join = await db.selectFrom('joins').select('leader').where('seq', '=', seq).executeTakeFirst()
    const leader = join?.leader ?? seq
    await sql`select seq from jobs where seq = ${leader} ${context.database.kind === 'postgres' ? sql`for update` : sql``}`.execute(
      db,
    )
    const [before] = await recordsBySeq(context, db, [seq])
    if (before === undefined || before.id !== id) return undefined
    const ended = await db
      .updateTable('scans')
      .set({ state: STATE.cancelled, finishedAt: nowMs })
      .where('seq', '=', seq)
      .where('state', '<', FIRST_FINAL)
      .returningAll()
      .execute()
    if (ended.length === 0) return { scan: before, cancelled: false }
    const sums = new StatisticsSums()
    sums.add(ended[0], [])
    for (const query of sums.queries(db)) await db.executeQuery(query)
    await db.deleteFrom('joins').where('seq', '=', seq).execute()
    await db
      .updateTable('deliveries')
      .set({ state: 1, runAt: nowMs })
      .where('seq', '=', seq)
      .where('state', '=', 0)
      .execute()
    const intake = await dropNeedless(db, leader)
    const [scan] = await recordsBySeq(context, db, [seq])
    return { scan, cancelled: true, ...(intake === undefined ? {} : { intake }) }
  })
}

/** Removes a job that no scan waits for. @returns its intake */
async function dropNeedless(db: Db, leader: number): Promise<string | undefined> {
  const { rows } = await sql<{ seq: number }>`select seq from scans where state < ${FIRST_FINAL}
    and (seq = ${leader} or seq in (select seq from joins where leader = ${leader})) limit 1`.execute(db)
  if (rows.length > 0) return undefined
  const dropped = await db.deleteFrom('jobs').where('seq', '=', leader).returning('intake').executeTakeFirst()
  return dropped?.intake ?? undefined
}

export async function ownsIntake({ database }: Context, intakes: readonly string[]): Promise<readonly string[]> {
  if (intakes.length === 0) return []
  const rows = await database.write.selectFrom('jobs').select('intake').where('intake', 'in', padded(intakes)).execute()
  return rows.map(({ intake }) => intake as string)
}

export async function queue({ database: { read } }: Context, nowMs: number): Promise<QueueState> {
  const states = await read
    .selectFrom('jobs')
    .select(({ fn }) => ['state', 'priority', fn.countAll<number>().as('count'), fn.min('seq').as('oldest')])
    .groupBy(['state', 'priority'])
    .execute()
  const deliveries = await read
    .selectFrom('deliveries')
    .select(({ fn }) => ['state', fn.countAll<number>().as('count')])
    .where('state', '>', 0)
    .groupBy('state')
    .execute()
  const sum = (list: readonly { count: number }[]): number => list.reduce((total, { count }) => total + count, 0)
  const waiting = states.filter(({ state }) => state === JOB.waiting)
  const oldest = Math.min(...waiting.map(row => row.oldest))
  return {
    waiting: sum(waiting),
    leased: sum(states.filter(({ state }) => state === JOB.leased)),
    dead: sum(states.filter(({ state }) => state === JOB.dead)),
    waitingByPriority: Object.fromEntries(
      Object.entries(PRIORITIES).map(([name, value]) => [
        name,
        sum(waiting.filter(({ priority }) => priority === value)),
      ]),
    ) as Record<Priority, number>,
    oldestWaitingMs: waiting.length === 0 ? 0 : Math.max(0, nowMs - timeOfSeq(oldest)),
    deliveriesWaiting: sum(deliveries.filter(({ state }) => state < 3)),
    deliveriesDead: sum(deliveries.filter(({ state }) => state === 3)),
  }
}

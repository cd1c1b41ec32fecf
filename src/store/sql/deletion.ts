import { sql, type Kysely, type Transaction } from 'kysely'
import { VERDICTS } from '../../report/index.ts'
import type { RetentionRules, Swept } from '../../usecases/index.ts'
import type { Context } from './context.ts'
import { bytesToHex, hexToBytes, idOf, seqOf, seqOfTime } from './ids.ts'
import { padded } from './many.ts'
import { STATE } from './rows.ts'
import { DAY_MS, HOUR_MS, UNITS } from './statistics-rows.ts'
import type { Tables } from './tables.ts'

// Deleting scans, by hand and by rule. Sums stay: they name nobody. Contents are noted as not kept here, in the same
// transaction, and then deleted from the vault by whoever asked.

interface Gone {
  readonly contents: readonly string[]
  readonly intakes: readonly string[]
}
type Db = Transaction<Tables>

export function deleteScan({ database }: Context, id: string): Promise<Gone | undefined> {
  const seq = seqOf(id)
  return database.write.transaction().execute(async db => {
    const row = await db.selectFrom('scans').select(['tail', 'sample']).where('seq', '=', seq).executeTakeFirst()
    if (row === undefined || idOf(seq, row.tail) !== id) return undefined
    const intakes = await removeScans(db, database.kind === 'sqlite', [seq])
    return { intakes, contents: await removeOrphans(db, [row.sample]) }
  })
}

export function deleteSample({ database }: Context, sha256: string): Promise<Gone | undefined> {
  return database.write.transaction().execute(async db => {
    const sample = await db
      .selectFrom('samples')
      .selectAll()
      .where('sha256', '=', hexToBytes(sha256))
      .executeTakeFirst()
    if (sample === undefined) return undefined
    const intakes: string[] = []
    for (;;) {
      const rows = await db.selectFrom('scans').select('seq').where('sample', '=', sample.seq).limit(512).execute()
      if (rows.length === 0) break
      intakes.push(
        ...(await removeScans(
          db,
          database.kind === 'sqlite',
          rows.map(({ seq }) => seq),
        )),
      )
    }
    await removeOrphans(db, [sample.seq])
    return { intakes, contents: [sha256] }
  })
}

/** Removes scans with everything that hangs on them. @returns the intakes of their jobs */
async function removeScans(db: Db, isSqlite: boolean, seqs: readonly number[]): Promise<string[]> {
  const list = padded(seqs)
  // Who has joined one of these jobs fails rather than waits for ever.
  const orphans = await db.selectFrom('joins').select('seq').where('leader', 'in', list).execute()
  if (orphans.length > 0) {
    const problem = JSON.stringify({ code: 'cancelled', message: 'The scan it had joined was deleted' })
    await db
      .updateTable('scans')
      .set({ state: STATE.failed, problem })
      .where('seq', 'in', padded(orphans.map(({ seq }) => seq)))
      .execute()
  }
  const jobs = await db.deleteFrom('jobs').where('seq', 'in', list).returning('intake').execute()
  await db
    .deleteFrom('joins')
    .where(eb => eb.or([eb('leader', 'in', list), eb('seq', 'in', list)]))
    .execute()
  await db.deleteFrom('idempotency').where('seq', 'in', list).execute()
  for (const table of ['deliveries', 'marks', 'members', 'changes'] as const)
    await db.deleteFrom(table).where('seq', 'in', list).execute()
  const rows = await db.deleteFrom('scans').where('seq', 'in', list).returning(['report', 'sample']).execute()
  if (isSqlite) await sql`delete from names where rowid in (${sql.join(list)})`.execute(db)
  for (const { report, sample } of rows) if (report !== null) await removeReport(db, report, sample)
  return jobs.flatMap(({ intake }) => intake ?? [])
}

/** A report goes with the last scan that shares it. */
async function removeReport(db: Kysely<Tables>, report: number, sample: number): Promise<void> {
  const other = await db
    .selectFrom('scans')
    .select('seq')
    .where('sample', '=', sample)
    .where('report', '=', report)
    .limit(1)
    .executeTakeFirst()
  if (other === undefined) await db.deleteFrom('reports').where('seq', '=', report).execute()
}

/** Contents of which no scan is left go, with tags and comments. @returns those that the vault holds */
async function removeOrphans(db: Db, samples: readonly number[]): Promise<string[]> {
  const gone: string[] = []
  for (const sample of new Set(samples)) {
    const left = await db.selectFrom('scans').select('seq').where('sample', '=', sample).limit(1).executeTakeFirst()
    if (left !== undefined) continue
    await db.deleteFrom('tags').where('sample', '=', sample).execute()
    await db.deleteFrom('comments').where('sample', '=', sample).execute()
    const row = await db
      .deleteFrom('samples')
      .where('seq', '=', sample)
      .returning(['sha256', 'kept'])
      .executeTakeFirst()
    if (row?.kept === 1) gone.push(bytesToHex(row.sha256))
  }
  return gone
}

const CLEAN = [VERDICTS.indexOf('clean'), VERDICTS.indexOf('trusted')]
const FINDINGS = VERDICTS.map((_, index) => index).filter(index => !CLEAN.includes(index))
/** How long an idempotency key is remembered. */
const IDEMPOTENCY_MS = DAY_MS

export function sweep({ database }: Context, rules: RetentionRules, nowMs: number, limit: number): Promise<Swept> {
  const before = (days: number | undefined): number => (days === undefined ? -1 : seqOfTime(nowMs - days * DAY_MS))
  return database.write.transaction().execute(async db => {
    const due = [
      ...(await dueByVerdict(db, CLEAN, before(rules.cleanDays), limit)),
      ...(await dueByVerdict(db, FINDINGS, before(rules.findingsDays), limit)),
      ...(await dueFailed(db, before(rules.failedDays), limit)),
    ].slice(0, limit)
    const intakes =
      due.length === 0
        ? []
        : await removeScans(
            db,
            database.kind === 'sqlite',
            due.map(({ seq }) => seq),
          )
    const orphans = await removeOrphans(
      db,
      due.map(({ sample }) => sample),
    )
    const contents = await dueContents(db, before(rules.contentDays), limit)
    await db
      .deleteFrom('idempotency')
      .where('at', '<', nowMs - IDEMPOTENCY_MS)
      .execute()
    return {
      scans: due.length,
      samples: orphans.length,
      auditEntries: 0,
      statisticsRows: await dropStatistics(db, rules.statisticsDays, nowMs),
      contents: [...orphans, ...contents],
      intakes,
      more: due.length === limit || contents.length === limit,
    }
  })
}

type Due = { seq: number; sample: number }[]

function dueByVerdict(db: Db, verdicts: readonly number[], before: number, limit: number): Promise<Due> {
  return db
    .selectFrom('scans')
    .select(['seq', 'sample'])
    .where('verdict', 'in', verdicts)
    .where('seq', '<', before)
    .orderBy('seq')
    .limit(limit)
    .execute()
}

function dueFailed(db: Db, before: number, limit: number): Promise<Due> {
  return db
    .selectFrom('scans')
    .select(['seq', 'sample'])
    .where('state', 'in', [STATE.failed, STATE.cancelled])
    .where('state', '<>', STATE.finished)
    .where('seq', '<', before)
    .orderBy('seq')
    .limit(limit)
    .execute()
}

/** Kept contents whose newest scan is older; noted as not kept. */
async function dueContents(db: Db, before: number, limit: number): Promise<string[]> {
  if (before < 0) return []
  const { rows } = await sql<{ sha256: Uint8Array }>`select sha256 from samples where kept = 1
    and not exists (select 1 from scans where scans.sample = samples.seq and scans.seq >= ${before}) limit ${limit}`.execute(
    db,
  )
  if (rows.length === 0) return []
  await db
    .updateTable('samples')
    .set({ kept: 0 })
    .where('sha256', 'in', padded(rows.map(({ sha256 }) => sha256)))
    .execute()
  return rows.map(({ sha256 }) => bytesToHex(sha256))
}

async function dropStatistics(db: Db, days: number | undefined, nowMs: number): Promise<number> {
  if (days === undefined) return 0
  const hour = Math.floor((nowMs - days * DAY_MS) / HOUR_MS)
  let dropped = 0
  for (const [unit, at] of [
    [UNITS.hour, hour],
    [UNITS.day, Math.floor(hour / 24)],
  ] as const) {
    const { numDeletedRows } = await db
      .deleteFrom('statistics')
      .where('unit', '=', unit)
      .where('at', '<', at)
      .executeTakeFirst()
    dropped += Number(numDeletedRows)
  }
  return dropped
}

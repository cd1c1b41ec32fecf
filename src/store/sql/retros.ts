import { sql, type Kysely } from 'kysely'
import { VERDICTS } from '../../report/index.ts'
import type { ChangedVerdict, RetroScan, RetroScans, ScanRecord } from '../../usecases/index.ts'
import { recordsBySeq, type Context } from './context.ts'
import { bytesToHex, hexToBytes, idOf, seqOf, tailOf, timeOfSeq } from './ids.ts'
import { STATE } from './rows.ts'
import type { RetroRow, Tables } from './tables.ts'

// Retro-scans. What is done, failed and changed is counted from their scans, so that no counter can go wrong.

const STATES = ['running', 'finished', 'cancelled'] as const

export async function startRetro({ database: { write } }: Context, retro: RetroScan): Promise<void> {
  await write
    .insertInto('retros')
    .values({
      seq: seqOf(retro.id),
      tail: tailOf(retro.id),
      query: retro.query,
      startedBy: retro.startedBy,
      finishedAt: null,
      state: 0,
      database: retro.database,
      cursor: null,
      planned: 0,
    })
    .execute()
}

export async function retro(context: Context, id: string): Promise<RetroScan | undefined> {
  const { write } = context.database
  const row = await write.selectFrom('retros').selectAll().where('seq', '=', seqOf(id)).executeTakeFirst()
  return row === undefined || idOf(row.seq, row.tail) !== id ? undefined : retroOf(write, row)
}

export async function retros(
  { database: { write } }: Context,
  { before, limit }: { readonly before?: string; readonly limit: number },
): Promise<readonly RetroScan[]> {
  const rows = await write
    .selectFrom('retros')
    .selectAll()
    .where('seq', '<', before === undefined ? Number.MAX_SAFE_INTEGER : seqOf(before))
    .orderBy('seq', 'desc')
    .limit(limit)
    .execute()
  return Promise.all(rows.map(row => retroOf(write, row)))
}

async function retroOf(db: Kysely<Tables>, row: RetroRow): Promise<RetroScan> {
  const { rows } = await sql<{ total: number; done: number; failed: number; changed: number }>`select
    (select count(*) from scans where retro = ${row.seq}) as total,
    (select count(*) from scans where retro = ${row.seq} and state >= 2) as done,
    (select count(*) from scans where retro = ${row.seq} and state > 2) as failed,
    (select count(*) from changes where retro = ${row.seq}) as changed`.execute(db)
  const [{ total, done, failed, changed }] = rows
  return {
    id: idOf(row.seq, row.tail),
    query: row.query,
    startedBy: row.startedBy,
    startedAtMs: timeOfSeq(row.seq),
    state: STATES[row.state],
    database: row.database,
    total,
    done,
    failed,
    changed,
    ...(row.finishedAt === null ? {} : { finishedAtMs: row.finishedAt }),
  }
}

export async function retroCandidates(
  context: Context,
  { database, after, limit }: Parameters<RetroScans['retroCandidates']>[0],
): Promise<readonly { readonly sha256: string; readonly scan: ScanRecord | undefined }[]> {
  const { read } = context.database
  const samples = await read
    .selectFrom('samples')
    .select(['seq', 'sha256'])
    .where('kept', '=', 1)
    .where('sha256', '>', after === undefined ? Buffer.alloc(0) : hexToBytes(after))
    .orderBy('sha256')
    .limit(limit)
    .execute()
  const newest = await Promise.all(
    samples.map(({ seq }) =>
      read
        .selectFrom('scans')
        .select('seq')
        .where('sample', '=', seq)
        .where('state', '=', STATE.finished)
        .orderBy('seq', 'desc')
        .limit(1)
        .executeTakeFirst(),
    ),
  )
  const records = await recordsBySeq(
    context,
    read,
    newest.flatMap(row => row?.seq ?? []),
  )
  const bySample = new Map(records.map(record => [record.sha256, record]))
  return samples.map(({ sha256 }) => {
    const hex = bytesToHex(sha256)
    const record = bySample.get(hex)
    return { sha256: hex, scan: record?.database === database ? undefined : record }
  })
}

export async function planRetro(
  { database: { write } }: Context,
  id: string,
  { cursor, planned }: Parameters<RetroScans['planRetro']>[1],
): Promise<void> {
  await write
    .updateTable('retros')
    .set({ planned: planned ? 1 : 0, ...(cursor === undefined ? {} : { cursor: hexToBytes(cursor) }) })
    .where('seq', '=', seqOf(id))
    .execute()
}

/** Those that are running. */
export async function retroPlans({ database: { write } }: Context): ReturnType<RetroScans['retroPlans']> {
  const rows = await write.selectFrom('retros').selectAll().where('state', '=', 0).orderBy('seq').execute()
  return Promise.all(
    rows.map(async row => ({
      retro: await retroOf(write, row),
      planned: row.planned === 1,
      ...(row.cursor === null ? {} : { cursor: bytesToHex(row.cursor) }),
    })),
  )
}

/** @returns the scans of it that wait */
export async function endRetro(
  context: Context,
  id: string,
  state: 'finished' | 'cancelled',
  nowMs: number,
): Promise<readonly string[]> {
  const seq = seqOf(id)
  const { write } = context.database
  await write
    .updateTable('retros')
    .set({ state: STATES.indexOf(state), finishedAt: nowMs })
    .where('seq', '=', seq)
    .where('state', '=', 0)
    .execute()
  const rows = await write
    .selectFrom('scans')
    .select(['seq', 'tail'])
    .where('retro', '=', seq)
    .where('state', 'in', [STATE.queued, STATE.running])
    .execute()
  return rows.map(row => idOf(row.seq, row.tail))
}

export async function changedVerdicts(
  context: Context,
  id: string,
  { after, limit }: { readonly after?: string; readonly limit: number },
): Promise<readonly ChangedVerdict[]> {
  const { read } = context.database
  const rows = await read
    .selectFrom('changes')
    .selectAll()
    .where('retro', '=', seqOf(id))
    .where('seq', '>', after === undefined ? 0 : seqOf(after))
    .orderBy('seq')
    .limit(limit)
    .execute()
  const records = await recordsBySeq(
    context,
    read,
    rows.flatMap(({ seq, before }) => [seq, before]),
  )
  const bySeq = new Map(records.map(record => [seqOf(record.id), record]))
  return rows.flatMap(({ seq, before, at }) => {
    const [now, then] = [bySeq.get(seq), bySeq.get(before)]
    if (now === undefined || then === undefined) return []
    return [{ sha256: now.sha256, name: now.name, before: sideOf(then), after: sideOf(now), atMs: at }]
  })
}

const sideOf = ({ id, verdict, detections }: ScanRecord): ChangedVerdict['before'] => ({
  scan: id,
  verdict: verdict ?? VERDICTS[3],
  detections,
})

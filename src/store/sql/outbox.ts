import { sql } from 'kysely'
import type { Delivery, Outbox } from '../../usecases/index.ts'
import { recordsBySeq, type Context } from './context.ts'
import { seqOf } from './ids.ts'
import { padded } from './many.ts'

// Webhooks: 0 waits for the end of its scan, 1 to be sent, 2 leased, 3 dead. What was sent is gone.

export function leaseDeliveries(
  context: Context,
  { nowMs, leaseMs, limit }: Parameters<Outbox['leaseDeliveries']>[0],
): Promise<readonly Delivery[]> {
  const { database } = context
  return database.write.transaction().execute(async db => {
    const { rows: due } = await sql<{ seq: number }>`select seq from deliveries
      where (state = 1 and "runAt" <= ${nowMs}) or (state = 2 and "leaseUntil" < ${nowMs})
      order by "runAt" limit ${limit} ${database.kind === 'postgres' ? sql`for update skip locked` : sql``}`.execute(db)
    if (due.length === 0) return []
    const rows = await db
      .updateTable('deliveries')
      .set(({ eb }) => ({ state: 2, leaseUntil: nowMs + leaseMs, attempt: eb('attempt', '+', 1) }))
      .where('seq', 'in', padded(due.map(({ seq }) => seq)))
      .returning(['seq', 'url', 'secret', 'attempt'])
      .execute()
    const records = new Map(
      (
        await recordsBySeq(
          context,
          db,
          rows.map(({ seq }) => seq),
        )
      ).map(record => [seqOf(record.id), record]),
    )
    return rows.flatMap(({ seq, url, secret, attempt }) => {
      const record = records.get(seq)
      if (record === undefined) return []
      return [{ id: record.id, url, attempt, record, ...(secret === null ? {} : { secret }) }]
    })
  })
}

export async function settleDelivery(
  { database: { write } }: Context,
  id: string,
  result: Parameters<Outbox['settleDelivery']>[1],
): Promise<void> {
  const seq = seqOf(id)
  if (result.sent) {
    await write.deleteFrom('deliveries').where('seq', '=', seq).execute()
    return
  }
  const { error, againAtMs, nowMs } = result
  await write
    .updateTable('deliveries')
    .set(againAtMs === undefined ? { state: 3, error, runAt: nowMs } : { state: 1, error, runAt: againAtMs })
    .where('seq', '=', seq)
    .execute()
}

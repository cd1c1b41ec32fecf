import type { DeadLetter, ScanProblem } from '../../usecases/index.ts'
import type { Context } from './context.ts'
import { idOf, seqOf } from './ids.ts'
import { STATE } from './rows.ts'
import { JOB } from './writes.ts'

// What was given up: jobs and deliveries in state dead. Ids are those of their scans, with a letter before.

const DELIVERY_DEAD = 3
const idFor = (kind: DeadLetter['kind'], scan: string): string => `${kind === 'scan' ? 's' : 'd'}-${scan}`

function parse(id: string): { readonly kind: DeadLetter['kind']; readonly seq: number } {
  return { kind: id.startsWith('s-') ? 'scan' : 'delivery', seq: seqOf(id.slice(2)) }
}

/** Newest scans first; `before` is the id of the last one seen. */
export async function deadLetters(
  { database: { read } }: Context,
  { before, limit }: { readonly before?: string; readonly limit: number },
): Promise<readonly DeadLetter[]> {
  const below = before === undefined ? Number.MAX_SAFE_INTEGER : parse(before).seq
  const jobs = await read
    .selectFrom('jobs')
    .innerJoin('scans', 'scans.seq', 'jobs.seq')
    .select(['jobs.seq', 'scans.tail', 'scans.name', 'jobs.attempt', 'jobs.problem', 'jobs.runAt'])
    .where('jobs.state', '=', JOB.dead)
    .where('jobs.seq', '<', below)
    .orderBy('jobs.seq', 'desc')
    .limit(limit)
    .execute()
  const deliveries = await read
    .selectFrom('deliveries')
    .innerJoin('scans', 'scans.seq', 'deliveries.seq')
    .select([
      'deliveries.seq',
      'scans.tail',
      'scans.name',
      'deliveries.attempt',
      'deliveries.error',
      'deliveries.runAt',
      'url',
    ])
    .where('deliveries.state', '=', DELIVERY_DEAD)
    // A scan may have both; a page therefore begins with what is left of the one before.
    .where('deliveries.seq', before?.startsWith('s-') === true ? '<=' : '<', below)
    .orderBy('deliveries.seq', 'desc')
    .limit(limit)
    .execute()
  const letters = [
    ...jobs.map(row => ({ row, letter: scanLetter(idOf(row.seq, row.tail), row) })),
    ...deliveries.map(row => ({ row, letter: deliveryLetter(idOf(row.seq, row.tail), row) })),
  ]
  letters.sort((a, b) => b.row.seq - a.row.seq || (a.letter.kind === 'scan' ? -1 : 1))
  return letters.slice(0, limit).map(({ letter }) => letter)
}

function scanLetter(
  scan: string,
  row: { name: string; attempt: number; problem: string | null; runAt: number },
): DeadLetter {
  const reason = JSON.parse(row.problem ?? '{"code":"internal","message":""}') as ScanProblem
  return { id: idFor('scan', scan), kind: 'scan', scan, name: row.name, attempts: row.attempt, reason, atMs: row.runAt }
}

function deliveryLetter(
  scan: string,
  row: { name: string; attempt: number; error: string | null; runAt: number; url: string },
): DeadLetter {
  const reason = { code: 'delivery-failed', message: row.error ?? '' }
  const { name, url, attempt: attempts, runAt: atMs } = row
  return { id: idFor('delivery', scan), kind: 'delivery', scan, name, url, attempts, reason, atMs }
}

export function retryDeadLetter({ database }: Context, id: string, nowMs: number): Promise<boolean> {
  const { kind, seq } = parse(id)
  if (Number.isNaN(seq)) return Promise.resolve(false)
  return database.write.transaction().execute(async db => {
    if (kind === 'delivery') {
      const sent = await db
        .updateTable('deliveries')
        .set({ state: 1, attempt: 0, runAt: nowMs })
        .where('seq', '=', seq)
        .where('state', '=', DELIVERY_DEAD)
        .returning('seq')
        .execute()
      return sent.length > 0
    }
    const jobs = await db
      .updateTable('jobs')
      .set({ state: JOB.waiting, attempt: 0, runAt: nowMs, problem: null })
      .where('seq', '=', seq)
      .where('state', '=', JOB.dead)
      .returning('seq')
      .execute()
    if (jobs.length === 0) return false
    await db
      .updateTable('scans')
      .set({ state: STATE.queued, problem: null, finishedAt: null })
      .where('seq', '=', seq)
      .execute()
    return true
  })
}

export async function discardDeadLetter(
  { database }: Context,
  id: string,
): Promise<{ readonly intake?: string } | undefined> {
  const { kind, seq } = parse(id)
  if (Number.isNaN(seq)) return undefined
  if (kind === 'delivery') {
    const rows = await database.write
      .deleteFrom('deliveries')
      .where('seq', '=', seq)
      .where('state', '=', DELIVERY_DEAD)
      .returning('seq')
      .execute()
    return rows.length === 0 ? undefined : {}
  }
  const row = await database.write
    .deleteFrom('jobs')
    .where('seq', '=', seq)
    .where('state', '=', JOB.dead)
    .returning('intake')
    .executeTakeFirst()
  if (row === undefined) return undefined
  return row.intake === null ? {} : { intake: row.intake }
}

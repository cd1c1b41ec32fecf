import { UseCaseError } from '../../usecases/index.ts'
import type { AccountStore, AuditEntry, AuditFilter, SealedEntry } from '../../usecases/index.ts'
import { auditRowOf, sealedOf } from './account-rows.ts'
import type { Database } from './database.ts'
import { insertMany } from './many.ts'

// The chain of audit entries. There are no updates and no deletes here.

const COLUMNS = [
  'seq', 'id', 'at', 'account', 'name', 'key', 'address', 'door', 'action', 'target', 'outcome', 'seal',
] as const // prettier-ignore

type Seal = Parameters<AccountStore['appendAudit']>[1]

export function appendAudit({ write }: Database, entries: readonly AuditEntry[], seal: Seal): Promise<void> {
  return write.transaction().execute(async db => {
    // The update locks the row first, so that whoever appends at the same time sees what this one has written.
    const head = await db
      .updateTable('audit_head')
      .set(({ eb }) => ({ seq: eb('seq', '+', entries.length) }))
      .where('id', '=', 1)
      .returning(['seq', 'seal'])
      .executeTakeFirst()
    if (head === undefined) throw new UseCaseError('internal', { detail: 'the head of the audit log is missing' })
    let { seal: before } = head
    let seq = head.seq - entries.length
    const rows = entries.map(entry => {
      before = seal(before, ++seq, entry)
      return auditRowOf(entry, seq, before)
    })
    await insertMany(db, 'audit', COLUMNS, rows)
    await db.updateTable('audit_head').set({ seal: before }).where('id', '=', 1).execute()
  })
}

export async function searchAudit(
  { read }: Database,
  { account, action, target, fromMs, toMs }: AuditFilter,
  before: number | undefined,
  limit: number,
): Promise<readonly SealedEntry[]> {
  let query = read.selectFrom('audit').selectAll().orderBy('seq', 'desc').limit(limit)
  if (before !== undefined) query = query.where('seq', '<', before)
  if (account !== undefined) query = query.where('account', '=', account)
  if (action !== undefined) query = query.where('action', '=', action)
  if (target !== undefined) query = query.where('target', '=', target)
  if (fromMs !== undefined) query = query.where('at', '>=', fromMs)
  if (toMs !== undefined) query = query.where('at', '<', toMs)
  return (await query.execute()).map(sealedOf)
}

export async function readAudit({ read }: Database, after: number, limit: number): Promise<readonly SealedEntry[]> {
  const rows = await read.selectFrom('audit').selectAll().where('seq', '>', after).orderBy('seq').limit(limit).execute()
  return rows.map(sealedOf)
}

export async function auditHead({ read }: Database): Promise<{ readonly seq: number; readonly seal: string }> {
  const row = await read.selectFrom('audit_head').select(['seq', 'seal']).executeTakeFirst()
  return row ?? { seq: 0, seal: '' }
}

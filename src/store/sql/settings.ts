import { sql } from 'kysely'
import { SLOT_BITS } from '../../usecases/index.ts'
import type { Context } from './context.ts'

export async function setting({ database: { write } }: Context, name: string): Promise<string | undefined> {
  const row = await write.selectFrom('settings').select('value').where('name', '=', name).executeTakeFirst()
  return row?.value
}

export async function setSetting({ database: { write } }: Context, name: string, value: string): Promise<void> {
  await write
    .insertInto('settings')
    .values({ name, value })
    .onConflict(conflict => conflict.column('name').doUpdateSet({ value }))
    .execute()
}

const CHECK_SETTING = 'last-check'

export async function check(context: Context): Promise<{ readonly ok: boolean; readonly detail: string }> {
  try {
    await setSetting(context, CHECK_SETTING, new Date().toISOString())
    await sql`select 1`.execute(context.database.read)
    return { ok: true, detail: context.database.kind }
  } catch (error) {
    return { ok: false, detail: error instanceof Error ? error.message : String(error) }
  }
}

const SLOTS = 2 ** SLOT_BITS

export async function claimSlot(
  { database: { write } }: Context,
  worker: string,
  nowMs: number,
  untilMs: number,
): Promise<number> {
  const own = await write
    .updateTable('servers')
    .set({ until: untilMs })
    .where('worker', '=', worker)
    .returning('slot')
    .executeTakeFirst()
  if (own !== undefined) return own.slot
  for (let slot = 0; slot < SLOTS; slot++) {
    const claimed = await sql`insert into servers (slot, worker, "until") values (${slot}, ${worker}, ${untilMs})
      on conflict (slot) do update set worker = excluded.worker, "until" = excluded."until"
      where servers."until" < ${nowMs} returning slot`.execute(write)
    if (claimed.rows.length > 0) return slot
  }
  // A server that is started and killed all the time leaves them all taken: the one heard of last goes. Two servers
  // with one slot may make the same id, which is refused and made anew.
  const oldest = write.selectFrom('servers').select('slot').orderBy('until').limit(1)
  const taken = await write
    .updateTable('servers')
    .set({ worker, until: untilMs })
    .where('slot', '=', oldest)
    .returning('slot')
    .executeTakeFirst()
  return taken?.slot ?? 0
}

import { sql, type Kysely } from 'kysely'
import { foldedName, ROLES, UseCaseError } from '../../usecases/index.ts'
import type { AccountChanges, AccountStore, StoredAccount, Usage } from '../../usecases/index.ts'
import { accountOf, accountRow, keyOf, keyRow, sessionOf } from './account-rows.ts'
import { appendAudit, auditHead, readAudit, searchAudit } from './audit-log.ts'
import type { Database } from './database.ts'
import { asUseCaseError, isPassing } from './failures.ts'
import { migrate } from './migrate.ts'
import type { Tables } from './tables.ts'

const ADMINISTRATOR = ROLES.indexOf('administrator')
/** How often a transaction that stood in the way of another is tried again. */
const MAX_TRIES = 5

/** Accounts in the database of the ledger, which is brought up to date first. */
export async function openAccountStore(database: Database): Promise<AccountStore> {
  await migrate(database)
  return worded(accountStore(database))
}

/** Every refusal in the words of the use cases; what only was in the way of another is tried again. */
function worded(store: AccountStore): AccountStore {
  const calls = Object.entries(store).map(([name, call]: [string, (...args: never[]) => Promise<unknown>]) => {
    const wrapped = async (...args: never[]): Promise<unknown> => {
      for (let tries = 1; ; tries++) {
        try {
          return await call(...args)
        } catch (error) {
          if (tries >= MAX_TRIES || !isPassing(error)) throw asUseCaseError(error)
        }
      }
    }
    return [name, wrapped] as const
  })
  return Object.fromEntries(calls) as unknown as AccountStore
}

function accountStore(database: Database): AccountStore {
  const { read, write } = database
  const one = async (query: { executeTakeFirst(): Promise<Tables['accounts'] | undefined> }) => {
    const row = await query.executeTakeFirst()
    return row === undefined ? undefined : accountOf(row)
  }
  const accounts = () => read.selectFrom('accounts').selectAll()
  return {
    async countAccounts() {
      const { count } = await read
        .selectFrom('accounts')
        .select(({ fn }) => fn.countAll().as('count'))
        .executeTakeFirstOrThrow()
      return Number(count)
    },
    account: id => one(accounts().where('id', '=', id)),
    accountByName: name => one(accounts().where('folded', '=', foldedName(name))),
    accountByOidc: (issuer, subject) => one(accounts().where('issuer', '=', issuer).where('subject', '=', subject)),
    async accounts(after, limit) {
      const query = accounts().orderBy('id').limit(limit)
      const rows = await (after === undefined ? query : query.where('id', '>', after)).execute()
      return rows.map(accountOf)
    },
    addAccount: (account, claim) => addAccount(database, account, claim),
    updateAccount: (id, changes) => updateAccount(database, id, changes),
    deleteAccount: id => deleteAccount(database, id),

    async keyByPrefix(prefix) {
      const key = await read.selectFrom('api_keys').selectAll().where('prefix', '=', prefix).executeTakeFirst()
      const account = key === undefined ? undefined : await one(accounts().where('id', '=', key.account))
      return key === undefined || account === undefined ? undefined : { key: keyOf(key), account }
    },
    async key(id) {
      const row = await read.selectFrom('api_keys').selectAll().where('id', '=', id).executeTakeFirst()
      return row === undefined ? undefined : keyOf(row)
    },
    async keysOf(account) {
      const rows = await read.selectFrom('api_keys').selectAll().where('account', '=', account).orderBy('id').execute()
      return rows.map(keyOf)
    },
    addKey: async key => void (await write.insertInto('api_keys').values(keyRow(key)).execute()),
    async deleteKey(id) {
      const { numDeletedRows } = await write.deleteFrom('api_keys').where('id', '=', id).executeTakeFirst()
      return numDeletedRows > 0n
    },
    touchKey: async (id, used) =>
      void (await write.updateTable('api_keys').set({ used }).where('id', '=', id).execute()),

    async addSession({ id, account, hash, createdAtMs, usedAtMs, expiresAtMs }) {
      const row = { id, account, hash, created: createdAtMs, used: usedAtMs, expires: expiresAtMs }
      await write.insertInto('sessions').values(row).execute()
    },
    async sessionByHash(hash) {
      const session = await read.selectFrom('sessions').selectAll().where('hash', '=', hash).executeTakeFirst()
      const account = session === undefined ? undefined : await one(accounts().where('id', '=', session.account))
      return session === undefined || account === undefined ? undefined : { session: sessionOf(session), account }
    },
    touchSession: async (id, used) =>
      void (await write.updateTable('sessions').set({ used }).where('id', '=', id).execute()),
    deleteSession: async id => void (await write.deleteFrom('sessions').where('id', '=', id).execute()),
    async deleteSessionsOf(account, except) {
      const query = write.deleteFrom('sessions').where('account', '=', account)
      await (except === undefined ? query : query.where('id', '<>', except)).execute()
    },
    async trimSessions(account, most) {
      const newest = write
        .selectFrom('sessions')
        .select('id')
        .where('account', '=', account)
        .orderBy('created', 'desc')
        .orderBy('id', 'desc')
        .limit(most)
      await write.deleteFrom('sessions').where('account', '=', account).where('id', 'not in', newest).execute()
    },
    async deleteExpired(nowMs, beforeDay) {
      await write.deleteFrom('sessions').where('expires', '<=', nowMs).execute()
      await write.deleteFrom('claims').where('expires', '<=', nowMs).execute()
      await write.deleteFrom('oidc_logins').where('expires', '<=', nowMs).execute()
      await write.deleteFrom('used').where('day', '<', beforeDay).execute()
    },

    async setClaim({ hash, expiresAtMs }) {
      const claim = { hash, expires: expiresAtMs }
      await write
        .insertInto('claims')
        .values({ id: 1, ...claim })
        .onConflict(conflict => conflict.column('id').doUpdateSet(claim))
        .execute()
    },
    async addOidcLogin({ stateHash, nonce, verifier, redirectUrl, expiresAtMs }) {
      const row = { state: stateHash, nonce, verifier, redirect: redirectUrl, expires: expiresAtMs }
      await write.insertInto('oidc_logins').values(row).execute()
    },
    async takeOidcLogin(stateHash) {
      const row = await write.deleteFrom('oidc_logins').where('state', '=', stateHash).returningAll().executeTakeFirst()
      if (row === undefined) return undefined
      const { state, nonce, verifier, redirect, expires } = row
      return { stateHash: state, nonce, verifier, redirectUrl: redirect, expiresAtMs: expires }
    },

    addUsage: used => write.transaction().execute(db => addUsage(db, used)),
    appendAudit: (entries, seal) => appendAudit(database, entries, seal),
    searchAudit: (filter, before, limit) => searchAudit(database, filter, before, limit),
    readAudit: (after, limit) => readAudit(database, after, limit),
    auditHead: () => auditHead(database),
  }
}

/** Who makes or takes away administrators does it one after the other, so that two do not take away each other. */
async function lockAccounts(db: Kysely<Tables>, { kind }: Database): Promise<void> {
  // SQLite has one writer anyway.
  if (kind === 'postgres') await sql`lock table accounts in share row exclusive mode`.execute(db)
}

function addAccount(
  database: Database,
  account: StoredAccount,
  claim: { readonly hash: string; readonly nowMs: number } | undefined,
): Promise<boolean> {
  return database.write.transaction().execute(async db => {
    if (claim !== undefined) {
      await lockAccounts(db, database)
      const known = await db.selectFrom('accounts').select('id').limit(1).executeTakeFirst()
      const held = await db
        .deleteFrom('claims')
        .where('hash', '=', claim.hash)
        .where('expires', '>', claim.nowMs)
        .returning('id')
        .executeTakeFirst()
      if (known !== undefined || held === undefined) return false
    }
    await db.insertInto('accounts').values(accountRow(account)).execute()
    return true
  })
}

function updateAccount(database: Database, id: string, changes: AccountChanges): Promise<StoredAccount | undefined> {
  return database.write.transaction().execute(async db => {
    await lockAccounts(db, database)
    const before = await db.selectFrom('accounts').selectAll().where('id', '=', id).executeTakeFirst()
    if (before === undefined) return undefined
    const account: StoredAccount = { ...accountOf(before), ...changes }
    const { id: _, ...row } = accountRow(account)
    await db.updateTable('accounts').set(row).where('id', '=', id).execute()
    if (before.role === ADMINISTRATOR && before.disabled === 0) await demandAdministrator(db)
    return account
  })
}

function deleteAccount(database: Database, id: string): Promise<boolean> {
  return database.write.transaction().execute(async db => {
    await lockAccounts(db, database)
    const { numDeletedRows } = await db.deleteFrom('accounts').where('id', '=', id).executeTakeFirst()
    if (numDeletedRows === 0n) return false
    await demandAdministrator(db)
    await db.deleteFrom('api_keys').where('account', '=', id).execute()
    await db.deleteFrom('sessions').where('account', '=', id).execute()
    return true
  })
}

/** @throws UseCaseError conflict, which undoes the transaction */
async function demandAdministrator(db: Kysely<Tables>): Promise<void> {
  const left = await db
    .selectFrom('accounts')
    .select('id')
    .where('role', '=', ADMINISTRATOR)
    .where('disabled', '=', 0)
    .limit(1)
    .executeTakeFirst()
  if (left === undefined) throw new UseCaseError('conflict', { detail: 'no administrator would be left' })
}

async function addUsage(db: Kysely<Tables>, used: readonly Usage[]): Promise<Usage[]> {
  const totals: Usage[] = []
  // In one order, so that servers do not wait for each other in a circle.
  const order = used.map((_, at) => at).sort((one, other) => (used[one].subject < used[other].subject ? -1 : 1))
  for (const at of order) {
    const { subject, day, scans, bytes } = used[at]
    totals[at] = await db
      .insertInto('used')
      .values({ subject, day, scans, bytes })
      .onConflict(conflict =>
        conflict.columns(['subject', 'day']).doUpdateSet(eb => ({
          scans: eb(eb.ref('used.scans'), '+', scans),
          bytes: eb(eb.ref('used.bytes'), '+', bytes),
        })),
      )
      .returningAll()
      .executeTakeFirstOrThrow()
  }
  return totals
}

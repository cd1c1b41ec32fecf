import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAccounts, UseCaseError, verifyAudit } from '../../usecases/index.ts'
import type { AccountServer, AccountStore, AuditEntry, Principal } from '../../usecases/index.ts'
import { systemHashes, systemRandom } from '../host.ts'
import { createPasswordHasher } from '../passwords.ts'
import { openAccountStore } from '../sql/accounts.ts'
import type { Database } from '../sql/database.ts'

// What accounts do, on any database.

/** Milliseconds instead of a fifth of a second. */
export const QUICK = { memoryKib: 64, passes: 1, parallelism: 1 } as const
const PASSWORD = 'correct horse battery'
const DAY_MS = 86_400_000

export const nobody = (address = '192.0.2.1'): Principal => ({
  account: '',
  name: '',
  role: undefined,
  address,
  door: 'rest',
})

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'no error',
    (error: unknown) => (error instanceof UseCaseError ? error.code : String(error)),
  )

export function accountSuite(name: string, open: () => Promise<Database>): void {
  describe(`accounts on ${name}`, () => {
    let database: Database
    let store: AccountStore
    let server: AccountServer
    let nowMs = Date.UTC(2026, 0, 1, 12)
    const clock = { now: () => nowMs, after: () => () => {} }
    const start = (): AccountServer =>
      createAccounts({
        store,
        clock,
        random: systemRandom,
        hashes: systemHashes,
        passwords: createPasswordHasher(QUICK),
        log: () => {},
        auditKey: 'key of the log',
        openLocal: true,
      })
    const peer = { address: '192.0.2.7', door: 'rest', loopback: false } as const
    const local = { address: '127.0.0.1', door: 'rest', loopback: true } as const
    /** What a role says of an account comes from the store, so tests of one suite see each other's accounts. */
    let admin: Principal
    beforeAll(async () => {
      database = await open()
      store = await openAccountStore(database)
      server = start()
    })
    afterAll(async () => {
      await server.close()
      await database.close()
    })

    it('belongs to whoever is on loopback until the first account, which the one-time link makes', async () => {
      const { useCases, authenticator } = server
      expect(await authenticator.authenticate({ kind: 'none' }, local)).toMatchObject({ account: 'local', role: 'administrator' }) // prettier-ignore
      expect((await authenticator.authenticate({ kind: 'none' }, peer)).role).toBeUndefined()
      const input = { name: 'Ada', password: PASSWORD }
      const first = (await server.issueClaim()) ?? ''
      const token = (await server.issueClaim()) ?? ''
      expect(await codeOf(useCases.claimServer(nobody(), { ...input, token: first }))).toBe('wrong-credentials')
      nowMs += 2 * DAY_MS
      expect(await codeOf(useCases.claimServer(nobody(), { ...input, token }))).toBe('wrong-credentials')
      const fresh = (await server.issueClaim()) ?? ''
      expect(await codeOf(useCases.claimServer(nobody(), { token: fresh, name: 'Ada', password: 'short' }))).toBe('invalid-input') // prettier-ignore
      const tries = await Promise.all(
        ['Ada', 'Eve', 'Mallory'].map((name, at) =>
          codeOf(useCases.claimServer(nobody(`192.0.2.${at + 50}`), { token: fresh, name, password: PASSWORD })),
        ),
      )
      expect(tries.sort()).toEqual(['no error', 'wrong-credentials', 'wrong-credentials'])
      expect(await store.countAccounts()).toBe(1)
      expect(await server.issueClaim()).toBeUndefined()
      const [account] = await store.accounts(undefined, 10)
      await store.updateAccount(account.id, { name: 'Ada' })
      admin = { account: account.id, name: 'Ada', role: 'administrator', address: '192.0.2.1', door: 'rest' }
      expect((await authenticator.authenticate({ kind: 'none' }, local)).role).toBeUndefined()
    })

    it('keeps sessions: CSRF, idle and absolute end, rotation, logging out', async () => {
      const { useCases, authenticator } = server
      expect(await codeOf(useCases.logIn(nobody('192.0.2.90'), { name: 'ada', password: 'wrong password' }))).toBe('wrong-credentials') // prettier-ignore
      const session = await useCases.logIn(nobody(), { name: 'ADA', password: PASSWORD })
      expect(JSON.stringify(session.account)).not.toContain('argon2')
      const { token, csrf } = session
      const known = await authenticator.authenticate({ kind: 'session', token, csrf }, peer)
      expect(known).toMatchObject({ account: admin.account, role: 'administrator' })
      expect(await codeOf(authenticator.authenticate({ kind: 'session', token, csrf: `${csrf.slice(1)}0` }, peer))).toBe('wrong-credentials') // prettier-ignore
      expect(await codeOf(authenticator.authenticate({ kind: 'session', token: `${token}x` }, peer))).toBe('not-authenticated') // prettier-ignore
      const next = await useCases.logIn(known, { name: 'ada', password: PASSWORD })
      expect(next.token).not.toBe(token)
      expect(await codeOf(authenticator.authenticate({ kind: 'session', token }, peer))).toBe('not-authenticated')
      // Used every hour it lasts for the absolute time; unused it ends before.
      for (let hour = 0; hour < 11; hour++) {
        nowMs += 3_600_000
        await authenticator.authenticate({ kind: 'session', token: next.token }, peer)
      }
      nowMs += 3_700_000
      expect(await codeOf(authenticator.authenticate({ kind: 'session', token: next.token }, peer))).toBe('not-authenticated') // prettier-ignore
      const idle = await useCases.logIn(nobody(), { name: 'ada', password: PASSWORD })
      nowMs += 2 * 3_600_000
      expect(await codeOf(authenticator.authenticate({ kind: 'session', token: idle.token }, peer))).toBe('not-authenticated') // prettier-ignore
      const last = await useCases.logIn(nobody(), { name: 'ada', password: PASSWORD })
      await useCases.logOut(await authenticator.authenticate({ kind: 'session', token: last.token }, peer))
      expect(await codeOf(authenticator.authenticate({ kind: 'session', token: last.token }, peer))).toBe('not-authenticated') // prettier-ignore
    })

    it('stores no secret that could be used', async () => {
      const { useCases } = server
      const { token } = await useCases.logIn(nobody(), { name: 'ada', password: PASSWORD })
      const { secret } = await useCases.createKey(admin, { label: 'gateway' })
      const rows = await Promise.all([
        database.write.selectFrom('accounts').selectAll().execute(),
        database.write.selectFrom('sessions').selectAll().execute(),
        database.write.selectFrom('api_keys').selectAll().execute(),
      ])
      const text = JSON.stringify(rows)
      expect(text).toContain('$argon2id$v=19$')
      for (const hidden of [PASSWORD, token, secret, secret.slice(13)]) expect(text).not.toContain(hidden)
    })

    it('changes passwords, which ends the other sessions', async () => {
      const { useCases, authenticator } = server
      const { id } = await useCases.createAccount(admin, { name: 'Bob', role: 'analyst', password: PASSWORD })
      const [one, other] = [await useCases.logIn(nobody(), { name: 'bob', password: PASSWORD }), await useCases.logIn(nobody(), { name: 'bob', password: PASSWORD })] // prettier-ignore
      const bob = await authenticator.authenticate({ kind: 'session', token: one.token }, peer)
      expect(await codeOf(useCases.changePassword(bob, { old: 'wrong password', new: 'another long one' }))).toBe('wrong-credentials') // prettier-ignore
      for (const weak of ['short', 'bob is my name', 'aaaaaaaaaaaaaaaa', 'x'.repeat(300)]) {
        expect(await codeOf(useCases.changePassword(bob, { old: PASSWORD, new: weak }))).toBe('invalid-input')
      }
      await useCases.changePassword(bob, { old: PASSWORD, new: 'another long one' })
      await authenticator.authenticate({ kind: 'session', token: one.token }, peer)
      expect(await codeOf(authenticator.authenticate({ kind: 'session', token: other.token }, peer))).toBe('not-authenticated') // prettier-ignore
      const basic = { kind: 'password', name: 'Bob', password: 'another long one' } as const
      expect((await authenticator.authenticate(basic, peer)).account).toBe(id)
      await useCases.updateAccount(admin, { id, disabled: true })
      expect(await codeOf(authenticator.authenticate(basic, peer))).toBe('wrong-credentials')
      expect(await codeOf(authenticator.authenticate({ kind: 'session', token: one.token }, peer))).toBe('not-authenticated') // prettier-ignore
      await useCases.deleteAccount(admin, { id })
      expect(await codeOf(useCases.deleteAccount(admin, { id }))).toBe('not-found')
    })

    it('gives keys no more than their maker has, and each use what the account has then', async () => {
      const { useCases, authenticator } = server
      const { id } = await useCases.createAccount(admin, { name: 'Carol', role: 'submitter', password: PASSWORD })
      const carol: Principal = { account: id, name: 'Carol', role: 'submitter', address: '', door: 'rest' }
      expect(await codeOf(useCases.createKey(carol, { label: 'x', role: 'analyst' }))).toBe('invalid-input')
      expect(await codeOf(useCases.createKey(carol, { label: 'x', account: admin.account }))).toBe('not-allowed')
      expect(await codeOf(useCases.createKey(admin, { label: 'x', account: id, role: 'administrator' }))).toBe('invalid-input') // prettier-ignore
      expect(await codeOf(useCases.createKey(carol, { label: 'a\u202eb' }))).toBe('invalid-input')
      expect(await codeOf(useCases.createKey(carol, { label: 'x', expiresAtMs: nowMs }))).toBe('invalid-input')
      const { key, secret } = await useCases.createKey(carol, { label: 'mail', expiresAtMs: nowMs + DAY_MS })
      expect(secret).toMatch(/^lzk_[\w-]{8}_[\w-]{43}$/)
      const as = () => authenticator.authenticate({ kind: 'key', secret }, peer)
      expect(await as()).toMatchObject({ account: id, role: 'submitter', key: key.id, label: 'mail' })
      for (const wrong of [`${secret.slice(0, -1)}A`, secret.slice(0, 20), 'x', `${secret}A`].filter(
        text => text !== secret,
      )) {
        expect(await codeOf(authenticator.authenticate({ kind: 'key', secret: wrong }, peer))).toBe('wrong-credentials')
      }
      expect(await codeOf(useCases.createKey(await as(), { label: 'for ever' }))).toBe('invalid-input')
      expect(await codeOf(useCases.changePassword(await as(), { old: PASSWORD, new: 'another long one' }))).toBe('not-allowed') // prettier-ignore
      await useCases.updateAccount(admin, { id, role: 'viewer' })
      expect((await as()).role).toBe('viewer')
      expect((await useCases.listKeys(carol, {})).map(({ label }) => label)).toEqual(['mail'])
      expect(JSON.stringify(await useCases.listKeys(carol, {}))).not.toContain(systemHashes.sha256(secret))
      const stranger: Principal = { ...carol, account: 'other', role: 'analyst' }
      expect(await codeOf(useCases.listKeys(stranger, { account: id }))).toBe('not-allowed')
      expect(await codeOf(useCases.revokeKey(stranger, { id: key.id }))).toBe('not-allowed')
      nowMs += DAY_MS
      expect(await codeOf(as())).toBe('wrong-credentials')
      const lasting = await useCases.createKey(carol, { label: 'lasting' })
      const asLasting = () => authenticator.authenticate({ kind: 'key', secret: lasting.secret }, peer)
      await asLasting()
      await useCases.revokeKey(carol, { id: lasting.key.id })
      expect(await codeOf(asLasting())).toBe('wrong-credentials')
      expect((await store.keysOf(id)).map(({ label }) => label)).toEqual(['mail'])
    })

    it('never loses its last administrator, and takes each name once', async () => {
      const { useCases } = server
      for (const change of [{ role: 'viewer' } as const, { disabled: true }]) {
        expect(await codeOf(useCases.updateAccount(admin, { id: admin.account, ...change }))).toBe('conflict')
      }
      expect(await codeOf(useCases.deleteAccount(admin, { id: admin.account }))).toBe('conflict')
      const two = await useCases.createAccount(admin, { name: 'Dora', role: 'administrator', password: PASSWORD })
      // Each tries to take away the other at the same time.
      const outcomes = await Promise.all([
        codeOf(useCases.updateAccount(admin, { id: two.id, role: 'viewer' })),
        codeOf(useCases.updateAccount(admin, { id: admin.account, role: 'viewer' })),
      ])
      expect(outcomes.sort()).toEqual(['conflict', 'no error'])
      await store.updateAccount(admin.account, { role: 'administrator' })
      expect(await codeOf(useCases.createAccount(admin, { name: 'DORA', role: 'viewer' }))).toBe('conflict')
      for (const bad of ['', ' ', 'a\nb', 'a\u202eb', '<b>', 'x'.repeat(65), '-x']) {
        expect(await codeOf(useCases.createAccount(admin, { name: bad, role: 'viewer' }))).toBe('invalid-input')
      }
      expect(await codeOf(useCases.createAccount(admin, { name: 'Q', role: 'viewer', quota: { inFlight: -1 } }))).toBe('invalid-input') // prettier-ignore
      const names: string[] = []
      let cursor: string | undefined
      do {
        const page = await useCases.listAccounts(admin, { limit: 2, ...(cursor === undefined ? {} : { cursor }) })
        names.push(...page.items.map(item => item.name))
        cursor = page.next
      } while (cursor !== undefined)
      expect(names).toEqual(['Ada', 'Carol', 'Dora'])
    })

    it('makes guessing slow, for names that are there and that are not', async () => {
      const { useCases } = server
      for (const guessed of ['Carol', 'nobody of this name']) {
        const address = guessed === 'Carol' ? '198.51.100.1' : '198.51.100.2'
        const guess = () => codeOf(useCases.logIn(nobody(address), { name: guessed, password: 'guess guess guess' }))
        const tries = await Promise.all(Array.from({ length: 8 }, guess))
        expect(tries.filter(code => code === 'wrong-credentials')).toHaveLength(5)
        expect(tries.filter(code => code === 'rate-limited')).toHaveLength(3)
      }
      expect(await codeOf(useCases.logIn(nobody('198.51.100.1'), { name: 'Carol', password: PASSWORD }))).toBe('rate-limited') // prettier-ignore
      // Her own address still works, and the other one after a while.
      expect(await codeOf(useCases.logIn(nobody('198.51.100.3'), { name: 'Carol', password: PASSWORD }))).toBe('no error') // prettier-ignore
      nowMs += 3000
      expect(await codeOf(useCases.logIn(nobody('198.51.100.1'), { name: 'Carol', password: PASSWORD }))).toBe('no error') // prettier-ignore
    })

    it('holds quotas by the minute, the day, in flight and by bytes, for key and account', async () => {
      const { useCases, quota } = server
      nowMs = Math.floor(nowMs / DAY_MS) * DAY_MS + DAY_MS
      const { id } = await useCases.createAccount(admin, { name: 'Quotas', role: 'submitter', quota: { scansPerDay: 6, bytesPerDay: 1000 } }) // prettier-ignore
      const { key } = await useCases.createKey(admin, { account: id, label: 'k', quota: { scansPerMinute: 3, inFlight: 2 } }) // prettier-ignore
      const who: Principal = { account: id, name: 'Quotas', role: 'submitter', key: key.id, address: '', door: 'rest' }
      const [one, two] = await Promise.all([quota.charge(who, 100), quota.charge(who, 100)])
      expect(await codeOf(quota.charge(who, 1))).toBe('rate-limited')
      one()
      one()
      const three = await quota.charge(who, 100)
      two()
      three()
      const refusal = await quota.charge(who, 1).catch((error: unknown) => error)
      expect(refusal).toMatchObject({ code: 'rate-limited', retryAfterMs: 20_000 })
      nowMs += 20_000
      ;(await quota.charge(who, 100))()
      nowMs += 60_000
      expect(await codeOf(quota.charge(who, 700))).toBe('quota-exceeded')
      // What was used outlives the server.
      await server.close()
      server = start()
      const { used } = await server.useCases.getQuota(admin, { account: id })
      expect(used).toMatchObject({ scansPerDay: 4, bytesPerDay: 400, inFlight: 0 })
      ;(await server.quota.charge(who, 0))()
      ;(await server.quota.charge(who, 0))()
      const day = await server.quota.charge(who, 0).catch((error: unknown) => error)
      expect(day).toMatchObject({ code: 'quota-exceeded' })
      expect((day as UseCaseError).retryAfterMs).toBeLessThan(DAY_MS)
      nowMs += DAY_MS
      ;(await server.quota.charge(who, 1000))()
      await server.useCases.updateAccount(admin, { id, quota: { scansPerDay: 1 } })
      expect(await codeOf(server.quota.charge(who, 0))).toBe('quota-exceeded')
      ;(await server.quota.charge({ ...who, account: 'local' }, 1e12))()
    })

    it('records what was done in a chain that shows every change', async () => {
      const { audit, useCases } = server
      await Promise.all(
        Array.from(
          { length: 30 },
          (_, at) =>
          audit.record({ ...admin, name: at === 3 ? 'a\u001b[31m\n' : 'Ada' }, at % 2 === 0 ? 'download' : 'deleteScan', `t${at}`, 'done'), // prettier-ignore
        ),
      )
      // Two servers on one ledger.
      const second = start()
      await Promise.all([
        second.audit.record(admin, 'logIn', 'x', 'wrong-credentials'),
        audit.record(admin, 'logIn', 'y', 'done'),
      ])
      await second.close()
      const whole = await verifyAudit(store, systemHashes, 'key of the log')
      expect(whole).toMatchObject({ entries: 32 })
      expect(whole.broken).toBeUndefined()
      expect((await verifyAudit(store, systemHashes, 'another key')).broken?.seq).toBe(1)
      expect((await verifyAudit(store, systemHashes, 'key of the log', whole.seal)).broken).toBeUndefined()
      expect((await verifyAudit(store, systemHashes, 'key of the log', 'f'.repeat(64))).broken).toBeDefined()

      const found: AuditEntry[] = []
      let cursor: string | undefined
      do {
        const page = await useCases.searchAudit(admin, { action: 'download', limit: 4, ...(cursor === undefined ? {} : { cursor }) }) // prettier-ignore
        found.push(...page.items)
        cursor = page.next
      } while (cursor !== undefined)
      expect(found.map(({ target }) => target)).toEqual(Array.from({ length: 15 }, (_, at) => `t${28 - 2 * at}`))
      const { next } = await useCases.searchAudit(admin, { limit: 4 })
      expect(await codeOf(useCases.searchAudit(admin, { limit: 4, action: 'x', cursor: next ?? '' }))).toBe('invalid-cursor') // prettier-ignore
      const exported: AuditEntry[] = []
      for await (const entry of await useCases.exportAudit(admin, {})) exported.push(entry)
      expect(exported).toHaveLength(32)

      const { write } = database
      const row = await write.selectFrom('audit').selectAll().where('seq', '=', 10).executeTakeFirstOrThrow()
      const broken = async (): Promise<number | undefined> =>
        (await verifyAudit(store, systemHashes, 'key of the log')).broken?.seq
      for (const change of [{ outcome: 'no' }, { at: row.at + 1 }, { name: 'Eve' }, { key: 'k' }, { target: '' }]) {
        await write.updateTable('audit').set(change).where('seq', '=', 10).execute()
        expect(await broken()).toBe(10)
        await write.updateTable('audit').set(row).where('seq', '=', 10).execute()
      }
      expect(await broken()).toBeUndefined()
      await write.deleteFrom('audit').where('seq', '=', 10).execute()
      expect(await broken()).toBe(10)
      await write.insertInto('audit').values(row).execute()
      const last = await write.deleteFrom('audit').where('seq', '=', 32).returningAll().executeTakeFirstOrThrow()
      expect(await broken()).toBe(32)
      await write.insertInto('audit').values(last).execute()
      expect(await broken()).toBeUndefined()
    })

    it('forgets what is over', async () => {
      await store.addOidcLogin({ stateHash: 's', nonce: 'n', verifier: 'v', redirectUrl: 'r', expiresAtMs: nowMs })
      await store.addOidcLogin({ stateHash: 't', nonce: 'n', verifier: 'v', redirectUrl: 'r', expiresAtMs: nowMs + 1 })
      await store.deleteExpired(nowMs, Math.floor(nowMs / DAY_MS) + 1)
      expect(await store.takeOidcLogin('s')).toBeUndefined()
      expect(await store.takeOidcLogin('t')).toMatchObject({ nonce: 'n', verifier: 'v' })
      expect(await store.takeOidcLogin('t')).toBeUndefined()
      expect(await database.write.selectFrom('used').selectAll().execute()).toEqual([])
      for (let at = 0; at < 5; at++) {
        const times = { createdAtMs: nowMs + at, usedAtMs: nowMs, expiresAtMs: nowMs + 1 }
        await store.addSession({ id: `s${at}`, account: 'many', hash: `h${at}`, ...times })
      }
      await store.trimSessions('many', 2)
      const left = await database.write.selectFrom('sessions').select('id').where('account', '=', 'many').execute()
      expect(left.map(({ id }) => id).sort()).toEqual(['s3', 's4'])
    })
  })
}

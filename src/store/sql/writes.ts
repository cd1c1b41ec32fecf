import type { CompiledQuery, Transaction } from 'kysely'
import { PRIORITIES, UseCaseError } from '../../usecases/index.ts'
import type { Digests, Extras, KnownEnd, Lease, NewJob, NewScan, ScanEnd, ScanRecord } from '../../usecases/index.ts'
import { Batch, factsOfEnd, wordsOfEnd, type EndFacts } from './batch.ts'
import { recordsBySeq, rowsBySeq, type Context } from './context.ts'
import type { Database } from './database.ts'
import type { Settled } from './group-commit.ts'
import { bytesToHex, hexToBytes, seqOf } from './ids.ts'
import { insertQueries, padded } from './many.ts'
import { FIRST_FINAL, newRow, recordsOf, STATE, wordsOfScan, type FullRow } from './rows.ts'
import type { JobRow, SampleRow, ScanRow, Tables } from './tables.ts'
import type { Word, WordIds } from './words.ts'

// The writes that are grouped: submissions, scans that come finished, and the ends of jobs. One transaction reads what
// it must know for all of them at once, decides in memory, and writes table by table.

export type Write =
  | { readonly kind: 'submit'; readonly job: NewJob }
  | { readonly kind: 'record'; readonly scan: NewScan; readonly end: ScanEnd | KnownEnd; readonly extras: Extras }
  | { readonly kind: 'complete'; readonly lease: Lease; readonly end: ScanEnd; readonly bury: boolean }

/** What a write did, and the scans as they then are. */
export interface WriteResult {
  readonly how: 'accepted' | 'repeated' | 'joined' | 'ended' | 'lost'
  readonly scans: readonly ScanRecord[]
}

/** The same before the commit: rows, or the seq of a scan that was stored earlier. */
interface Stored {
  readonly how: WriteResult['how']
  readonly rows: readonly FullRow[]
  readonly earlier?: number
}

/** 0 waiting, 1 leased, 2 dead. */
export const JOB = { waiting: 0, leased: 1, dead: 2 } as const

/** Stores a group. Rejects, with nothing stored, where a key was taken meanwhile. */
export async function storeWrites(
  context: Context,
  writes: readonly Write[],
): Promise<readonly Settled<WriteResult>[]> {
  const { database, words } = context
  const facts = writes.map(entry =>
    entry.kind === 'submit' || entry.end.state !== 'finished' ? undefined : factsOfEnd(entry.end),
  )
  let resolved: WordIds | undefined
  const later: Promise<unknown>[] = []
  const stored = await database.write.transaction().execute(async db => {
    resolved = await words.resolve(db, wordsOf(writes, facts))
    return new GroupWriter(db, database, resolved, later).store(writes, facts)
  })
  await Promise.all(later)
  resolved?.learn()
  const rows = stored.flatMap(outcome => ('refused' in outcome ? [] : outcome.result.rows))
  const records = await recordsOf(database.write, words, rows)
  let at = 0
  const results: Settled<WriteResult>[] = []
  for (const outcome of stored) {
    if ('refused' in outcome) {
      results.push(outcome)
      continue
    }
    const { how, rows: own, earlier } = outcome.result
    const scans =
      earlier === undefined
        ? records.slice(at, (at += own.length))
        : await recordsBySeq(context, database.write, [earlier])
    results.push({ result: { how, scans } })
  }
  return results
}

function* wordsOf(writes: readonly Write[], facts: readonly (EndFacts | undefined)[]): Generator<Word> {
  for (const [index, entry] of writes.entries()) {
    if (entry.kind === 'submit') yield* wordsOfScan(entry.job.scan)
    if (entry.kind === 'record') yield* wordsOfScan(entry.scan)
    const known = facts[index]
    if (known !== undefined) yield* wordsOfEnd(known)
  }
}

class GroupWriter {
  readonly #db: Transaction<Tables>
  readonly #database: Database
  /** What was ordered and is answered after the commit, which the thread refuses where any of it fails. */
  readonly #later: Promise<unknown>[]
  readonly #words: WordIds
  readonly #batch: Batch

  constructor(db: Transaction<Tables>, database: Database, words: WordIds, later: Promise<unknown>[]) {
    this.#db = db
    this.#database = database
    this.#later = later
    this.#words = words
    this.#batch = new Batch(words)
  }

  async store(writes: readonly Write[], facts: readonly (EndFacts | undefined)[]): Promise<Settled<Stored>[]> {
    const results: Settled<Stored>[] = []
    const scans = writes.flatMap(entry =>
      entry.kind === 'submit' ? [entry.job.scan] : entry.kind === 'record' ? [entry.scan] : [],
    )
    const isBlind = this.#database.direct !== undefined && writes.every(isPlainRecord)
    const samples = isBlind ? await this.#unseenSamples(scans) : await this.#ensureSamples(scans)
    const repeated = await this.#idempotency(writes)
    const inFlight = await this.#inFlight(writes, samples)
    const held = await this.#held(writes)
    for (const [index, entry] of writes.entries()) {
      if (entry.kind === 'complete') {
        results.push({ result: await this.#complete(entry, held, facts[index]) })
        continue
      }
      const scan = entry.kind === 'submit' ? entry.job.scan : entry.scan
      const extras: Extras = entry.kind === 'submit' ? entry.job : entry.extras
      const row = fullRow(newRow(scan, samples.get(scan.sha256) as number, this.#words), scan)
      const before = this.#repeats(extras, row, scan.submittedAtMs, repeated)
      if (before !== undefined) {
        results.push(before)
        continue
      }
      if (extras.notify !== undefined)
        this.#notify(row, extras.notify, entry.kind === 'record' ? entry.end.finishedAtMs : undefined)
      this.#batch.scans.push(row)
      if (entry.kind === 'submit') results.push({ result: await this.#submit(row, entry.job, inFlight) })
      else results.push({ result: await this.#record(row, entry.end, facts[index]) })
    }
    await this.#carryOut(this.#batch.queries(this.#db, this.#database.kind === 'sqlite', isBlind))
    return results
  }

  /** SQLite gets them in one message with the commit; the protocol of PostgreSQL takes one at a time. */
  async #carryOut(queries: readonly CompiledQuery[]): Promise<void> {
    const { direct } = this.#database
    for (const query of queries) {
      if (direct === undefined) await this.#db.executeQuery(query)
      else this.#order(direct(query))
    }
  }

  #order(answer: Promise<unknown>): void {
    answer.catch(() => {})
    this.#later.push(answer)
  }

  /** Numbers of the contents, made where they are missing. */
  async #ensureSamples(scans: readonly NewScan[]): Promise<Map<string, number>> {
    const found = new Map<string, number>()
    if (scans.length === 0) return found
    const wanted = new Map(scans.map(scan => [scan.sha256, scan]))
    const find = async (digests: readonly string[]): Promise<void> => {
      const rows = await this.#db
        .selectFrom('samples')
        .select(['seq', 'sha256'])
        .where('sha256', 'in', padded(digests.map(hexToBytes)))
        .execute()
      for (const { seq, sha256 } of rows) found.set(bytesToHex(sha256), seq)
    }
    await find([...wanted.keys()])
    const missing = [...wanted.values()]
      .filter(({ sha256 }) => !found.has(sha256))
      .sort((a, b) => (a.sha256 < b.sha256 ? -1 : 1))
    if (missing.length === 0) return found
    await this.#carryOut(
      insertQueries(this.#db, 'samples', SAMPLE_COLUMNS, missing.map(sampleRow), 'on conflict (sha256) do nothing'),
    )
    // SQLite has one writer: what was missing is now what was made. In PostgreSQL another server may have come first.
    if (this.#database.kind === 'postgres') await find(missing.map(({ sha256 }) => sha256))
    else for (const { sha256, id } of missing) found.set(sha256, seqOf(id))
    return found
  }

  /** Numbers that nobody needs to know: scans that have ended name their content by its digest, in the same message. */
  async #unseenSamples(scans: readonly NewScan[]): Promise<Map<string, number>> {
    const unique = new Map(scans.map(scan => [scan.sha256, scan]))
    const rows = [...unique.values()].map(sampleRow)
    await this.#carryOut(insertQueries(this.#db, 'samples', SAMPLE_COLUMNS, rows, 'on conflict (sha256) do nothing'))
    return new Map(rows.map(({ sha256 }) => [bytesToHex(sha256), sha256 as unknown as number]))
  }

  async #idempotency(writes: readonly Write[]): Promise<Map<string, { seq: number; fingerprint: string }>> {
    const keys = writes.flatMap(entry => {
      const key =
        entry.kind === 'submit'
          ? entry.job.idempotency?.key
          : entry.kind === 'record'
            ? entry.extras.idempotency?.key
            : undefined
      return key === undefined ? [] : [key]
    })
    const found = new Map<string, { seq: number; fingerprint: string }>()
    if (keys.length === 0) return found
    const rows = await this.#db.selectFrom('idempotency').selectAll().where('key', 'in', padded(keys)).execute()
    for (const { account, key, seq, fingerprint } of rows) found.set(`${account} ${key}`, { seq, fingerprint })
    return found
  }

  #repeats(
    { idempotency }: Extras,
    row: ScanRow,
    at: number,
    known: Map<string, { seq: number; fingerprint: string }>,
  ): Settled<Stored> | undefined {
    if (idempotency === undefined) return undefined
    const { key, fingerprint } = idempotency
    const before = known.get(`${row.account} ${key}`)
    if (before === undefined) {
      known.set(`${row.account} ${key}`, { seq: row.seq, fingerprint })
      this.#batch.idempotency.push({ account: row.account, key, seq: row.seq, fingerprint, at })
      return undefined
    }
    if (before.fingerprint !== fingerprint) return { refused: new UseCaseError('idempotency-conflict') }
    return { result: { how: 'repeated', rows: [], earlier: before.seq } }
  }

  /** A scan that is stored with its end has nothing to wait for. */
  #notify(row: ScanRow, { url, secret }: NonNullable<Extras['notify']>, endedAtMs: number | undefined): void {
    this.#batch.deliveries.push({
      seq: row.seq, url, secret: secret ?? null, state: endedAtMs === undefined ? 0 : 1, attempt: 0, runAt: endedAtMs ?? 0, leaseUntil: 0, error: null,
    }) // prettier-ignore
  }

  /** Jobs in flight that may be joined, by sample and options. */
  async #inFlight(writes: readonly Write[], samples: ReadonlyMap<string, number>): Promise<Map<string, JobRow>> {
    const wanted = writes.flatMap(entry =>
      entry.kind === 'submit' && entry.job.join ? [samples.get(entry.job.scan.sha256) as number] : [],
    )
    if (wanted.length === 0) return new Map()
    const rows = await this.#db
      .selectFrom('jobs')
      .selectAll()
      .where('sample', 'in', padded(wanted))
      .where('joinable', '=', 1)
      .where('state', '<', JOB.dead)
      .execute()
    return new Map(rows.map(row => [`${row.sample} ${row.options}`, row]))
  }

  async #submit(row: FullRow, job: NewJob, inFlight: Map<string, JobRow>): Promise<Stored> {
    const key = `${row.sample} ${row.options}`
    const leader = job.join ? inFlight.get(key) : undefined
    if (job.retro !== undefined) row.retro = seqOf(job.retro)
    if (leader !== undefined) {
      this.#batch.joins.push({ seq: row.seq, leader: leader.seq })
      if (leader.state === JOB.leased) row.state = STATE.running
      if (row.priority < leader.priority) await this.#raise(leader, row.priority)
      return { how: 'joined', rows: [row] }
    }
    const created: JobRow = {
      seq: row.seq,
      sample: row.sample,
      options: row.options,
      state: JOB.waiting,
      priority: PRIORITIES[job.scan.priority],
      runAt: 0,
      leaseUntil: 0,
      worker: null,
      attempt: 0,
      intake: job.content.room === 'intake' ? job.content.intake : null,
      secrets: job.passwords.length === 0 ? null : JSON.stringify(job.passwords),
      problem: null,
      joinable: job.join && !inFlight.has(key) ? 1 : 0,
    }
    this.#batch.jobs.push(created)
    if (created.joinable === 1) inFlight.set(key, created)
    return { how: 'accepted', rows: [row] }
  }

  /** A job that somebody more urgent joins becomes as urgent. */
  async #raise(leader: JobRow, priority: number): Promise<void> {
    leader.priority = priority
    if (this.#batch.jobs.includes(leader)) return
    await this.#db.updateTable('jobs').set({ priority }).where('seq', '=', leader.seq).execute()
  }

  async #record(row: FullRow, end: ScanEnd | KnownEnd, facts: EndFacts | undefined): Promise<Stored> {
    row.attempts = 1
    if (end.state !== 'known') {
      this.#batch.end(row, end, facts, row.seq)
      if (facts !== undefined) this.#batch.report(row.seq, facts)
      return { how: 'accepted', rows: [row] }
    }
    const seq = seqOf(end.from)
    const known = await this.#db.selectFrom('scans').selectAll().where('seq', '=', seq).executeTakeFirst()
    if (known === undefined) throw new UseCaseError('conflict', { detail: 'the known scan was deleted meanwhile' })
    const isPlain = known.detections === 0 && known.notSeen === 0 && known.artifacts <= 1
    const marks = isPlain
      ? []
      : await this.#db
          .selectFrom('marks')
          .innerJoin('words', 'words.id', 'marks.word')
          .select(['marks.word', 'words.kind'])
          .where('marks.seq', '=', seq)
          .execute()
    this.#batch.endAsKnown(row, known, marks, end.finishedAtMs)
    return { how: 'accepted', rows: [row] }
  }

  /** Jobs whose end is told, with the scans that hang on them. */
  async #held(writes: readonly Write[]): Promise<Held> {
    const seqs = writes.flatMap(entry => (entry.kind === 'complete' ? [seqOf(entry.lease.scan)] : []))
    if (seqs.length === 0) return { jobs: new Map(), followers: new Map(), scans: new Map() }
    let query = this.#db.selectFrom('jobs').selectAll().where('seq', 'in', padded(seqs)).orderBy('seq')
    if (this.#database.kind === 'postgres') query = query.forUpdate()
    const jobs = await query.execute()
    const joins = await this.#db.selectFrom('joins').selectAll().where('leader', 'in', padded(seqs)).execute()
    const all = [...seqs, ...joins.map(({ seq }) => seq)]
    const scans = await rowsBySeq(this.#db, all)
    return {
      jobs: new Map(jobs.map(job => [job.seq, job])),
      followers: Map.groupBy(joins, ({ leader }) => leader),
      scans: new Map(scans.map(scan => [scan.seq, scan])),
    }
  }

  async #complete(
    { lease, end, bury }: Write & { kind: 'complete' },
    held: Held,
    facts: EndFacts | undefined,
  ): Promise<Stored> {
    const leader = seqOf(lease.scan)
    const job = held.jobs.get(leader)
    if (job?.state !== JOB.leased || job.worker !== lease.worker || job.attempt !== lease.attempt)
      return { how: 'lost', rows: [] }
    held.jobs.delete(leader)
    const rows = [leader, ...(held.followers.get(leader) ?? []).map(({ seq }) => seq)]
      .map(seq => held.scans.get(seq))
      .filter(row => row !== undefined && row.state < FIRST_FINAL) as FullRow[]
    for (const row of rows) {
      row.attempts = job.attempt
      this.#batch.end(row, end, facts, leader)
      this.#batch.changedScans.push(row)
      if (row.retro !== null && row.verdict !== null) await this.#compare(row)
    }
    if (facts !== undefined) this.#batch.report(leader, facts)
    if (bury) await this.#bury(leader, end)
    else this.#batch.endedJobs.push(leader)
    return { how: 'ended', rows }
  }

  /** The job stays, with its content, for somebody to look at. */
  async #bury(seq: number, end: ScanEnd): Promise<void> {
    const problem = end.state === 'failed' ? JSON.stringify(end.problem) : null
    await this.#db
      .updateTable('jobs')
      .set({ state: JOB.dead, problem, joinable: 0, worker: null, runAt: end.finishedAtMs })
      .where('seq', '=', seq)
      .execute()
    await this.#db.deleteFrom('joins').where('leader', '=', seq).execute()
  }

  /** Notes that a retro-scan says something else than the scan before. */
  async #compare(row: ScanRow): Promise<void> {
    const before = await this.#db
      .selectFrom('scans')
      .select(['seq', 'verdict'])
      .where('sample', '=', row.sample)
      .where('seq', '<', row.seq)
      .where('state', '=', STATE.finished)
      .orderBy('seq', 'desc')
      .limit(1)
      .executeTakeFirst()
    if (before === undefined || before.verdict === row.verdict) return
    const { retro, seq, sample, finishedAt } = row
    this.#batch.changes.push({ retro: retro ?? 0, seq, before: before.seq, sample, at: finishedAt ?? 0 })
  }
}

interface Held {
  readonly jobs: Map<number, JobRow>
  readonly followers: Map<number, { seq: number; leader: number }[]>
  readonly scans: Map<number, FullRow>
}

const fullRow = (row: ScanRow, { sha256, sha1, md5 }: Digests): FullRow => ({
  ...row,
  sha256: hexToBytes(sha256),
  sha1: hexToBytes(sha1),
  md5: hexToBytes(md5),
})

/** Needs nothing of what is stored to be stored itself. */
const isPlainRecord = (entry: Write): boolean =>
  entry.kind === 'record' && entry.end.state !== 'known' && entry.extras.idempotency === undefined

const sampleRow = ({ id, sha256, sha1, md5, sizeBytes }: NewScan): SampleRow => ({
  seq: seqOf(id),
  sha256: hexToBytes(sha256),
  sha1: hexToBytes(sha1),
  md5: hexToBytes(md5),
  size: sizeBytes,
  kept: 0,
})

const SAMPLE_COLUMNS = ['seq', 'sha256', 'sha1', 'md5', 'size', 'kept'] as const

import { UseCaseError } from '../../usecases/index.ts'
import type { JobAnswer, Ledger, Lease, ScanEnd } from '../../usecases/index.ts'
import type { Context } from './context.ts'
import type { Database } from './database.ts'
import { deadLetters, discardDeadLetter, retryDeadLetter } from './dead-letters.ts'
import { deleteSample, deleteScan, sweep } from './deletion.ts'
import { asUseCaseError, isPassing } from './failures.ts'
import { GroupCommit } from './group-commit.ts'
import { cancel, expire, lease, ownsIntake, putBack, queue, renew } from './jobs.ts'
import { Loader } from './loader.ts'
import { migrate } from './migrate.ts'
import { addComment, changeTags, comment, comments, deleteComment } from './notes.ts'
import { leaseDeliveries, settleDelivery } from './outbox.ts'
import { counts, known, report, sampleSeqs, samples, scan, scansOf, scansWithin, setKept } from './records.ts'
import {
  changedVerdicts,
  endRetro,
  planRetro,
  retro,
  retroCandidates,
  retroPlans,
  retros,
  startRetro,
} from './retros.ts'
import { count, facets, search, suggest } from './search.ts'
import { check, claimSlot, setSetting, setting } from './settings.ts'
import { statistics } from './statistics.ts'
import { Words } from './words.ts'
import { storeWrites, type Write, type WriteResult } from './writes.ts'

/** Calls that two transactions may spoil for each other, and that are simply made again. */
const MAX_TRIES = 5

/**
 * Brings the schema up to date and opens the ledger, which then owns the database.
 * @throws SchemaError, UseCaseError
 */
export async function openLedger(database: Database): Promise<Ledger> {
  await migrate(database)
  const context: Context = {
    database,
    words: new Words(),
    sampleSeqs: new Loader(digests => sampleSeqs(database, digests)),
  }
  const commits = new GroupCommit<Write, WriteResult>({ store: writes => storeWrites(context, writes), isPassing })
  const complete = async (held: Lease, end: ScanEnd, bury: boolean) => {
    const { how, scans } = await commits.add({ kind: 'complete', lease: held, end, bury })
    return how === 'lost' ? undefined : { ended: scans }
  }
  const answer = async (write: Write): Promise<JobAnswer> => {
    const { how, scans } = await commits.add(write)
    if (scans.length === 0) throw new UseCaseError('conflict', { detail: 'deleted meanwhile' })
    return { how: how as JobAnswer['how'], scan: scans[0] }
  }
  const bound =
    <A extends unknown[], R>(call: (context: Context, ...rest: A) => Promise<R>) =>
    (...rest: A): Promise<R> =>
      repeated(() => call(context, ...rest))
  const ledger: Ledger = {
    submit: job => answer({ kind: 'submit', job }),
    record: (submission, end, extras = {}) => answer({ kind: 'record', scan: submission, end, extras }),
    complete: (held, end) => complete(held, end, false),
    bury: (held, problem, nowMs) => complete(held, { state: 'failed', problem, finishedAtMs: nowMs }, true),
    async expire(nowMs, maxAttempts) {
      const { back, spent } = await expire(context, nowMs, maxAttempts)
      const problem = { code: 'no-worker', message: `The lease ran out ${maxAttempts} times` }
      const ended = await Promise.all(spent.map(held => ledger.bury(held, problem, nowMs)))
      return { back, buried: ended.flatMap(done => done?.ended ?? []) }
    },
    lease: bound(lease),
    renew: bound(renew),
    putBack: bound(putBack),
    cancel: bound(cancel),
    ownsIntake: bound(ownsIntake),
    queue: bound(queue),
    deadLetters: bound(deadLetters),
    retryDeadLetter: bound(retryDeadLetter),
    discardDeadLetter: bound(discardDeadLetter),
    leaseDeliveries: bound(leaseDeliveries),
    settleDelivery: bound(settleDelivery),
    scan: bound(scan),
    report: bound(report),
    known: bound(known),
    samples: bound(samples),
    scansOf: bound(scansOf),
    scansWithin: bound(scansWithin),
    setKept: bound(setKept),
    deleteScan: bound(deleteScan),
    deleteSample: bound(deleteSample),
    changeTags: bound(changeTags),
    addComment: bound(addComment),
    comments: bound(comments),
    comment: bound(comment),
    deleteComment: bound(deleteComment),
    search: bound(search),
    count: bound(count),
    facets: bound(facets),
    suggest: bound(suggest),
    statistics: bound(statistics),
    startRetro: bound(startRetro),
    retro: bound(retro),
    retros: bound(retros),
    retroCandidates: bound(retroCandidates),
    planRetro: bound(planRetro),
    retroPlans: bound(retroPlans),
    endRetro: bound(endRetro),
    changedVerdicts: bound(changedVerdicts),
    sweep: bound(sweep),
    claimSlot: bound(claimSlot),
    setting: bound(setting),
    setSetting: bound(setSetting),
    check: bound(check),
    counts: bound(counts),
    async close() {
      await commits.drain()
      await database.close()
    },
  }
  return withUseCaseErrors(ledger)
}

async function repeated<R>(call: () => Promise<R>): Promise<R> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call()
    } catch (error) {
      if (attempt >= MAX_TRIES || !isPassing(error)) throw error
      await new Promise<void>(resolve => setTimeout(resolve, 2 ** attempt * (0.5 + Math.random())))
    }
  }
}

/** Nothing but UseCaseError leaves the store. */
function withUseCaseErrors(ledger: Ledger): Ledger {
  const wrapped = Object.entries(ledger).map(([name, call]) => [
    name,
    async (...rest: unknown[]) => {
      try {
        return await (call as (...rest: unknown[]) => Promise<unknown>)(...rest)
      } catch (error) {
        throw asUseCaseError(error)
      }
    },
  ])
  return Object.fromEntries(wrapped)
}

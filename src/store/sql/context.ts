import type { Kysely } from 'kysely'
import type { ScanRecord } from '../../usecases/index.ts'
import type { Database } from './database.ts'
import type { Loader } from './loader.ts'
import { padded } from './many.ts'
import { recordsOf, type FullRow } from './rows.ts'
import type { Tables } from './tables.ts'
import type { Words } from './words.ts'

/** What every part of the ledger works with. */
export interface Context {
  readonly database: Database
  readonly words: Words
  readonly sampleSeqs: Loader<number>
}

/** Scans with the digests of their content: every query that makes records begins with it. */
export const fullScans = (db: Kysely<Tables>) =>
  db
    .selectFrom('scans')
    .innerJoin('samples', 'samples.seq', 'scans.sample')
    .selectAll('scans')
    .select(['samples.sha256', 'samples.sha1', 'samples.md5'])

/** Rows of these scans, in the order asked for; those that are not there are left out. */
export async function rowsBySeq(db: Kysely<Tables>, seqs: readonly number[]): Promise<FullRow[]> {
  const rows = new Map<number, FullRow>()
  for (let at = 0; at < seqs.length; at += 512) {
    const part = padded(seqs.slice(at, at + 512))
    for (const row of await fullScans(db).where('scans.seq', 'in', part).execute()) rows.set(row.seq, row)
  }
  return seqs.flatMap(seq => rows.get(seq) ?? [])
}

export async function recordsBySeq(
  { words }: Context,
  db: Kysely<Tables>,
  seqs: readonly number[],
): Promise<ScanRecord[]> {
  if (seqs.length === 0) return []
  return recordsOf(db, words, await rowsBySeq(db, seqs))
}

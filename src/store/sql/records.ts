import { sql, type Kysely } from 'kysely'
import type { Report } from '../../report/index.ts'
import type { Generation, SampleRecord, ScanRecord } from '../../usecases/index.ts'
import type { Database } from './database.ts'
import { fullScans, recordsBySeq, type Context } from './context.ts'
import { bytesToHex, hexToBytes, idOf, seqOf, timeOfSeq } from './ids.ts'
import { padded } from './many.ts'
import { reportOfRow } from './reports.ts'
import { recordsOf, STATE } from './rows.ts'
import type { SampleRow, Tables } from './tables.ts'

// Reading by id and by digest.

/** Newest scans that are looked at for a report to reuse: of content that comes all the time, one of the last fits. */
const MAX_KNOWN_LOOKED_AT = 32

export async function scan(context: Context, id: string): Promise<ScanRecord | undefined> {
  const [found] = await recordsBySeq(context, context.database.read, [seqOf(id)])
  return found?.id === id ? found : undefined
}

export async function report({ database: { read } }: Context, id: string): Promise<Report | undefined> {
  const seq = seqOf(id)
  const row = await read
    .selectFrom('scans')
    .innerJoin('reports', 'reports.seq', 'scans.report')
    .select(['scans.tail', 'scans.name', 'reports.form', 'reports.body'])
    .where('scans.seq', '=', seq)
    .executeTakeFirst()
  if (row === undefined || idOf(seq, row.tail) !== id) return undefined
  const found = reportOfRow(row)
  // A shared report tells of the same content under the name that it was first submitted with.
  return found.name === row.name ? found : { ...found, name: row.name }
}

export async function known(
  context: Context,
  sha256: string,
  optionsKey: string,
  { engine, database }: Generation,
): Promise<ScanRecord | undefined> {
  const { read } = context.database
  const sample = await context.sampleSeqs.get(sha256)
  if (sample === undefined) return undefined
  const newest = fullScans(read)
    .where('scans.sample', '=', sample)
    .where('scans.state', '=', STATE.finished)
    .where('scans.report', 'is not', null)
    .orderBy('scans.seq', 'desc')
    .limit(MAX_KNOWN_LOOKED_AT)
  const ids = await generationIds(context, read, engine, database)
  if (ids === undefined) return undefined
  const rows = (await newest.execute()).filter(row => row.engine === ids.engine && row.database === ids.database)
  const texts = await context.words.texts(
    read,
    rows.map(row => row.options),
  )
  const row = rows.find(
    candidate => (JSON.parse(texts.get(candidate.options) ?? '{}') as { id?: string }).id === optionsKey,
  )
  return row === undefined ? undefined : (await recordsOf(read, context.words, [row]))[0]
}

async function generationIds(
  { words }: Context,
  read: Kysely<Tables>,
  engine: string,
  database: string,
): Promise<{ engine: number; database: number } | undefined> {
  const ids = [await words.idOf(read, 'engine', engine), await words.idOf(read, 'database', database)]
  return ids[0] === undefined || ids[1] === undefined ? undefined : { engine: ids[0], database: ids[1] }
}

/** Numbers of contents by SHA-256. Most content of most days is new, and this says so at the least cost. */
export async function sampleSeqs({ read }: Database, digests: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const rows = await read
    .selectFrom('samples')
    .select(['seq', 'sha256'])
    .where('sha256', 'in', padded(digests.map(hexToBytes)))
    .execute()
  return new Map(rows.map(({ seq, sha256 }) => [bytesToHex(sha256), seq]))
}

/** Which column a digest of so many characters is in. */
const DIGEST_COLUMNS = { 64: 'sha256', 40: 'sha1', 32: 'md5' } as const
const columnOf = (digest: string): 'sha256' | 'sha1' | 'md5' | undefined =>
  (DIGEST_COLUMNS as Readonly<Record<number, 'sha256' | 'sha1' | 'md5'>>)[digest.length]

export async function samples(
  context: Context,
  digests: readonly string[],
): Promise<readonly (SampleRecord | undefined)[]> {
  const { read } = context.database
  const found = new Map<string, SampleRow>()
  for (const column of ['sha256', 'sha1', 'md5'] as const) {
    const wanted = digests.filter(digest => columnOf(digest) === column)
    if (wanted.length === 0) continue
    const rows = await read
      .selectFrom('samples')
      .selectAll()
      .where(column, 'in', padded(wanted.map(hexToBytes)))
      .execute()
    for (const row of rows) found.set(bytesToHex(row[column]), row)
  }
  const unique = [...new Set(found.values())]
  const records = new Map((await sampleRecords(context, unique)).map((record, index) => [unique[index].seq, record]))
  return digests.map(digest => {
    const row = found.get(digest)
    return row === undefined ? undefined : records.get(row.seq)
  })
}

async function sampleRecords(context: Context, rows: readonly SampleRow[]): Promise<SampleRecord[]> {
  if (rows.length === 0) return []
  const { read } = context.database
  const seqs = rows.map(({ seq }) => seq)
  const counts = await read
    .selectFrom('scans')
    .select(({ fn }) => [
      'sample',
      fn.countAll<number>().as('scans'),
      fn.min('seq').as('first'),
      fn.max('seq').as('last'),
    ])
    .where('sample', 'in', padded(seqs))
    .groupBy('sample')
    .execute()
  const newest = await read
    .selectFrom('scans')
    .select(({ fn }) => fn.max('seq').as('seq'))
    .where('sample', 'in', padded(seqs))
    .where('state', '=', STATE.finished)
    .groupBy('sample')
    .execute()
  const ends = new Map(
    (
      await recordsBySeq(
        context,
        read,
        newest.map(({ seq }) => seq),
      )
    ).map(record => [record.sha256, record]),
  )
  const tags = await read
    .selectFrom('tags')
    .innerJoin('words', 'words.id', 'tags.word')
    .select(['tags.sample', 'words.text'])
    .where('tags.sample', 'in', padded(seqs))
    .orderBy('words.text')
    .execute()
  return rows.map(row => {
    const count = counts.find(({ sample }) => sample === row.seq)
    const sha256 = bytesToHex(row.sha256)
    const end = ends.get(sha256)
    return {
      sha256,
      sha1: bytesToHex(row.sha1),
      md5: bytesToHex(row.md5),
      sizeBytes: row.size,
      firstSeenMs: timeOfSeq(count?.first ?? row.seq),
      lastSeenMs: timeOfSeq(count?.last ?? row.seq),
      scans: count?.scans ?? 0,
      detections: end?.detections ?? [],
      kept: row.kept === 1,
      tags: tags.filter(({ sample }) => sample === row.seq).map(({ text }) => text),
      ...(end?.type === undefined ? {} : { type: end.type }),
      ...(end?.verdict === undefined ? {} : { verdict: end.verdict }),
    }
  })
}

export async function scansOf(context: Context, sha256: string, limit: number): Promise<readonly ScanRecord[]> {
  const { read } = context.database
  const rows = await fullScans(read)
    .where('samples.sha256', '=', hexToBytes(sha256))
    .orderBy('scans.seq', 'desc')
    .limit(limit)
    .execute()
  return recordsOf(read, context.words, rows)
}

export async function scansWithin(context: Context, sha256: string, limit: number): Promise<readonly ScanRecord[]> {
  const { read } = context.database
  const rows = await read
    .selectFrom('members')
    .select('seq')
    .where('sha256', '=', hexToBytes(sha256))
    .orderBy('seq', 'desc')
    .limit(limit)
    .execute()
  return recordsBySeq(
    context,
    read,
    rows.map(({ seq }) => seq),
  )
}

export async function setKept({ database: { write } }: Context, sha256: string, kept: boolean): Promise<void> {
  await write
    .updateTable('samples')
    .set({ kept: kept ? 1 : 0 })
    .where('sha256', '=', hexToBytes(sha256))
    .execute()
}

export async function counts({ database }: Context): Promise<{ scans: number; samples: number; bytes: number }> {
  const { rows } = await sql<{ scans: number; samples: number; bytes: number }>`
    select (select count(*) from scans) as scans, (select count(*) from samples) as samples,
      (select coalesce(sum(bytes), 0) from "statistics" where unit = 1 and kind = 100) as bytes`.execute(database.read)
  const [{ scans, samples: known, bytes }] = rows
  return { scans, samples: known, bytes }
}

import type { Kysely } from 'kysely'
import type { Comment } from '../../usecases/index.ts'
import type { Context } from './context.ts'
import { bytesToHex, bytesToUuid, hexToBytes, uuidToBytes } from './ids.ts'
import { insertMany, padded } from './many.ts'
import type { CommentRow, Tables } from './tables.ts'
import type { WordIds } from './words.ts'

// Tags and comments of content.

export async function changeTags(
  { database, words }: Context,
  sha256: string,
  add: readonly string[],
  remove: readonly string[],
): Promise<readonly string[] | undefined> {
  let resolved: WordIds | undefined
  const tags = await database.write.transaction().execute(async db => {
    const sample = await sampleOf(db, sha256)
    if (sample === undefined) return undefined
    const ids = await words.resolve(
      db,
      [...add, ...remove].map(text => ({ kind: 'tag' as const, text })),
    )
    resolved = ids
    await insertMany(
      db,
      'tags',
      ['word', 'sample'],
      add.map(tag => ({ word: ids.of('tag', tag), sample })),
      'on conflict do nothing',
    )
    if (remove.length > 0) {
      const gone = padded(remove.map(tag => ids.of('tag', tag)))
      await db.deleteFrom('tags').where('sample', '=', sample).where('word', 'in', gone).execute()
    }
    const rows = await db
      .selectFrom('tags')
      .innerJoin('words', 'words.id', 'tags.word')
      .select('words.text')
      .where('tags.sample', '=', sample)
      .orderBy('words.text')
      .execute()
    return rows.map(({ text }) => text)
  })
  resolved?.learn()
  return tags
}

async function sampleOf(db: Kysely<Tables>, sha256: string): Promise<number | undefined> {
  const row = await db.selectFrom('samples').select('seq').where('sha256', '=', hexToBytes(sha256)).executeTakeFirst()
  return row?.seq
}

/** False: there is no such content. */
export async function addComment({ database: { write } }: Context, comment: Comment): Promise<boolean> {
  const sample = await sampleOf(write, comment.sha256)
  if (sample === undefined) return false
  const { id, account, author, text, atMs } = comment
  await write
    .insertInto('comments')
    .values({ id: uuidToBytes(id), sample, account, author, text, at: atMs })
    .execute()
  return true
}

export async function comments({ database: { read } }: Context, sha256: string): Promise<readonly Comment[]> {
  const rows = await commentRows(read).where('samples.sha256', '=', hexToBytes(sha256)).orderBy('comments.id').execute()
  return rows.map(commentOf)
}

export async function comment({ database: { read } }: Context, id: string): Promise<Comment | undefined> {
  const row = await commentRows(read).where('comments.id', '=', uuidToBytes(id)).executeTakeFirst()
  return row === undefined ? undefined : commentOf(row)
}

export async function deleteComment({ database: { write } }: Context, id: string): Promise<void> {
  await write.deleteFrom('comments').where('id', '=', uuidToBytes(id)).execute()
}

const commentRows = (db: Kysely<Tables>) =>
  db
    .selectFrom('comments')
    .innerJoin('samples', 'samples.seq', 'comments.sample')
    .selectAll('comments')
    .select('samples.sha256')

const commentOf = ({ id, sha256, account, author, text, at }: CommentRow & { sha256: Uint8Array }): Comment => ({
  id: bytesToUuid(id),
  sha256: bytesToHex(sha256),
  account,
  author,
  text,
  atMs: at,
})

import { sql, type Kysely } from 'kysely'
import { insertMany, padded } from './many.ts'
import { WORD_KINDS, type Tables, type WordKind } from './tables.ts'

// Texts that repeat, as numbers: types, names of detections, sources, options. The numbers are cached; only those of
// committed transactions, because a rollback takes its numbers back.

/** Words that one server keeps in memory; beyond it the cache begins anew. */
const MAX_CACHED = 200_000
/** Bytes of an index entry are bounded in PostgreSQL; longer texts end here. */
export const MAX_WORD_CHARS = 1024

export interface Word {
  readonly kind: WordKind
  readonly text: string
}

/** The words of one transaction. */
export interface WordIds {
  of(kind: WordKind, text: string): number
  /** After the commit. */
  learn(): void
}

export class Words {
  readonly #ids = new Map<string, number>()
  readonly #texts = new Map<number, string>()

  /** The number of each word, made where it is missing; words must come in a fixed order where many write. */
  async resolve(db: Kysely<Tables>, words: Iterable<Word>): Promise<WordIds> {
    const fresh = new Map<string, Word>()
    for (const { kind, text } of words) {
      const key = keyOf(kind, text)
      if (!this.#ids.has(key)) fresh.set(key, { kind, text: cut(text) })
    }
    const found = new Map<string, number>()
    if (fresh.size > 0) await find(db, fresh, found)
    const missing = [...fresh].filter(([key]) => !found.has(key)).sort(([a], [b]) => (a < b ? -1 : 1))
    if (missing.length > 0) {
      const rows = missing.map(([, { kind, text }]) => ({ id: 0, kind: WORD_KINDS[kind], text }))
      await insertMany(db, 'words', ['kind', 'text'], rows, 'on conflict do nothing')
      await find(db, new Map(missing), found)
    }
    return {
      of: (kind, text) => {
        const key = keyOf(kind, text)
        const id = this.#ids.get(key) ?? found.get(key)
        if (id === undefined) throw new Error(`The word ${key} was not asked for`)
        return id
      },
      learn: () => {
        if (this.#ids.size > MAX_CACHED) this.#ids.clear()
        for (const [key, id] of found) {
          this.#ids.set(key, id)
          this.#texts.set(id, key.slice(key.indexOf(' ') + 1))
        }
      },
    }
  }

  /** Number of a word that may not be there. */
  async idOf(db: Kysely<Tables>, kind: WordKind, text: string): Promise<number | undefined> {
    const known = this.#ids.get(keyOf(kind, text))
    if (known !== undefined) return known
    const row = await db
      .selectFrom('words')
      .select('id')
      .where('kind', '=', WORD_KINDS[kind])
      .where('text', '=', cut(text))
      .executeTakeFirst()
    if (row !== undefined) this.#ids.set(keyOf(kind, text), row.id)
    return row?.id
  }

  /** Texts of numbers that were read from committed rows. */
  async texts(db: Kysely<Tables>, ids: Iterable<number | null>): Promise<ReadonlyMap<number, string>> {
    const missing = new Set<number>()
    for (const id of ids) if (id !== null && !this.#texts.has(id)) missing.add(id)
    if (missing.size === 0) return this.#texts
    if (this.#texts.size > MAX_CACHED) this.#texts.clear()
    const list = [...missing]
    for (let at = 0; at < list.length; at += 1024) {
      const part = list.slice(at, at + 1024)
      const rows = await db.selectFrom('words').select(['id', 'text']).where('id', 'in', padded(part)).execute()
      for (const { id, text } of rows) this.#texts.set(id, text)
    }
    return this.#texts
  }
}

const keyOf = (kind: WordKind, text: string): string => `${WORD_KINDS[kind]} ${cut(text)}`
const cut = (text: string): string => (text.length > MAX_WORD_CHARS ? text.slice(0, MAX_WORD_CHARS) : text)

async function find(db: Kysely<Tables>, words: ReadonlyMap<string, Word>, found: Map<string, number>): Promise<void> {
  const byKind = new Map<number, string[]>()
  for (const { kind, text } of words.values()) {
    const list = byKind.get(WORD_KINDS[kind])
    if (list === undefined) byKind.set(WORD_KINDS[kind], [text])
    else list.push(text)
  }
  for (const [kind, texts] of byKind) {
    for (let at = 0; at < texts.length; at += 1024) {
      const rows = await db
        .selectFrom('words')
        .select(['id', 'text'])
        .where('kind', '=', kind)
        .where(sql.ref('text'), 'in', padded(texts.slice(at, at + 1024)))
        .execute()
      for (const { id, text } of rows) found.set(`${kind} ${text}`, id)
    }
  }
}

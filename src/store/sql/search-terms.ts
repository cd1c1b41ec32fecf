import { sql, type Kysely, type RawBuilder } from 'kysely'
import { VERDICTS } from '../../report/index.ts'
import { PRIORITIES, SCAN_STATES, SEARCH_FIELDS } from '../../usecases/index.ts'
import type { SearchField, SearchNode, SearchValue, TextPattern } from '../../usecases/index.ts'
import type { Context } from './context.ts'
import { hexToBytes, seqOfTime } from './ids.ts'
import { padded } from './many.ts'
import { sourceOf } from './rows.ts'
import { WORD_KINDS, type Tables, type WordKind } from './tables.ts'

// One condition as SQL: `filter` tests a row of scans (alias s); `driver` lists the seq of all scans that it can hold
// for, by an index, where there is one.

export type Sql = RawBuilder<unknown>

export interface Term {
  readonly filter: Sql
  readonly driver?: Sql
  /** The driver lists nothing else, and nothing twice. */
  readonly exact?: boolean
}

export type TestNode = SearchNode & { readonly kind: 'test' }

/** Words of a pattern that one condition may stand for; more would be no condition. */
const MAX_WORDS = 2000

/** Fields whose values are words of the ledger. */
const WORD_FIELDS: Readonly<Partial<Record<SearchField, WordKind>>> = {
  type: 'type', contains: 'contains', detection: 'detection', reason: 'reason', tag: 'tag', account: 'account',
  database: 'database', label: 'source', source: 'source', keep: 'options',
} // prettier-ignore

/** The numbers of the words that a condition names. */
export async function wordsOfTest({ database: { read } }: Context, { field, value }: TestNode): Promise<number[]> {
  const kind = WORD_FIELDS[field]
  if (kind === undefined) return []
  const rows = await wordQuery(read, kind, field, value).limit(MAX_WORDS).execute()
  // `source` and `label` are two halves of one word, and a pattern for one must not match the other.
  return rows.filter(({ text }) => field !== 'label' || matches(value, sourceOf(text).label)).map(({ id }) => id)
}

function wordQuery(read: Kysely<Tables>, kind: WordKind, field: SearchField, value: SearchValue) {
  const query = read.selectFrom('words').select(['id', 'text']).where('kind', '=', WORD_KINDS[kind])
  if (field === 'label') return query
  if (field === 'source') return query.where(likeIn('text', { kind: 'text', parts: [`${wordOf(value)} `, ''] }))
  if (field === 'keep')
    return query.where(likeIn('text', { kind: 'text', parts: ['', `"keep":"${wordOf(value)}"`, ''] }))
  if (value.kind === 'word') return query.where('text', '=', value.word)
  return value.kind === 'text' && value.parts.length === 1
    ? query.where(sql<boolean>`lower(text) = ${value.parts[0].toLowerCase()}`)
    : query.where(likeIn('text', value as TextPattern))
}

const wordOf = (value: SearchValue): string => (value.kind === 'word' ? value.word : '')

/** As the databases match, for short texts in memory. */
export function matches(value: SearchValue, text: string): boolean {
  if (value.kind !== 'text') return false
  const parts = value.parts.map(part => part.toLowerCase())
  const folded = text.toLowerCase()
  if (parts.length === 1) return folded === parts[0]
  let at = 0
  for (const [index, part] of parts.entries()) {
    if (index === parts.length - 1) return folded.length - part.length >= at && folded.endsWith(part)
    const found = index === 0 ? (folded.startsWith(part) ? 0 : -1) : folded.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return true
}

/** Without regard to case; `lower` of both databases folds ASCII at least. */
function likeIn(column: string, { parts }: TextPattern) {
  const pattern = parts.map(part => part.toLowerCase().replaceAll(/[%_\\]/g, '\\$&')).join('%')
  return sql<boolean>`lower(${sql.ref(column)}) like ${pattern} escape '\\'`
}

/** SQL of a condition. `words` is what wordsOfTest said. */
export function termOf(context: Context, node: TestNode, words: readonly number[]): Term {
  const { field, value } = node
  if (value.kind === 'range') return rangeTerm(field, value)
  if (value.kind === 'digest') return digestTerm(field, value)
  if (field === 'name') return nameTerm(context, value as TextPattern)
  if (WORD_FIELDS[field] !== undefined) return wordTerm(field, words)
  return indexedWord(field, value)
}

const none: Term = { filter: sql`1 = 0`, driver: sql`select seq from scans where 1 = 0`, exact: true }

const COLUMNS: Readonly<Partial<Record<SearchField, string>>> = {
  type: 'type', account: 'account', source: 'source', label: 'source', database: 'database', keep: 'options',
} // prettier-ignore
/** Those of COLUMNS without an index. */
const UNINDEXED = new Set<SearchField>(['database', 'keep'])

function wordTerm(field: SearchField, words: readonly number[]): Term {
  if (words.length === 0) return none
  const list = sql.join(padded(words))
  const column = COLUMNS[field]
  if (column !== undefined) {
    const filter = sql`${sql.ref(`s.${column}`)} in (${list})`
    if (UNINDEXED.has(field)) return { filter }
    return { filter, driver: sql`select seq from scans where ${sql.ref(column)} in (${list})`, exact: true }
  }
  if (field === 'tag') {
    const samples = sql`select sample from tags where word in (${list})`
    return {
      filter: sql`s.sample in (${samples})`,
      driver: sql`select seq from scans where sample in (${samples})`,
      exact: true,
    }
  }
  const has =
    field === 'detection' ? sql`s.detections > 0` : field === 'reason' ? sql`s."notSeen" > 0` : sql`s.artifacts > 1`
  return {
    // The plus keeps the index over words out of it: a row has few marks, and the list may be long.
    filter: sql`(${has} and exists (select 1 from marks m where m.seq = s.seq and +m.word in (${list})))`,
    driver: sql`select seq from marks where word in (${list})`,
    exact: words.length === 1,
  }
}

/** Fields whose words are numbers of the program. */
function indexedWord(field: SearchField, value: SearchValue): Term {
  const word = wordOf(value)
  if (field === 'priority') return { filter: sql`s.priority = ${PRIORITIES[word as keyof typeof PRIORITIES]}` }
  if (field === 'verdict') {
    const verdict = (VERDICTS as readonly string[]).indexOf(word)
    return {
      filter: sql`s.verdict = ${verdict}`,
      driver: sql`select seq from scans where verdict = ${verdict}`,
      exact: true,
    }
  }
  const state = (SCAN_STATES as readonly string[]).indexOf(word)
  const filter = sql`s.state = ${state}`
  if (word === 'finished') return { filter }
  return { filter, driver: sql`select seq from scans where state = ${state} and state <> 2`, exact: true }
}

const MICROSECONDS = 1000

function rangeTerm(field: SearchField, { least, most }: SearchValue & { kind: 'range' }): Term {
  if (field === 'time') {
    const bounds = between(
      's.seq',
      least === undefined ? undefined : seqOfTime(least),
      most === undefined ? undefined : seqOfTime(most + 1) - 1,
    )
    return { filter: bounds }
  }
  if (field === 'size') {
    return {
      filter: between('s.size', least, most),
      driver: sql`select seq from scans where ${between('size', least, most)}`,
      exact: true,
    }
  }
  if (field === 'elapsed')
    return {
      filter: between(
        's.elapsedUs',
        least === undefined ? undefined : least * MICROSECONDS,
        most === undefined ? undefined : (most + 1) * MICROSECONDS - 1,
      ),
    }
  const columns = { finished: 's.finishedAt', detections: 's.detections', artifacts: 's.artifacts' } as const
  return { filter: between(columns[field as keyof typeof columns], least, most) }
}

function between(column: string, least: number | undefined, most: number | undefined): Sql {
  const ref = sql.ref(column)
  if (least === undefined) return sql`${ref} <= ${most}`
  return most === undefined ? sql`${ref} >= ${least}` : sql`${ref} between ${least} and ${most}`
}

const DIGEST_COLUMNS: Readonly<Record<number, string>> = { 64: 'sha256', 40: 'sha1', 32: 'md5' }
const DIGEST_CHARS = { sha256: 64, sha1: 40, md5: 32 } as const

function digestTerm(field: SearchField, { hex, prefix }: SearchValue & { kind: 'digest' }): Term {
  if (field === 'inside') return memberTerm(hex, prefix)
  if (field === 'hash') {
    const column = DIGEST_COLUMNS[hex.length]
    if (prefix || column === undefined) return sampleTerm('sha256', hex, true)
    const own = sampleTerm(column, hex, false)
    if (column !== 'sha256') return own
    const member = memberTerm(hex, false)
    return {
      filter: sql`(${own.filter} or ${member.filter})`,
      driver: sql`${own.driver} union ${member.driver}`,
      exact: true,
    }
  }
  const isWhole = !prefix && hex.length === DIGEST_CHARS[field as keyof typeof DIGEST_CHARS]
  return sampleTerm(field, hex, !isWhole)
}

function sampleTerm(column: string, hex: string, prefix: boolean): Term {
  const samples = sql`select seq from samples where ${digestRange(column, hex, prefix)}`
  return {
    filter: sql`s.sample in (${samples})`,
    driver: sql`select seq from scans where sample in (${samples})`,
    exact: true,
  }
}

function memberTerm(hex: string, prefix: boolean): Term {
  const range = digestRange('sha256', hex, prefix)
  return {
    filter: sql`exists (select 1 from members m where m.seq = s.seq and ${range})`,
    driver: sql`select seq from members where ${range}`,
    exact: !prefix,
  }
}

function digestRange(column: string, hex: string, prefix: boolean): Sql {
  const ref = sql.ref(column)
  if (!prefix) return sql`${ref} = ${hexToBytes(hex)}`
  const least = hexToBytes(hex.padEnd(hex.length + (hex.length % 2), '0'))
  const most = hexToBytes(hex.padEnd(64, 'f'))
  return sql`${ref} between ${least} and ${most}`
}

const TRIGRAM = 3

function nameTerm({ database: { kind } }: Context, { parts }: TextPattern): Term {
  const folded = parts.map(part => part.toLowerCase())
  // Without a wildcard it may stand anywhere.
  const around = parts.length === 1 ? ['', ...folded, ''] : folded
  const pattern = around.map(part => part.replaceAll(/[%_\\]/g, '\\$&')).join('%')
  if (kind === 'postgres') {
    const test = (alias: string): Sql =>
      sql`coalesce(${sql.ref(`${alias}.folded`)}, ${sql.ref(`${alias}.name`)}) ilike ${pattern}`
    return { filter: test('s'), driver: sql`select n.seq from scans n where ${test('n')}`, exact: true }
  }
  const filter = sql`coalesce(s.folded, s.name) like ${pattern} escape '\\'`
  const trigrams = [...new Set(folded.flatMap(trigramsOf))]
  if (trigrams.length === 0) return { filter }
  const query = trigrams.map(text => `"${text.replaceAll('"', '""')}"`).join(' AND ')
  return { filter, driver: sql`select rowid as seq from names where names match ${query}` }
}

/** Enough of them to be selective. */
const MAX_TRIGRAMS = 12

function trigramsOf(text: string): string[] {
  const characters = Array.from(text)
  const count = characters.length - TRIGRAM + 1
  return Array.from({ length: Math.max(0, Math.min(count, MAX_TRIGRAMS)) }, (_, at) =>
    characters.slice(at, at + TRIGRAM).join(''),
  )
}

/** Whether a field's values are completed from words, and from which. */
export const completedFrom = (field: SearchField): WordKind | undefined =>
  'completes' in SEARCH_FIELDS[field] ? WORD_FIELDS[field] : undefined

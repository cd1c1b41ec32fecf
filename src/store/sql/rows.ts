import type { Kysely, Selectable } from 'kysely'
import { VERDICTS } from '../../report/index.ts'
import { PRIORITIES, SCAN_STATES } from '../../usecases/index.ts'
import type {
  Door,
  EffectiveOptions,
  NewScan,
  Priority,
  ScanProblem,
  ScanRecord,
  Source,
} from '../../usecases/index.ts'
import { bytesToHex, bytesToUuid, idOf, seqOf, tailOf, timeOfSeq, uuidToBytes } from './ids.ts'
import { padded } from './many.ts'
import type { SampleRow, ScanRow, Tables } from './tables.ts'
import type { Word, WordIds, Words } from './words.ts'

// Between the rows of the ledger and the records of the use cases.

export const STATE = Object.fromEntries(SCAN_STATES.map((state, index) => [state, index])) as Readonly<
  Record<(typeof SCAN_STATES)[number], number>
>
/** States from here on are final. */
export const FIRST_FINAL = STATE.finished
const PRIORITY_NAMES = new Map(Object.entries(PRIORITIES).map(([name, value]) => [value as number, name as Priority]))

export const SCAN_COLUMNS = [
  'seq', 'tail', 'sample', 'name', 'folded', 'size', 'state', 'verdict', 'type', 'source', 'account', 'key', 'address',
  'priority', 'options', 'engine', 'database', 'startedAt', 'finishedAt', 'elapsedUs', 'attempts', 'problem', 'found',
  'detections', 'notSeen', 'artifacts', 'report', 'parent', 'retro',
] as const satisfies readonly (keyof ScanRow)[] // prettier-ignore

/** A scan with the digests of its content. */
export type FullRow = Selectable<ScanRow> & Pick<SampleRow, 'sha256' | 'sha1' | 'md5'>

/** Door and label are one word, because they are searched and counted together. */
export const sourceWord = ({ door, label }: Pick<Source, 'door' | 'label'>): string => `${door} ${label ?? ''}`
export const sourceOf = (word: string): { readonly door: Door; readonly label: string } => {
  const at = word.indexOf(' ')
  return { door: word.slice(0, at) as Door, label: word.slice(at + 1) }
}
export const optionsWord = (scan: Pick<NewScan, 'options' | 'optionsKey'>): string =>
  JSON.stringify({ ...scan.options, id: scan.optionsKey })

/** The words that the row of a submission needs. */
export function* wordsOfScan(scan: NewScan): Generator<Word> {
  yield { kind: 'source', text: sourceWord(scan.source) }
  yield { kind: 'account', text: scan.source.account }
  if (scan.source.key !== undefined) yield { kind: 'key', text: scan.source.key }
  yield { kind: 'options', text: optionsWord(scan) }
}

/** The row of a submission that has not been scanned. */
export function newRow(scan: NewScan, sample: number, words: WordIds): ScanRow {
  const { source } = scan
  return {
    seq: seqOf(scan.id),
    tail: tailOf(scan.id),
    sample,
    name: storable(scan.name),
    folded: foldedOf(storable(scan.name)),
    size: scan.sizeBytes,
    state: STATE.queued,
    verdict: null,
    type: null,
    source: words.of('source', sourceWord(source)),
    account: words.of('account', source.account),
    key: source.key === undefined ? null : words.of('key', source.key),
    address: source.address === '' ? null : source.address,
    priority: PRIORITIES[scan.priority],
    options: words.of('options', optionsWord(scan)),
    engine: null,
    database: null,
    startedAt: null,
    finishedAt: null,
    elapsedUs: null,
    attempts: 0,
    problem: null,
    found: null,
    detections: 0,
    notSeen: 0,
    artifacts: 0,
    report: null,
    parent: scan.parent === undefined ? null : uuidToBytes(scan.parent),
    retro: null,
  }
}

/** PostgreSQL stores no NUL in text, and neither database half a surrogate pair. */
const storable = (text: string): string => text.replaceAll('\0', '\u2400').toWellFormed()

/** Lower case of a text that is not ASCII; SQLite folds only ASCII itself. */
// oxlint-disable-next-line no-control-regex
const foldedOf = (name: string): string | null => (/^[\0-\x7f]*$/.test(name) ? null : name.toLowerCase())

const wordIdsOf = (row: FullRow): (number | null)[] => [
  row.type, row.source, row.account, row.key, row.options, row.engine, row.database,
] // prettier-ignore

/** Records of rows, in their order. At most two more queries, for words that are not cached and for shared reports. */
export async function recordsOf(db: Kysely<Tables>, words: Words, rows: readonly FullRow[]): Promise<ScanRecord[]> {
  const texts = await words.texts(db, rows.flatMap(wordIdsOf))
  const shared = rows.filter(({ report, seq }) => report !== null && report !== seq).map(row => row.report as number)
  const owners = new Map<number, string>()
  if (shared.length > 0) {
    const found = await db.selectFrom('scans').select(['seq', 'tail']).where('seq', 'in', padded(shared)).execute()
    for (const { seq, tail } of found) owners.set(seq, idOf(seq, tail))
  }
  return rows.map(row => recordOf(row, texts, row.report === row.seq ? undefined : owners.get(row.report ?? -1)))
}

function recordOf(row: FullRow, texts: ReadonlyMap<number, string>, reusedFrom: string | undefined): ScanRecord {
  const text = (id: number | null): string | undefined => (id === null ? undefined : texts.get(id))
  const { id: _, ...options } = JSON.parse(text(row.options) ?? '{}') as EffectiveOptions & { id?: string }
  const source = sourceOf(text(row.source) ?? ' ')
  const optional = {
    startedAtMs: row.startedAt,
    finishedAtMs: row.finishedAt,
    problem: row.problem === null ? null : (JSON.parse(row.problem) as ScanProblem),
    verdict: row.verdict === null ? null : VERDICTS[row.verdict],
    type: text(row.type),
    elapsedMs: row.elapsedUs === null ? null : row.elapsedUs / 1000,
    engine: text(row.engine),
    database: text(row.database),
    reusedFrom,
    parent: row.parent === null ? null : bytesToUuid(row.parent),
  }
  return {
    id: idOf(row.seq, row.tail),
    sha256: bytesToHex(row.sha256),
    sha1: bytesToHex(row.sha1),
    md5: bytesToHex(row.md5),
    name: row.name,
    sizeBytes: row.size,
    source: {
      door: source.door,
      account: text(row.account) ?? '',
      address: row.address ?? '',
      ...(source.label === '' ? {} : { label: source.label }),
      ...(row.key === null ? {} : { key: text(row.key) ?? '' }),
    },
    options,
    priority: PRIORITY_NAMES.get(row.priority) ?? 'normal',
    state: SCAN_STATES[row.state],
    submittedAtMs: timeOfSeq(row.seq),
    attempts: row.attempts,
    detections: row.found === null ? [] : row.found.split('\n'),
    notSeen: row.notSeen,
    ...(Object.fromEntries(
      Object.entries(optional).filter(([, value]) => value !== null && value !== undefined),
    ) as object),
  }
}

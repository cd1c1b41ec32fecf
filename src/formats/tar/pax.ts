import { digits, nameText } from '../archive-parts.ts'

// Extended headers: records `LENGTH KEY=VALUE\n`. Source: POSIX pax, "pax Extended Header".

/** Keys that change where content lies or what it is called; all others are passed over. */
const KEYS: ReadonlySet<string> = new Set([
  'path',
  'linkpath',
  'size',
  'GNU.sparse.major',
  'GNU.sparse.minor',
  'GNU.sparse.name',
  'GNU.sparse.realsize',
  'GNU.sparse.size',
  'GNU.sparse.map',
])
const MAX_KEY_BYTES = 64

/** Values by key. `sparse` holds what version 0.0 of GNU's sparse format spreads over many records. */
export interface PaxRecords {
  readonly values: ReadonlyMap<string, Uint8Array>
  /** Offset and size, one after the other. */
  readonly sparse: readonly number[]
  /** False where a record contradicts its own length: those behind it were not read. */
  readonly isWhole: boolean
}

export const NO_RECORDS: PaxRecords = { values: new Map(), sparse: [], isWhole: true }

/** Reads the records of one extended header, borrowed. Linear in its size. */
export function readPax(body: Uint8Array): PaxRecords {
  const values = new Map<string, Uint8Array>()
  const sparse: number[] = []
  let at = 0
  while (at < body.length && body[at] !== 0) {
    const space = body.subarray(at, at + 20).indexOf(0x20)
    const length = space <= 0 ? undefined : digits(body, at, at + space, 10)
    const end = at + (length ?? 0)
    if (length === undefined || length <= space + 2 || end > body.length || body[end - 1] !== 0x0a)
      return { values, sparse, isWhole: false }
    keep(body.subarray(at + space + 1, end - 1), values, sparse)
    at = end
  }
  return { values, sparse, isWhole: true }
}

function keep(record: Uint8Array, values: Map<string, Uint8Array>, sparse: number[]): void {
  const equals = record.subarray(0, MAX_KEY_BYTES).indexOf(0x3d)
  if (equals <= 0) return
  const key = String.fromCharCode(...record.subarray(0, equals))
  const value = record.subarray(equals + 1)
  if (KEYS.has(key)) values.set(key, value)
  else if (key === 'GNU.sparse.offset') sparse.push(digits(value, 0, value.length, 10) ?? 0, 0)
  else if (key === 'GNU.sparse.numbytes' && sparse.length > 0)
    sparse[sparse.length - 1] = digits(value, 0, value.length, 10) ?? 0
}

/** `records` with those of `later` in their place. */
export function mergePax(records: PaxRecords, later: PaxRecords): PaxRecords {
  if (records === NO_RECORDS) return later
  return {
    values: new Map([...records.values, ...later.values]),
    sparse: later.sparse.length > 0 ? later.sparse : records.sparse,
    isWhole: records.isWhole && later.isWhole,
  }
}

/** A decimal value; undefined where it is absent or none. Fractions and what follows them are cut. */
export function paxNumber(records: PaxRecords, key: string): number | undefined {
  const value = records.values.get(key)
  return value === undefined ? undefined : digits(value, 0, value.length, 10)
}

/** A text value; undefined where it is absent or empty, which means that the header's own counts. */
export function paxText(records: PaxRecords, key: string): string | undefined {
  const value = records.values.get(key)
  return value === undefined || value.length === 0 ? undefined : nameText(value)
}

/** True where the records say that the member has holes. */
export function isSparse({ values, sparse }: PaxRecords): boolean {
  return sparse.length > 0 || values.has('GNU.sparse.map') || values.has('GNU.sparse.major')
}

/** The records without what they say about holes. */
export function withoutSparse({ values, isWhole }: PaxRecords): PaxRecords {
  return { values: new Map([...values].filter(([key]) => !key.startsWith('GNU.sparse.'))), sparse: [], isWhole }
}

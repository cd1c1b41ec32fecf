import { u16le, u32le, u64le } from '../../bytes/index.ts'

// Property sets: SummaryInformation and DocumentSummaryInformation. Texts, times and small numbers of the sets are read,
// nothing else. Source: [MS-OLEPS] 2.21 PropertySetStream, 2.15 TypedPropertyValue.

const MAX_SETS = 4
/** Properties of one set that are read; programs write about twenty. */
const MAX_PROPERTIES = 256
/** Characters of a text that are kept. */
const MAX_TEXT = 512
const CODE_PAGE = 1
const VT_I2 = 2
const VT_I4 = 3
const VT_LPSTR = 0x1e
const VT_LPWSTR = 0x1f
const VT_FILETIME = 0x40
/** 100 ns between 1601 and 1970. */
const EPOCH_TICKS = 116_444_736_000_000_000
/** Milliseconds of the last time that Date can write. */
const MAX_TIME_MS = 8.64e15

const LABELS: ReadonlyMap<number, string> = new Map([
  [874, 'windows-874'],
  [932, 'shift_jis'],
  [936, 'gbk'],
  [949, 'euc-kr'],
  [950, 'big5'],
  [1200, 'utf-16le'],
  [10000, 'macintosh'],
  [65001, 'utf-8'],
  ...[1250, 1251, 1252, 1253, 1254, 1255, 1256, 1257, 1258].map(page => [page, `windows-${page}`] as const),
])

/** Text of a Windows code page; Western European where the page is unknown. */
export function decodeCodePage(bytes: Uint8Array, page: number): string {
  return new TextDecoder(LABELS.get(page) ?? 'windows-1252').decode(bytes)
}

/** One set: values by the number of the property; times are ISO 8601. */
export type PropertySet = ReadonlyMap<number, string>

/** The sets of a property stream. What does not fit is left out; never throws. */
export function readPropertySets(bytes: Uint8Array): readonly PropertySet[] {
  if (bytes.length < 48 || u16le(bytes, 0) !== 0xfffe) return []
  const sets: PropertySet[] = []
  const count = Math.min(u32le(bytes, 24), MAX_SETS)
  for (let i = 0; i < count && 28 + 20 * (i + 1) <= bytes.length; i++) {
    const offset = u32le(bytes, 28 + 20 * i + 16)
    if (offset + 8 <= bytes.length) sets.push(readSet(bytes, offset))
  }
  return sets
}

function readSet(bytes: Uint8Array, start: number): PropertySet {
  const values = new Map<number, string>()
  const count = Math.min(u32le(bytes, start + 4), MAX_PROPERTIES)
  const places: (readonly [id: number, at: number])[] = []
  let page = 1252
  for (let i = 0; i < count && start + 16 + 8 * i <= bytes.length; i++) {
    const id = u32le(bytes, start + 8 + 8 * i)
    const at = start + u32le(bytes, start + 12 + 8 * i)
    if (at + 8 > bytes.length) continue
    places.push([id, at])
    if (id === CODE_PAGE && u16le(bytes, at) === VT_I2) page = u16le(bytes, at + 4)
  }
  for (const [id, at] of places) {
    const value = readValue(bytes, at, page)
    if (value !== undefined && value !== '') values.set(id, value)
  }
  return values
}

function readValue(bytes: Uint8Array, at: number, page: number): string | undefined {
  const type = u16le(bytes, at)
  if (type === VT_I2) return String(u16le(bytes, at + 4))
  if (type === VT_I4) return String(u32le(bytes, at + 4) | 0)
  if (type === VT_FILETIME) return at + 12 <= bytes.length ? timeOf(u64le(bytes, at + 4)) : undefined
  if (type !== VT_LPSTR && type !== VT_LPWSTR) return undefined
  const claimed = u32le(bytes, at + 4) * (type === VT_LPWSTR ? 2 : 1)
  const text = bytes.subarray(at + 8, at + 8 + Math.min(claimed, 2 * MAX_TEXT))
  const decoded = decodeCodePage(text, type === VT_LPWSTR ? 1200 : page)
  const end = decoded.indexOf('\0')
  return (end < 0 ? decoded : decoded.slice(0, end)).slice(0, MAX_TEXT)
}

function timeOf(ticks: number): string | undefined {
  const ms = Math.floor((ticks - EPOCH_TICKS) / 10_000)
  return ticks === 0 || Math.abs(ms) > MAX_TIME_MS ? undefined : new Date(ms).toISOString()
}

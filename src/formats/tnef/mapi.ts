import { u16le, u32le } from '../../bytes/index.ts'

// MAPI properties as TNEF carries them: a count, then type, identifier, for named ones a name, then the values.
// Source: [MS-OXTNEF] 2.1.3.5, [MS-OXCDATA] 2.11.

/** Properties of one attribute that are read; Outlook writes a few hundred at most. */
const MAX_PROPERTIES = 10_000
/** Values of one property that are looked at. */
const MAX_VALUES = 10_000
const FIRST_NAMED = 0x8000
const MULTIPLE = 0x1000
const GUID_BYTES = 16
const NAME_IS_STRING = 1

/** Bytes of a value by its type, padded to four. What is not here has a length of its own. */
const FIXED_BYTES: ReadonlyMap<number, number> = new Map([
  [0x0002, 4],
  [0x0003, 4],
  [0x0004, 4],
  [0x0005, 8],
  [0x0006, 8],
  [0x0007, 8],
  [0x000a, 4],
  [0x000b, 4],
  [0x0014, 8],
  [0x0040, 8],
  [0x0048, 16],
])
const VARIABLE: ReadonlySet<number> = new Set([0x000d, 0x001e, 0x001f, 0x0102])

export const PT_OBJECT = 0x000d
export const PT_UNICODE = 0x001f

export interface MapiProperty {
  readonly type: number
  readonly id: number
  /** The first value; a view of the attribute. */
  readonly value: Uint8Array
}

export interface MapiProperties {
  readonly properties: readonly MapiProperty[]
  /** True where the list ends early or contradicts itself. */
  readonly damaged: boolean
}

/** Reads a list of properties; what comes before a damage stays. */
export function readMapi(data: Uint8Array): MapiProperties {
  const properties: MapiProperty[] = []
  if (data.length < 4) return { properties, damaged: true }
  const count = u32le(data, 0)
  let at = 4
  for (let i = 0; i < Math.min(count, MAX_PROPERTIES); i++) {
    if (at + 4 > data.length) return { properties, damaged: true }
    const type = u16le(data, at)
    const id = u16le(data, at + 2)
    at = id < FIRST_NAMED ? at + 4 : behindName(data, at + 4)
    const next = readValues(data, at, type, id, properties)
    if (next < 0) return { properties, damaged: true }
    at = next
  }
  return { properties, damaged: count > MAX_PROPERTIES }
}

/** Offset behind the name of a named property, perhaps behind the end. */
function behindName(data: Uint8Array, start: number): number {
  const at = start + GUID_BYTES
  if (at + 8 > data.length) return data.length + 1
  return u32le(data, at) === NAME_IS_STRING ? at + 8 + padded(u32le(data, at + 4)) : at + 8
}

const padded = (size: number): number => Math.ceil(size / 4) * 4

/** Adds the property; answers the offset behind its values, or -1 where they do not fit. */
function readValues(data: Uint8Array, start: number, type: number, id: number, into: MapiProperty[]): number {
  const base = type & ~MULTIPLE
  const isMultiple = (type & MULTIPLE) !== 0
  const fixed = FIXED_BYTES.get(base)
  if (fixed === undefined && !VARIABLE.has(base)) return -1
  const hasCount = isMultiple || fixed === undefined
  if (hasCount && start + 4 > data.length) return -1
  const count = hasCount ? u32le(data, start) : 1
  if (count > MAX_VALUES) return -1
  let at = hasCount ? start + 4 : start
  for (let i = 0; i < count; i++) {
    if (fixed === undefined && at + 4 > data.length) return -1
    const size = fixed ?? u32le(data, at)
    if (fixed === undefined) at += 4
    if (i === 0 && at <= data.length) into.push({ type: base, id, value: data.subarray(at, at + size) })
    at += fixed ?? padded(size)
    // The last value of the list may lack its padding.
    if (at > data.length + 3) return -1
  }
  return Math.min(at, data.length)
}

import { equalsAt, indexOf, u16le, u32le, u64le } from '../../bytes/index.ts'

// What tells an embedded ZIP archive from a signature that stands in a program. Source: APPNOTE.TXT 6.3.10, section 4.3.

const LOCAL = Uint8Array.of(0x50, 0x4b, 0x03, 0x04)
const ENTRY = Uint8Array.of(0x50, 0x4b, 0x01, 0x02)
const DESCRIPTOR = Uint8Array.of(0x50, 0x4b, 0x07, 0x08)
const END = Uint8Array.of(0x50, 0x4b, 0x05, 0x06)
const END64 = Uint8Array.of(0x50, 0x4b, 0x06, 0x06)
const LOCATOR64 = Uint8Array.of(0x50, 0x4b, 0x06, 0x07)
const LOCAL_BYTES = 30
const ENTRY_BYTES = 46
const END_BYTES = 22
const END64_BYTES = 56
const LOCATOR64_BYTES = 20
/** Entries that are looked at: that of the first member is among the first. */
const MAX_ENTRIES = 1000
/** Shorter names may stand anywhere. */
const MIN_NAME_CHARS = 2

/** @param at - of a local header, by its signature */
export const isZip = (content: Uint8Array, at: number): boolean =>
  hasDirectory(content, at) || leadsToRecord(content, at) || isPlausible(content, at)

/** An end record behind its directory, or behind the end record of ZIP64 that is. */
function hasDirectory(content: Uint8Array, from: number): boolean {
  for (let at = indexOf(content, END, from); at >= 0; at = indexOf(content, END, at + 1)) {
    if (at + END_BYTES > content.length) return false
    if (isEntry(content, at - u32le(content, at + 12), from)) return true
    const end64 = at - LOCATOR64_BYTES - END64_BYTES
    const is64 = end64 > from && equalsAt(content, at - LOCATOR64_BYTES, LOCATOR64) && equalsAt(content, end64, END64)
    if (is64 && isEntry(content, end64 - u64le(content, end64 + 40), from)) return true
  }
  return false
}

const isEntry = (content: Uint8Array, at: number, from: number): boolean => at > from && equalsAt(content, at, ENTRY)

/** Another record where the data end, or an entry of a directory with the same name. */
function leadsToRecord(content: Uint8Array, at: number): boolean {
  const nameLength = u16le(content, at + 26)
  const name = at + LOCAL_BYTES
  const data = name + nameLength + u16le(content, at + 28)
  const end = data + u32le(content, at + 18)
  if (end > data && end + 4 <= content.length)
    if ([LOCAL, ENTRY, DESCRIPTOR].some(record => equalsAt(content, end, record))) return true
  if (nameLength < MIN_NAME_CHARS || data > content.length) return false
  const wanted = content.subarray(name, name + nameLength)
  let entry = indexOf(content, ENTRY, data)
  for (let i = 0; i < MAX_ENTRIES && entry >= 0; i++, entry = indexOf(content, ENTRY, entry + 1))
    if (entry + ENTRY_BYTES <= content.length && u16le(content, entry + 28) === nameLength)
      if (equalsAt(content, entry + ENTRY_BYTES, wanted)) return true
  return false
}

/** Versions that are needed for something; the byte behind it is a system, which few writers fill in. */
const VERSIONS: ReadonlySet<number> = new Set([10, 11, 20, 21, 25, 27, 45, 46, 50, 51, 52, 61, 62, 63])
const RESERVED_FLAGS = 0b1101_0111_1000_0000
const STREAMED_FLAG = 0b1000
/** Of encryption, and of blocks that do not get shorter. */
const MAX_OVERHEAD_BYTES = 64
/** More extra fields are made by nobody. */
const MAX_FIELDS = 64
/** A longer name is none that a file system takes. */
const MAX_NAME_BYTES = 1024

/**
 * Sense in every field: version, flags, time, name, extra fields and sizes; data that are cut off in the middle, too.
 * Cost: constant.
 */
export function isPlausible(content: Uint8Array, at: number): boolean {
  const [version, flags] = [u16le(content, at + 4), u16le(content, at + 6)]
  const [packed, nameLength] = [u32le(content, at + 18), u16le(content, at + 26)]
  const name = at + LOCAL_BYTES
  const extra = name + nameLength
  const data = extra + u16le(content, at + 28)
  if (!VERSIONS.has(version) || (flags & RESERVED_FLAGS) !== 0 || nameLength > MAX_NAME_BYTES) return false
  if (data >= content.length || !isTime(u16le(content, at + 10), u16le(content, at + 12))) return false
  const isSized = packed > 0 && areSizes(u16le(content, at + 8), packed, u32le(content, at + 22))
  const isStreamed = packed === 0 && (flags & STREAMED_FLAG) !== 0
  return (isSized || isStreamed) && isName(content, name, extra) && areFields(content, extra, data)
}

/** Stored data are as long as the content, with encryption a little longer; compressed data are hardly longer. */
function areSizes(method: number, packed: number, unpacked: number): boolean {
  const more = packed - unpacked
  return more <= MAX_OVERHEAD_BYTES + unpacked / 1000 && (method !== 0 || more >= 0)
}

/** In the format of MS-DOS. */
function isTime(time: number, date: number): boolean {
  const [day, month] = [date & 31, (date >> 5) & 15]
  const [second, minute, hour] = [time & 31, (time >> 5) & 63, time >> 11]
  return day >= 1 && month >= 1 && month <= 12 && second < 30 && minute < 60 && hour < 24
}

function isName(content: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (content[at] < 0x20 || content[at] === 0x7f) return false
  return end > start
}

/** Fields of a number, a length and so many bytes, one behind the other up to the end. */
function areFields(content: Uint8Array, start: number, end: number): boolean {
  let at = start
  for (let i = 0; i < MAX_FIELDS && at + 4 <= end; i++) at += 4 + u16le(content, at + 2)
  return at === end
}

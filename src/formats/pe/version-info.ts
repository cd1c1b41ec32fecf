import { bytesOf, equalsAt, u16le } from '../../bytes/index.ts'
import type { PeHeader } from './header.ts'
import { findResources } from './resources.ts'

// RT_VERSION: VS_VERSIONINFO holds StringFileInfo, that holds StringTables, those hold Strings. Every structure is
// {wLength, wValueLength, wType, szKey (UTF-16, NUL-terminated), padding to 4 bytes, value, children}.
// Source: Microsoft "VS_VERSIONINFO structure" and the structures it links.

const RT_VERSION = 16
const MAX_RESOURCES = 16
/** Structures looked at in one file; a version resource has some dozens. */
const MAX_STEPS = 1024
const HEADER_SIZE = 6

const utf16 = (text: string): Uint8Array => bytesOf(`${text}\0`.replaceAll(/[^]/g, '$&\0'))
const VERSION_INFO_KEY = utf16('VS_VERSION_INFO')
const STRING_FILE_INFO_KEY = utf16('StringFileInfo')

/** File offsets of the keys (szKey) of all String structures that have a value, ascending per resource. */
export function readVersionInfoOffsets(content: Uint8Array, header: PeHeader): readonly number[] {
  const offsets: number[] = []
  const budget = { steps: MAX_STEPS }
  for (const resource of findResources(content, header, RT_VERSION, MAX_RESOURCES)) {
    for (const info of structures(content, resource.offset, resource.offset + resource.size, budget)) {
      if (!equalsAt(content, info.key, VERSION_INFO_KEY)) continue
      const children = align(info.key + VERSION_INFO_KEY.length, resource.offset) + align(info.valueLength, 0)
      for (const file of structures(content, children, info.end, budget)) {
        if (equalsAt(content, file.key, STRING_FILE_INFO_KEY))
          addStrings(content, file, resource.offset, budget, offsets)
      }
    }
  }
  return offsets
}

/** Adds the keys of all tables in one StringFileInfo. */
function addStrings(content: Uint8Array, file: Structure, base: number, budget: Budget, offsets: number[]): void {
  const tables = align(file.key + STRING_FILE_INFO_KEY.length, base)
  for (const table of structures(content, tables, file.end, budget)) {
    const strings = align(keyEnd(content, table.key, table.end), base)
    for (const string of structures(content, strings, table.end, budget)) {
      // As ClamAV has it: a last string whose padding is cut off does not count, nor does an empty one.
      if (align(string.end, base) > table.end) break
      if (string.valueLength > 0) offsets.push(string.key)
    }
  }
}

interface Budget {
  steps: number
}

interface Structure {
  readonly key: number
  readonly valueLength: number
  readonly end: number
}

/** The structures one after the other in [start, end); stops at the first that does not fit. */
function* structures(content: Uint8Array, start: number, end: number, budget: Budget): Generator<Structure> {
  for (let at = start; at + HEADER_SIZE < end && budget.steps > 0; budget.steps--) {
    const length = u16le(content, at)
    if (length <= HEADER_SIZE || at + length > end) return
    yield { key: at + HEADER_SIZE, valueLength: u16le(content, at + 2), end: at + length }
    at += align(length, 0)
  }
}

/** Offset behind the NUL that ends the UTF-16 text at `at`. */
function keyEnd(content: Uint8Array, at: number, end: number): number {
  let next = at
  while (next + 2 <= end && u16le(content, next) !== 0) next += 2
  return next + 2
}

/** Structures are aligned to four bytes from the start of the resource. */
function align(offset: number, base: number): number {
  return base + Math.ceil((offset - base) / 4) * 4
}

import { latin1, u16le, u32le } from '../../bytes/index.ts'

// Names in a list of item identifiers. Their layout is the shell's own; what is read here is what every version since
// Windows XP writes. Source: libfwsi, "Windows Shell Item format" (facts only).

const KIND_MASK = 0x70
const DRIVE = 0x20
const FILE = 0x30
const NETWORK = 0x40
const UNICODE_NAME = 0x04
const LONG_NAME_SIGNATURE = 0xbeef0004
/** Offset of the long name in its block, by the block's version, newest first. */
const LONG_NAME_OFFSETS = [
  [9, 46],
  [8, 42],
  [7, 38],
  [3, 20],
] as const
/** Folders below each other. */
const MAX_ITEMS = 256

const UTF16 = new TextDecoder('utf-16le')

/** The path that the items in [start, end) name; empty where they name none. Never fails. */
export function itemPath(file: Uint8Array, start: number, end: number): string {
  const names: string[] = []
  for (let at = start, count = 0; at + 3 <= end && count < MAX_ITEMS; count++) {
    const size = u16le(file, at)
    if (size < 3) break
    const item = file.subarray(at, Math.min(at + size, end))
    const name = itemName(item)
    if (name !== '') names.push(name)
    at += size
  }
  return names.reduce((path, name) => (path === '' || path.endsWith('\\') ? path + name : `${path}\\${name}`), '')
}

function itemName(item: Uint8Array): string {
  switch (item[2] & KIND_MASK) {
    case DRIVE:
      return ansi(item, 3)
    case FILE:
      return longName(item) || ((item[2] & UNICODE_NAME) === 0 ? ansi(item, 14) : wide(item, 14))
    case NETWORK:
      return ansi(item, 5)
    default:
      return ''
  }
}

/** The long name's block stands where the last two bytes of the item say. */
function longName(item: Uint8Array): string {
  if (item.length < 4) return ''
  const block = u16le(item, item.length - 2)
  if (block < 4 || block + 8 > item.length || u32le(item, block + 4) !== LONG_NAME_SIGNATURE) return ''
  const version = u16le(item, block + 2)
  const found = LONG_NAME_OFFSETS.find(([least]) => version >= least)
  return found === undefined ? '' : wide(item, block + found[1])
}

function ansi(item: Uint8Array, start: number): string {
  let end = start
  while (end < item.length && item[end] !== 0) end++
  return latin1(item, start, end)
}

function wide(item: Uint8Array, start: number): string {
  let end = start
  while (end + 1 < item.length && (item[end] !== 0 || item[end + 1] !== 0)) end += 2
  return start < end ? UTF16.decode(item.subarray(start, end)) : ''
}

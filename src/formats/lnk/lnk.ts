import { bytes, latin1, ParseError, struct, u16le, u32le, uint16le, uint32le, uint64le } from '../../bytes/index.ts'
import { itemPath } from './items.ts'

// Windows shortcuts. Source: [MS-SHLLINK] version 8.0. Property stores and trackers are passed over by their sizes.

const ShellLinkHeader = struct({
  headerSize: uint32le,
  linkClsid: bytes(16),
  linkFlags: uint32le,
  fileAttributes: uint32le,
  creationTime: uint64le,
  accessTime: uint64le,
  writeTime: uint64le,
  fileSize: uint32le,
  iconIndex: uint32le,
  showCommand: uint32le,
  hotKey: uint16le,
  reserved: bytes(10),
})

const HAS_ID_LIST = 1
const HAS_LINK_INFO = 2
const IS_UNICODE = 0x80
const FORCE_NO_LINK_INFO = 0x100
/** Strings behind the link information, in their order: flag and name. */
const STRINGS = [
  [0x04, 'description'],
  [0x08, 'relativePath'],
  [0x10, 'workingDirectory'],
  [0x20, 'arguments'],
  [0x40, 'icon'],
] as const
export type ShortcutString = (typeof STRINGS)[number][1]

/** Blocks of extra data in one file; there are twelve kinds. */
const MAX_BLOCKS = 64
const MIN_BLOCK_BYTES = 4
/** Kinds of extra data that hold a path: 260 bytes of ANSI, 520 of Unicode. */
const PATH_BLOCKS: ReadonlyMap<number, ShortcutBlock> = new Map([
  [0xa0000001, 'environmentTarget'],
  [0xa0000006, 'darwin'],
  [0xa0000007, 'environmentIcon'],
])
export type ShortcutBlock = 'environmentTarget' | 'environmentIcon' | 'darwin'
const ANSI_BYTES = 260
const UNICODE_BYTES = 520
/** Longest path and command line of Windows. */
const MAX_PATH_CHARS = 32_768

export interface Shortcut {
  /** Local path, or path of the network share; empty without link information. */
  target: string
  readonly strings: Map<ShortcutString, string>
  readonly blocks: Map<ShortcutBlock, string>
  /** Path by its list of items. */
  itemPath: string
  readonly iconIndex: number
  /** Offset behind the last structure. */
  end: number
  /** What did not fit; everything up to there is read. */
  fault: string | undefined
}

const UTF16 = new TextDecoder('utf-16le')

/** Reads a shortcut as far as it goes. @throws ParseError where not even the header is there */
export function readShortcut(file: Uint8Array): Shortcut {
  const header = ShellLinkHeader.read(file, 0)
  const shortcut: Shortcut = {
    target: '',
    strings: new Map(),
    blocks: new Map(),
    itemPath: '',
    iconIndex: header.iconIndex | 0,
    end: ShellLinkHeader.size,
    fault: undefined,
  }
  try {
    readParts(file, header.linkFlags, shortcut)
  } catch (error) {
    if (!(error instanceof ParseError)) throw error
    shortcut.fault = error.message
  }
  return shortcut
}

function readParts(file: Uint8Array, flags: number, shortcut: Shortcut): void {
  if ((flags & HAS_ID_LIST) !== 0) {
    const start = shortcut.end + 2
    advance(file, shortcut, 2 + u16le(file, shortcut.end))
    shortcut.itemPath = itemPath(file, start, shortcut.end)
  }
  if ((flags & HAS_LINK_INFO) !== 0) {
    const size = u32le(file, shortcut.end)
    if ((flags & FORCE_NO_LINK_INFO) === 0) shortcut.target = targetOf(file, shortcut.end, size)
    advance(file, shortcut, Math.max(4, size))
  }
  for (const [flag, name] of STRINGS) {
    if ((flags & flag) === 0) continue
    const start = shortcut.end + 2
    advance(file, shortcut, 2 + u16le(file, shortcut.end) * ((flags & IS_UNICODE) === 0 ? 1 : 2))
    const raw = file.subarray(start, shortcut.end)
    shortcut.strings.set(name, (flags & IS_UNICODE) === 0 ? latin1(raw) : UTF16.decode(raw))
  }
  readBlocks(file, shortcut)
}

/** Moves behind a structure of that size. @throws ParseError where it does not fit */
function advance(file: Uint8Array, shortcut: Shortcut, size: number): void {
  const left = file.length - shortcut.end
  if (size > left) throw new ParseError('structure', shortcut.end, size, left)
  shortcut.end += size
}

function readBlocks(file: Uint8Array, shortcut: Shortcut): void {
  for (let count = 0; count < MAX_BLOCKS; count++) {
    if (shortcut.end + 4 > file.length) return
    const size = u32le(file, shortcut.end)
    if (size < MIN_BLOCK_BYTES) {
      shortcut.end += 4
      return
    }
    const start = shortcut.end
    if (size < 8 || size > file.length - start || u32le(file, start + 4) >>> 16 !== 0xa000) return
    shortcut.end += size
    const name = PATH_BLOCKS.get(u32le(file, start + 4))
    if (name === undefined || size < 8 + ANSI_BYTES) continue
    const unicode = file.subarray(
      start + 8 + ANSI_BYTES,
      Math.min(start + 8 + ANSI_BYTES + UNICODE_BYTES, start + size),
    )
    shortcut.blocks.set(name, wideUntilNul(unicode) || ansiAt(file, start + 8, start + 8 + ANSI_BYTES))
  }
}

/** LinkInfo, 2.3: offsets are relative to its start, and Unicode ones are only there where its header is long enough. */
function targetOf(file: Uint8Array, start: number, size: number): string {
  const end = Math.min(file.length, start + size)
  const offset = (at: number): number => (start + at + 4 <= end ? u32le(file, start + at) : 0)
  const headerSize = offset(4)
  const flags = offset(8)
  const isWide = headerSize >= 0x24
  const text = (ansi: number, wide: number): string => {
    const unicode = isWide && offset(wide) > 0 ? wideUntilNul(file.subarray(start + offset(wide), end)) : ''
    return unicode || (offset(ansi) > 0 ? ansiAt(file, start + offset(ansi), end) : '')
  }
  const suffix = text(24, 32)
  if ((flags & 1) !== 0) return joined(text(16, 28), suffix)
  const network = offset(20)
  if ((flags & 2) === 0 || network === 0) return suffix
  const name = offset(network + 8)
  return joined(name > 0 ? ansiAt(file, start + network + name, end) : '', suffix)
}

const joined = (base: string, suffix: string): string =>
  base === '' || suffix === '' || base.endsWith('\\') ? base + suffix : `${base}\\${suffix}`

function ansiAt(file: Uint8Array, start: number, end: number): string {
  const stop = Math.min(end, start + MAX_PATH_CHARS)
  let at = start
  while (at < stop && file[at] !== 0) at++
  return latin1(file, start, at)
}

function wideUntilNul(raw: Uint8Array): string {
  let size = 0
  while (size + 1 < Math.min(raw.length, 2 * MAX_PATH_CHARS) && (raw[size] !== 0 || raw[size + 1] !== 0)) size += 2
  return UTF16.decode(raw.subarray(0, size))
}

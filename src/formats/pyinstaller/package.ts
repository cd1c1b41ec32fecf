import { ContentError, bytesOf, indexOf, latin1, u32be } from '../../bytes/index.ts'

// PyInstaller: a package behind the bootloader, found by its cookie near the end. Source: PyInstaller, documentation of
// its bootloader and archives.

export interface PyInstallerEntry {
  readonly name: string
  /** One letter: z PYZ, s script, m module, M package, b library, x data, o option, d dependency. */
  readonly kind: string
  readonly isCompressed: boolean
  /** As stored; borrowed. */
  readonly data: Uint8Array
  /** Bytes of it that lie outside of the package. */
  readonly missingBytes: number
}

export interface PyInstallerPackage {
  readonly entries: readonly PyInstallerEntry[]
  /** Whether the table of contents can be read to its end. */
  readonly isWhole: boolean
}

const COOKIE = bytesOf('MEI\x0c\x0b\x0a\x0b\x0e')
/** Since 2.1 with the name of Python's library; before that without. */
const COOKIE_SIZES = [88, 24]
const ENTRY_HEADER_BYTES = 18
/** Versions of Python: 20 to 27, 30 to 39, 310 and so on. */
const MIN_PYTHON = 20
const MAX_PYTHON = 999
/** Packages that are read. Magics without one are not counted: bootloaders carry the magic as a constant. */
const MAX_PACKAGES = 16
const MAX_ENTRIES = 100_000

/** Every package in `content`. A magic without a plausible cookie behind it is none. @throws ContentError too-large */
export function pyInstallerPackages(content: Uint8Array): PyInstallerPackage[] {
  const packages: PyInstallerPackage[] = []
  for (let at = indexOf(content, COOKIE); at >= 0; at = indexOf(content, COOKIE, at + 1)) {
    const found = packageOf(content, at)
    if (found === undefined) continue
    if (packages.length === MAX_PACKAGES)
      throw new ContentError('too-large', `It holds more than ${MAX_PACKAGES} PyInstaller packages`, at)
    packages.push(found)
  }
  return packages
}

function packageOf(content: Uint8Array, cookieAt: number): PyInstallerPackage | undefined {
  if (cookieAt + 24 > content.length) return undefined
  const size = u32be(content, cookieAt + 8)
  const tableAt = u32be(content, cookieAt + 12)
  const tableSize = u32be(content, cookieAt + 16)
  const python = u32be(content, cookieAt + 20)
  if (python < MIN_PYTHON || python > MAX_PYTHON) return undefined
  if (tableSize < ENTRY_HEADER_BYTES || tableAt + tableSize > size) return undefined
  let best: PyInstallerPackage = { entries: [], isWhole: false }
  for (const cookieSize of COOKIE_SIZES) {
    const start = cookieAt + cookieSize - size
    if (start < 0 || start + tableAt + tableSize > content.length) continue
    const table = content.subarray(start + tableAt, start + tableAt + tableSize)
    const found = readTable(table, content.subarray(start, start + size))
    if (found.isWhole) return found
    if (found.entries.length > best.entries.length) best = found
  }
  return best
}

function readTable(table: Uint8Array, data: Uint8Array): PyInstallerPackage {
  const entries: PyInstallerEntry[] = []
  let at = 0
  while (at + ENTRY_HEADER_BYTES <= table.length && entries.length < MAX_ENTRIES) {
    const size = u32be(table, at)
    if (size < ENTRY_HEADER_BYTES || at + size > table.length) return { entries, isWhole: false }
    const from = u32be(table, at + 4)
    const stored = u32be(table, at + 8)
    const bytes = data.subarray(from, from + stored)
    const name = table.subarray(at + ENTRY_HEADER_BYTES, at + size)
    const nul = name.indexOf(0)
    entries.push({
      name: new TextDecoder().decode(nul < 0 ? name : name.subarray(0, nul)),
      kind: latin1(table, at + 17, at + 18),
      isCompressed: table[at + 16] === 1,
      data: bytes,
      missingBytes: stored - bytes.length,
    })
    at += size
  }
  return { entries, isWhole: at === table.length }
}

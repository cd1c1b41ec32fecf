import { latin1, u32le } from '../../bytes/index.ts'
import { fileOffsetOf, readPeHeader } from './header.ts'
import type { PeHeader } from './header.ts'
import { ordinalName } from './ordinals.ts'

// The import directory as the import hash sees it: "library.function" for every import, in file order, lower case.
// Source: Microsoft "PE Format", section "The .idata Section". Not read: hints, bindings, delayed imports.

const IMPORT_DIRECTORY = 1
const DESCRIPTOR_SIZE = 20
const MAX_LIBRARIES = 1024
/** Imports of all libraries together; the largest of Windows' own programs have about 3,000. */
const MAX_IMPORTS = 65_536
const MAX_NAME = 512
const ORDINAL_FLAG = 0x8000_0000
const EXTENSIONS: ReadonlySet<string> = new Set(['.dll', '.ocx', '.sys'])

/** What an import hash is made of. */
export interface ImportTable {
  /** To be hashed (MD5 for .imp) as one byte per character: `kernel32.exitprocess,ws2_32.bind,…`. */
  readonly text: string
  /** The size that .imp signatures give: bytes of `text`. */
  readonly size: number
}

/**
 * Reads the imports of a PE32 or PE32+ file. Cost: proportional to their number, at most MAX_IMPORTS names; ask only
 * where a signature needs it.
 * @returns undefined where there is no readable header or no import
 */
export function importTable(content: Uint8Array): ImportTable | undefined {
  const header = readPeHeader(content)
  const directory = header?.directories[IMPORT_DIRECTORY]
  if (header === undefined || directory === undefined || directory.virtualAddress === 0) return undefined
  let at = fileOffsetOf(header, directory.virtualAddress, content.length)
  if (at < 0) return undefined
  const names: string[] = []
  for (let i = 0; i < MAX_LIBRARIES && at + DESCRIPTOR_SIZE <= content.length; i++, at += DESCRIPTOR_SIZE) {
    const nameAddress = u32le(content, at + 12)
    if (nameAddress === 0) break
    const library = nameAt(content, fileOffsetOf(header, nameAddress, content.length))
    if (library === undefined) break
    const lookup = u32le(content, at)
    readLibrary(content, header, lookup === 0 ? u32le(content, at + 16) : lookup, library.toLowerCase(), names)
  }
  if (names.length === 0) return undefined
  const text = names.join(',')
  return { text, size: text.length }
}

/** Appends `library.function` for each entry of one lookup table. */
function readLibrary(content: Uint8Array, header: PeHeader, address: number, library: string, names: string[]): void {
  const wide = header.is64 ? 8 : 4
  const extension = library.slice(library.lastIndexOf('.'))
  const prefix = EXTENSIONS.has(extension) ? library.slice(0, -extension.length) : library
  let at = fileOffsetOf(header, address, content.length)
  if (at < 0) return
  for (; at + wide <= content.length && names.length < MAX_IMPORTS; at += wide) {
    const low = u32le(content, at)
    const top = header.is64 ? u32le(content, at + 4) : low
    if (low === 0 && top === 0) return
    const name =
      top >= ORDINAL_FLAG
        ? ordinalName(prefix, low & 0xffff)
        : nameAt(content, fileOffsetOf(header, low, content.length), 2)?.toLowerCase()
    if (name !== undefined) names.push(`${prefix}.${name}`)
  }
}

/** The text at `at` + `skip` up to its NUL; undefined where there is none within MAX_NAME. */
function nameAt(content: Uint8Array, at: number, skip = 0): string | undefined {
  if (at < 0) return undefined
  const start = at + skip
  const end = content.subarray(start, start + MAX_NAME).indexOf(0)
  return end <= 0 ? undefined : latin1(content, start, start + end)
}

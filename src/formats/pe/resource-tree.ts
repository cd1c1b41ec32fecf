import { u16le, u32le } from '../../bytes/index.ts'
import { fileOffsetOf, readPeHeader } from './header.ts'
import type { PeHeader } from './header.ts'

// All leaves of the resource directory, with the names on the way to them.
// Source: Microsoft "PE Format", section "The .rsrc Section".

const RESOURCE_DIRECTORY = 2
const DIRECTORY_SIZE = 16
const ENTRY_SIZE = 8
const HIGH_BIT = 0x8000_0000
/** Type, name, language. */
const LEVELS = 3
/** Entries looked at in one tree, all levels together; large programs have some thousands. */
const MAX_ENTRIES = 65_536
const MAX_NAME_CHARS = 256

const UTF16 = new TextDecoder('utf-16le')

/** One resource; offset and size in the file, clipped to what is there. */
export interface PeResource {
  readonly type: number | string
  readonly name: number | string
  /** 0 where there is no such level. */
  readonly language: number | string
  readonly offset: number
  readonly size: number
}

export interface PeResources {
  readonly resources: readonly PeResource[]
  /** The tree has more than MAX_ENTRIES entries, or goes round in circles. */
  readonly isCut: boolean
}

/** All resources, in file order of the tree; undefined where `content` is no PE file. */
export function readPeResources(content: Uint8Array): PeResources | undefined {
  const header = readPeHeader(content)
  if (header === undefined) return undefined
  const directory = header.directories[RESOURCE_DIRECTORY]
  const root = directory === undefined ? 0 : directory.virtualAddress
  if (root === 0) return { resources: [], isCut: false }
  const walk = new Walk(content, header, root)
  walk.directory(root, [])
  return walk
}

class Walk {
  readonly resources: PeResource[] = []
  isCut = false
  #entries = 0
  readonly #content: Uint8Array
  readonly #header: PeHeader
  readonly #root: number

  constructor(content: Uint8Array, header: PeHeader, root: number) {
    this.#content = content
    this.#header = header
    this.#root = root
  }

  /** At most LEVELS deep. */
  directory(address: number, path: readonly (number | string)[]): void {
    const content = this.#content
    const at = this.#offsetOf(address)
    if (at < 0 || at + DIRECTORY_SIZE > content.length) return
    const count = u16le(content, at + 12) + u16le(content, at + 14)
    for (let i = 0; i < count; i++) {
      const entry = at + DIRECTORY_SIZE + i * ENTRY_SIZE
      if (entry + ENTRY_SIZE > content.length) return
      if (++this.#entries > MAX_ENTRIES) {
        this.isCut = true
        return
      }
      const target = u32le(content, entry + 4)
      const names = [...path, this.#name(u32le(content, entry))]
      if (target < HIGH_BIT) this.#leaf(this.#root + target, names)
      else if (names.length < LEVELS) this.directory(this.#root + target - HIGH_BIT, names)
    }
  }

  #leaf(address: number, [type = 0, name = 0, language = 0]: readonly (number | string)[]): void {
    const content = this.#content
    const at = this.#offsetOf(address)
    if (at < 0 || at + DIRECTORY_SIZE > content.length) return
    const offset = this.#offsetOf(u32le(content, at))
    if (offset < 0) return
    const size = Math.min(u32le(content, at + 4), content.length - offset)
    this.resources.push({ type, name, language, offset, size })
  }

  #name(id: number): number | string {
    if (id < HIGH_BIT) return id
    const content = this.#content
    const at = this.#offsetOf(this.#root + id - HIGH_BIT)
    if (at < 0 || at + 2 > content.length) return ''
    const chars = Math.min(u16le(content, at), MAX_NAME_CHARS)
    return UTF16.decode(content.subarray(at + 2, at + 2 + 2 * chars))
  }

  #offsetOf(address: number): number {
    return fileOffsetOf(this.#header, address, this.#content.length)
  }
}

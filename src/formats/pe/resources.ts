import { u16le, u32le } from '../../bytes/index.ts'
import { fileOffsetOf } from './header.ts'
import type { PeHeader } from './header.ts'

// The resource directory: a tree of three levels (type, name, language) with data entries as leaves.
// Source: Microsoft "PE Format", section "The .rsrc Section".

const RESOURCE_DIRECTORY = 2
const DIRECTORY_SIZE = 16
const ENTRY_SIZE = 8
const SUBDIRECTORY = 0x8000_0000
/** Entries looked at in one tree, all levels together; sound files have some hundreds. */
const MAX_STEPS = 4096

/** Raw extent of one resource. */
export interface Resource {
  readonly offset: number
  readonly size: number
}

/** Data of all resources of a numeric type, in file order, at most `limit`; loops and lies end at MAX_STEPS. */
export function findResources(content: Uint8Array, header: PeHeader, type: number, limit: number): Resource[] {
  const directory = header.directories[RESOURCE_DIRECTORY]
  const root = directory === undefined || directory.size === 0 ? 0 : directory.virtualAddress
  const found: Resource[] = []
  if (root === 0) return found
  let steps = 0

  const walk = (address: number, level: number): void => {
    const at = fileOffsetOf(header, address, content.length)
    if (at < 0 || at + DIRECTORY_SIZE > content.length) return
    const count = u16le(content, at + 12) + u16le(content, at + 14)
    for (let i = 0; i < count && found.length < limit; i++) {
      const entry = at + DIRECTORY_SIZE + i * ENTRY_SIZE
      if (++steps > MAX_STEPS || entry + ENTRY_SIZE > content.length) return
      if (level === 0 && u32le(content, entry) !== type) continue
      const target = u32le(content, entry + 4)
      if (target < SUBDIRECTORY) {
        if (level > 0) addData(root + target)
      } else if (level < 2) walk(root + target - SUBDIRECTORY, level + 1)
    }
  }
  const addData = (address: number): void => {
    const at = fileOffsetOf(header, address, content.length)
    if (at < 0 || at + DIRECTORY_SIZE > content.length) return
    const offset = fileOffsetOf(header, u32le(content, at), content.length)
    if (offset >= 0) found.push({ offset, size: Math.min(u32le(content, at + 4), content.length - offset) })
  }
  walk(root, 0)
  return found
}

import { u16le, u32le } from '../../bytes/index.ts'

// The `dir` stream of a VBA project, decompressed: records of a number, a size and data, one group for each module.
// Source: [MS-OVBA] 2.3.4.2.

const CODE_PAGE = 0x0003
const VERSION = 0x0009
const MODULE_NAME = 0x0019
const MODULE_STREAM = 0x001a
const MODULE_OFFSET = 0x0031
const TYPE_PROCEDURAL = 0x0021
const TYPE_CLASS = 0x0022
const MODULE_END = 0x002b
/** Modules that are listed; Office bears some thousands. */
const MAX_MODULES = 10_000

export interface VbaModule {
  /** In the project's code page. */
  readonly name: Uint8Array
  /** Name of its stream, in the project's code page. */
  readonly stream: Uint8Array
  /** Where the compressed source starts in its stream, in bytes. */
  readonly sourceOffset: number
  /** A module of procedures; otherwise a class, a document's or a form's. */
  readonly isProcedural: boolean
}

export interface VbaProject {
  readonly codePage: number
  readonly modules: readonly VbaModule[]
}

/** The modules that a decompressed `dir` stream lists, as far as it can be read. */
export function readVbaProject(dir: Uint8Array): VbaProject {
  const modules: VbaModule[] = []
  let codePage = 1252
  let name: Uint8Array | undefined
  let stream: Uint8Array | undefined
  let sourceOffset = 0
  let isProcedural = true
  let at = 0
  while (at + 6 <= dir.length && modules.length < MAX_MODULES) {
    const id = u16le(dir, at)
    // The version's size does not count its two last bytes.
    const size = id === VERSION ? 6 : u32le(dir, at + 2)
    const data = dir.subarray(at + 6, at + 6 + size)
    at += 6 + size
    if (id === CODE_PAGE && data.length >= 2) codePage = u16le(data, 0)
    else if (id === MODULE_NAME) name = data
    else if (id === MODULE_STREAM) stream = data
    else if (id === MODULE_OFFSET && data.length >= 4) sourceOffset = u32le(data, 0)
    else if (id === TYPE_PROCEDURAL) isProcedural = true
    else if (id === TYPE_CLASS) isProcedural = false
    else if (id === MODULE_END) {
      const known = stream ?? name
      if (known !== undefined) modules.push({ name: name ?? known, stream: known, sourceOffset, isProcedural })
      name = undefined
      stream = undefined
      sourceOffset = 0
      isProcedural = true
    }
  }
  return { codePage, modules }
}

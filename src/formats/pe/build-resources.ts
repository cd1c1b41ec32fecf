import { Writer, bytesOf } from '../../bytes/index.ts'

export interface ResourceRecipe {
  readonly type: number | string
  readonly name: number | string
  readonly language: number
  readonly data: Uint8Array
}

const DIRECTORY_SIZE = 24
const DATA_ENTRY_SIZE = 16
const HIGH_BIT = 0x8000_0000

/**
 * A resource section to be loaded at `address`: one directory for the types, and for each resource one for its name
 * and one for its language.
 */
export function buildResources(resources: readonly ResourceRecipe[], address: number): Uint8Array {
  const count = resources.length
  const namesAt = 16 + 8 * count + count * (2 * DIRECTORY_SIZE + DATA_ENTRY_SIZE)
  const names = new Writer()
  const identifier = (name: number | string): number => {
    if (typeof name === 'number') return name
    const offset = namesAt + names.length
    names.u16(name.length).bytes(bytesOf(name.replaceAll(/[^]/g, '$&\0')))
    return HIGH_BIT + offset
  }
  const identifiers = resources.map(({ type, name }) => [identifier(type), identifier(name)])
  const out = new Writer()
  const directory = (entries: number): Writer => out.u32(0).u32(0).u32(0).u16(0).u16(entries)
  directory(count)
  const partsAt = 16 + 8 * count
  const partSize = 2 * DIRECTORY_SIZE + DATA_ENTRY_SIZE
  for (const [i, [type]] of identifiers.entries()) out.u32(type).u32(HIGH_BIT + partsAt + i * partSize)
  let dataAt = Math.ceil((namesAt + names.length) / 4) * 4
  for (const [i, { language, data }] of resources.entries()) {
    const at = partsAt + i * partSize
    directory(1)
      .u32(identifiers[i][1])
      .u32(HIGH_BIT + at + DIRECTORY_SIZE)
    directory(1)
      .u32(language)
      .u32(at + 2 * DIRECTORY_SIZE)
    out
      .u32(address + dataAt)
      .u32(data.length)
      .u32(0)
      .u32(0)
    dataAt += data.length
  }
  out.bytes(names.finish()).align(4)
  for (const { data } of resources) out.bytes(data)
  return out.finish()
}

import { Writer, bytesOf } from '../../bytes/index.ts'

/** Imports from one library: names, or ordinals as numbers. */
export interface ImportRecipe {
  readonly library: string
  readonly functions: readonly (string | number)[]
}

const DESCRIPTOR_SIZE = 20

/** An import directory with its tables and names, to be loaded at `address`. */
export function buildImports(imports: readonly ImportRecipe[], address: number, is64: boolean): Uint8Array {
  const wide = is64 ? 8 : 4
  const descriptorsSize = (imports.length + 1) * DESCRIPTOR_SIZE
  const thunksSize = imports.reduce((size, entry) => size + 2 * (entry.functions.length + 1) * wide, 0)
  const names = new Writer()
  const namesAt = descriptorsSize + thunksSize
  const addName = (prefix: Uint8Array, text: string): number => {
    const at = address + namesAt + names.length
    names
      .bytes(prefix)
      .bytes(bytesOf(`${text}\0`))
      .align(2)
    return at
  }
  const descriptors = new Writer()
  const thunks = new Writer()
  for (const { library, functions } of imports) {
    const values = functions.map((f): Thunk =>
      typeof f === 'number' ? { ordinal: true, value: f } : { ordinal: false, value: addName(new Uint8Array(2), f) },
    )
    const lookup = address + descriptorsSize + thunks.length
    writeThunks(thunks, values, wide)
    const table = address + descriptorsSize + thunks.length
    writeThunks(thunks, values, wide)
    descriptors
      .u32(lookup)
      .u32(0)
      .u32(0)
      .u32(addName(new Uint8Array(0), library))
      .u32(table)
  }
  return descriptors.padTo(descriptorsSize).bytes(thunks.finish()).bytes(names.finish()).finish()
}

interface Thunk {
  readonly ordinal: boolean
  readonly value: number
}

/** The top bit says that the rest is an ordinal. */
function writeThunks(out: Writer, thunks: readonly Thunk[], wide: number): void {
  for (const { ordinal, value } of thunks) {
    const flag = ordinal ? 0x8000_0000 : 0
    if (wide === 8) out.u32(value).u32(flag)
    else out.u32(value + flag)
  }
  out.uint(wide, 0)
}

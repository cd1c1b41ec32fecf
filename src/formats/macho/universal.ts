import { u32be, u64be } from '../../bytes/index.ts'

// Universal (fat) files: thin Mach-O files for several processors, one after the other. Source: <mach-o/fat.h>.

const MAGIC = 0xcafe_babe
const MAGIC_64 = 0xcafe_babf
/** More slices than processors ever were; with more of them the magic number means a Java class. */
const MAX_SLICES = 42

/** Extent of one slice in bytes, inside the file. */
export interface Slice {
  readonly offset: number
  readonly size: number
}

/** The slices of a universal file that lie inside it, clipped to its end; empty for anything else. */
export function universalSlices(content: Uint8Array): readonly Slice[] {
  if (content.length < 8) return []
  const magic = u32be(content, 0)
  const count = u32be(content, 4)
  if ((magic !== MAGIC && magic !== MAGIC_64) || count > MAX_SLICES) return []
  const entrySize = magic === MAGIC_64 ? 32 : 20
  const read = magic === MAGIC_64 ? u64be : u32be
  const slices: Slice[] = []
  for (let i = 0; i < count && 8 + (i + 1) * entrySize <= content.length; i++) {
    const at = 8 + i * entrySize + 8
    const offset = read(content, at)
    const size = read(content, at + (magic === MAGIC_64 ? 8 : 4))
    if (offset > 0 && offset < content.length) slices.push({ offset, size: Math.min(size, content.length - offset) })
  }
  return slices
}

import { bytesOf, indexOf } from '../../bytes/index.ts'
import { BEGINNINGS, checked, programAt, type Embedded } from './beginnings.ts'

// Finds files inside of a file by how they begin.

/** Files that are looked for in one piece of content. */
const MAX_EMBEDDED = 256
/** Beginnings that look right and are none: what is made of nothing else ends the search. */
const MAX_CANDIDATES = 100_000

const PE_MARK = 'PE\0\0'

/** Everything that begins inside of `content`, behind its first byte, in order. Cost: a native search per kind. */
export function carve(content: Uint8Array): Embedded[] {
  const found: Embedded[] = []
  let candidates = 0
  const search = (magic: string, look: (at: number) => Embedded | undefined): void => {
    const bytes = bytesOf(magic)
    for (let at = indexOf(content, bytes, 1); at >= 0; at = indexOf(content, bytes, at + 1)) {
      if (++candidates > MAX_CANDIDATES || found.length >= MAX_EMBEDDED) return
      const file = look(at)
      if (file === undefined) continue
      found.push(file)
      // An archive that does not tell its end reaches to the end of the content: what follows belongs to it.
      if (file.end === undefined && file.kind !== 'pe' && file.kind !== 'elf') return
    }
  }
  for (const beginning of BEGINNINGS) search(beginning.magic, at => checked(content, beginning, at))
  search(PE_MARK, at => programAt(content, at))
  return found.sort((a, b) => a.offset - b.offset)
}

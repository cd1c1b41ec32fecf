import { readElf } from './elf/layout.ts'
import { readMachO } from './macho/layout.ts'
import { readPe } from './pe/index.ts'
import type { ExecutableLayout, FileType } from './types.ts'

const READERS: Readonly<Record<string, (content: Uint8Array) => ExecutableLayout | undefined>> = {
  pe: readPe,
  elf: readElf,
  macho: readMachO,
}

/**
 * Layout of an executable of this type. Cost: some microseconds; version information only when it is asked for.
 * @param content - the whole file, borrowed for as long as the layout is used
 * @returns undefined for other types and where the header cannot be read; ClamAV then lets no relative offset match
 */
export function readExecutable(type: FileType, content: Uint8Array): ExecutableLayout | undefined {
  return READERS[type.name]?.(content)
}

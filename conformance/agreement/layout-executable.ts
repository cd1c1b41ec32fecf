import { join, noise, patched } from '../carriers/bytes.ts'
import {
  buildElf,
  buildMacho,
  buildPe,
  ELF_FIRST_SECTION,
  MACHO_FIRST_SECTION,
  PE_FIRST_SECTION,
} from '../carriers/executables.ts'
import { Canvas, MAX_FILE_BYTES, rangeOf, withTail } from './canvas.ts'
import type { Chunk } from './instance.ts'
import type { Random } from './random.ts'
import { LeftOut, type Signature } from './signature.ts'

/** Puts chunks into a file. @throws LeftOut where it cannot hold them */
export type Layout = (signature: Signature, chunks: readonly Chunk[], random: Random) => Uint8Array

const MAX_SECTIONS = 90
const ENTRY_ATTEMPTS = 8

interface ExecutableKind {
  /** File offset of the first section, and what to take off a section number of a signature. */
  readonly firstSection: number
  readonly firstNumber: number
  /** Sections that the builder adds by itself. */
  readonly extraSections: number
  readonly fileAlignment: number
  readonly build: (
    sections: readonly Uint8Array[],
    entryOffset: number,
    overlay: Uint8Array,
    more: PeMore,
  ) => Uint8Array
}

interface PeMore {
  readonly versionInfo?: Readonly<Record<string, string>>
}

const named = (sections: readonly Uint8Array[]) => sections.map((data, index) => ({ name: `.s${index}`, data }))

const EXECUTABLES: Readonly<Record<'pe' | 'elf' | 'macho', ExecutableKind>> = {
  pe: {
    firstSection: PE_FIRST_SECTION,
    firstNumber: 0,
    extraSections: 0,
    fileAlignment: 0x200,
    build: (sections, entryOffset, overlay, more) =>
      buildPe({ sections: named(sections), entryOffset, overlay, ...more }),
  },
  elf: {
    firstSection: ELF_FIRST_SECTION,
    firstNumber: 1,
    extraSections: 2,
    fileAlignment: 1,
    build: (sections, entryOffset, overlay) => join(buildElf({ sections: named(sections), entryOffset }), overlay),
  },
  macho: {
    firstSection: MACHO_FIRST_SECTION,
    firstNumber: 0,
    extraSections: 0,
    fileAlignment: 1,
    build: (sections, entryOffset, overlay) => join(buildMacho({ sections: named(sections), entryOffset }), overlay),
  },
}

/** Executables with the sections, the entry point and the length that the signature asks for. */
export function executable(name: 'pe' | 'elf' | 'macho'): Layout {
  const kind = EXECUTABLES[name]
  return (signature, chunks, random) => {
    const [minSections, maxSections] = rangeOf(signature, 'NumberOfSections', 0, MAX_SECTIONS)
    const highest = Math.max(0, ...chunks.filter(isInSection).map(chunk => chunk.offset.section - kind.firstNumber))
    const more = versionInfoOf(chunks)
    const added = kind.extraSections + (more.versionInfo === undefined ? 0 : 1)
    const count = Math.max(1, highest + 1, minSections - added)
    if (count + added > maxSections) throw new LeftOut('number of sections')
    const [minEntry, maxEntry] = rangeOf(signature, 'EntryPoint', 0, MAX_FILE_BYTES)
    const lowest = Math.max(0, minEntry - kind.firstSection)
    let failure: unknown
    for (let attempt = 0; attempt < ENTRY_ATTEMPTS; attempt++) {
      const entry = lowest + (attempt === 0 ? 0 : 0x40 << attempt) + random.below(4)
      if (entry + kind.firstSection > maxEntry) break
      try {
        const { sections, header } = fillSections(kind, chunks, entry, count)
        const built = kind.build(sections, entry, new Uint8Array(0), more)
        return withTail(signature, withHeader(built, header, kind.firstSection), chunks)
      } catch (error) {
        failure = error
      }
    }
    throw failure ?? new LeftOut('entry point')
  }
}

const isInSection = (chunk: Chunk) => chunk.offset.base === 'section' || chunk.offset.base === 'inside'

/** Bytes of every section, and what has to lie in the headers. */
function fillSections(kind: ExecutableKind, chunks: readonly Chunk[], entry: number, count: number) {
  const canvases = Array.from({ length: count }, (_, index) => new Canvas(64, length => noise(length, 31 + index)))
  const header: { at: number; bytes: Uint8Array }[] = []
  const order = ['section', 'last', 'entry', 'start', 'inside', 'any']
  const sorted = [...chunks].sort((a, b) => order.indexOf(a.offset.base) - order.indexOf(b.offset.base))
  for (const { bytes, anchor, offset } of sorted) {
    const section = canvases[offset.section - kind.firstNumber]
    if (offset.base === 'section') {
      if (section === undefined) throw new LeftOut('section before the first')
      section.put(offset.delta - anchor, bytes)
    } else if (offset.base === 'last') canvases[count - 1].put(offset.delta - anchor, bytes)
    else if (offset.base === 'entry') canvases[0].put(entry + offset.delta - anchor, bytes)
    else if (offset.base === 'inside') section.append(bytes)
    else if (offset.base === 'any') canvases[0].append(bytes)
    else if (offset.base === 'start') {
      const at = offset.delta - anchor
      if (at >= kind.firstSection) canvases[0].put(at - kind.firstSection, bytes)
      else header.push({ at, bytes })
    }
  }
  return { sections: canvases.map(canvas => canvas.bytes), header }
}

/** The DOS header between its magic and the offset of the PE header, and the stub behind it, may hold anything. */
function withHeader(
  built: Uint8Array,
  header: readonly { at: number; bytes: Uint8Array }[],
  limit: number,
): Uint8Array {
  let bytes = built
  for (const { at, bytes: wanted } of header) {
    const isFree = wanted.every((byte, i) => {
      const position = at + i
      return built[position] === byte || (position >= 2 && position < 0x3c) || (position >= 0x40 && position < 0x80)
    })
    if (!isFree || at + wanted.length > limit) throw new LeftOut('pattern in the headers')
    bytes = patched(bytes, at, wanted)
  }
  return bytes
}

/** Version information that holds the chunks which ask for it: key, zero, padding, value. */
function versionInfoOf(chunks: readonly Chunk[]): PeMore {
  const wanted = chunks.filter(chunk => chunk.offset.base === 'version')
  if (wanted.length === 0) return {}
  const pairs = wanted.map(({ bytes }) => {
    const words = Array.from({ length: bytes.length >> 1 }, (_, i) =>
      String.fromCharCode(bytes[i * 2] | (bytes[i * 2 + 1] << 8)),
    )
    const [key, value = ''] = words.join('').split(/\0+/)
    return [key, value] as const
  })
  return { versionInfo: Object.fromEntries(pairs) }
}

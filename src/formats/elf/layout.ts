import { latin1, u16be, u16le, u32be, u32le, u64be, u64le } from '../../bytes/index.ts'
import type { Anomaly, ExecutableLayout, Section } from '../types.ts'

// ELF32 and ELF64, both byte orders: the entry point through the program headers, sections from the section headers.
// Source: System V ABI, "Object Files". Not read: symbols, relocations, dynamic section, notes.

/** Limits beyond which ClamAV gives a file up; Linux programs have about 13 segments and 30 to 40 sections. */
const MAX_SEGMENTS = 128
const MAX_SECTIONS = 2048
const MAX_NAME = 64

/** Where each field lies, by class: field sizes follow from the name (address, offset and xword are 4 or 8 bytes). */
const ELF32 = {
  header: 52,
  word: 4,
  entry: 24,
  phoff: 28,
  shoff: 32,
  phentsize: 42,
  phnum: 44,
  shentsize: 46,
  shnum: 48,
  shstrndx: 50,
  segment: { size: 32, offset: 4, vaddr: 8, memsz: 20 },
  section: { size: 40, addr: 12, offset: 16, length: 20 },
} as const
const ELF64 = {
  header: 64,
  word: 8,
  entry: 24,
  phoff: 32,
  shoff: 40,
  phentsize: 54,
  phnum: 56,
  shentsize: 58,
  shnum: 60,
  shstrndx: 62,
  segment: { size: 56, offset: 8, vaddr: 16, memsz: 40 },
  section: { size: 64, addr: 16, offset: 24, length: 32 },
} as const

interface Reader {
  readonly fields: typeof ELF32 | typeof ELF64
  readonly half: (content: Uint8Array, offset: number) => number
  readonly word: (content: Uint8Array, offset: number) => number
  /** Address, offset or size: 4 or 8 bytes by class. */
  readonly wide: (content: Uint8Array, offset: number) => number
}

// Index: class (0 for 32 bits, 1 for 64) + 2 × data (0 for little endian, 1 for big).
const READERS: readonly Reader[] = [
  { fields: ELF32, half: u16le, word: u32le, wide: u32le },
  { fields: ELF64, half: u16le, word: u32le, wide: u64le },
  { fields: ELF32, half: u16be, word: u32be, wide: u32be },
  { fields: ELF64, half: u16be, word: u32be, wide: u64be },
]

/** True for the four bytes every ELF file starts with. */
export function hasElfMagic(content: Uint8Array): boolean {
  return content[0] === 0x7f && content[1] === 0x45 && content[2] === 0x4c && content[3] === 0x46
}

/** Layout of an ELF file; undefined where the header cannot be read. `content` is not retained. */
export function readElf(content: Uint8Array): ExecutableLayout | undefined {
  const reader = readerFor(content)
  if (reader === undefined || content.length < reader.fields.header) return undefined
  const anomalies: Anomaly[] = []
  const entryPoint = readEntryPoint(content, reader)
  const sections = entryPoint === undefined ? undefined : readSections(content, reader, anomalies)
  if (entryPoint === undefined || sections === undefined) return undefined
  return { format: 'elf', is64: reader.fields.word === 8, entryPoint, sections, versionInfoOffsets: [], anomalies }
}

function readerFor(content: Uint8Array): Reader | undefined {
  const elfClass = content[4]
  const data = content[5]
  if (!hasElfMagic(content) || (elfClass !== 1 && elfClass !== 2) || (data !== 1 && data !== 2)) return undefined
  return READERS[elfClass - 1 + 2 * (data - 1)]
}

/** File offset of the entry point; -1 where no segment maps it, undefined where the table makes the file invalid. */
function readEntryPoint(content: Uint8Array, reader: Reader): number | undefined {
  const { fields, half, wide } = reader
  const count = half(content, fields.phnum)
  const entry = wide(content, fields.entry)
  if (count > MAX_SEGMENTS) return undefined
  if (count === 0 || entry === 0) return -1
  const table = wide(content, fields.phoff)
  const { segment } = fields
  if (half(content, fields.phentsize) !== segment.size || table + count * segment.size > content.length)
    return undefined
  for (let i = 0; i < count; i++) {
    const at = table + i * segment.size
    const address = wide(content, at + segment.vaddr)
    // A segment that would wrap around the address space maps nothing.
    const end = address + wide(content, at + segment.memsz)
    if (entry >= address && entry < end && end < 2 ** (8 * fields.word)) {
      return wide(content, at + segment.offset) + entry - address
    }
  }
  return undefined
}

function readSections(content: Uint8Array, reader: Reader, anomalies: Anomaly[]): Section[] | undefined {
  const { fields, half, word, wide } = reader
  const count = half(content, fields.shnum)
  if (count > MAX_SECTIONS) return undefined
  const table = wide(content, fields.shoff)
  const { section } = fields
  if (count === 0) return []
  if (half(content, fields.shentsize) !== section.size || table + count * section.size > content.length)
    return undefined
  const names = table + half(content, fields.shstrndx) * section.size
  const namesAt = names + section.size <= content.length ? wide(content, names + section.offset) : content.length
  const sections: Section[] = []
  for (let i = 0; i < count; i++) {
    const at = table + i * section.size
    const rawOffset = wide(content, at + section.offset)
    const size = wide(content, at + section.length)
    if (rawOffset > content.length)
      anomalies.push({ code: 'section-outside', detail: 'section starts behind the end of the file', offset: at })
    const virtualAddress = wide(content, at + section.addr)
    const name = nameAt(content, namesAt + word(content, at))
    sections.push({ name, rawOffset, rawSize: size, virtualAddress, virtualSize: size })
  }
  return sections
}

function nameAt(content: Uint8Array, at: number): string {
  let end = at
  while (end < content.length && end < at + MAX_NAME && content[end] !== 0) end++
  return latin1(content, at, end)
}

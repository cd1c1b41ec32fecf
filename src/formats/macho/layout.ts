import { latin1, u32be, u32le, u64be, u64le } from '../../bytes/index.ts'
import type { Anomaly, ExecutableLayout, Section } from '../types.ts'

// Mach-O, 32 and 64 bits, both byte orders: sections of the segment commands, the entry point of the thread command.
// Source: Apple "OS X ABI Mach-O File Format Reference". Not read: symbols, dyld information, code signatures.

/** Limits beyond which ClamAV gives a file up; big programs have about 50 load commands. */
const MAX_COMMANDS = 1024
const MAX_SECTIONS_PER_SEGMENT = 255
const MAX_SECTIONS = 65_535

const LC_SEGMENT = 0x1
const LC_THREAD = 0x4
const LC_UNIXTHREAD = 0x5
const LC_SEGMENT_64 = 0x19

const MAGIC = 0xfeedface
const MAGIC_64 = 0xfeedfacf

interface Reader {
  readonly is64: boolean
  readonly word: (content: Uint8Array, offset: number) => number
  /** Address or size: 4 or 8 bytes by class. */
  readonly wide: (content: Uint8Array, offset: number) => number
}

const READERS: Readonly<Record<string, Reader>> = {
  [`be${MAGIC}`]: { is64: false, word: u32be, wide: u32be },
  [`be${MAGIC_64}`]: { is64: true, word: u32be, wide: u64be },
  [`le${MAGIC}`]: { is64: false, word: u32le, wide: u32le },
  [`le${MAGIC_64}`]: { is64: true, word: u32le, wide: u64le },
}

/** Layout of a thin Mach-O file; undefined where the header cannot be read. `content` is not retained. */
export function readMachO(content: Uint8Array): ExecutableLayout | undefined {
  if (content.length < 32) return undefined
  const reader = READERS[`be${u32be(content, 0)}`] ?? READERS[`le${u32le(content, 0)}`]
  if (reader === undefined) return undefined
  const commands = readCommands(content, reader)
  if (commands === undefined) return undefined
  return {
    format: 'macho',
    is64: reader.is64,
    entryPoint: fileOffsetOf(commands.sections, commands.entryAddress),
    sections: commands.sections,
    versionInfoOffsets: [],
    anomalies: commands.anomalies,
  }
}

interface Commands {
  readonly sections: Section[]
  entryAddress: number
  readonly anomalies: Anomaly[]
}

function readCommands(content: Uint8Array, reader: Reader): Commands | undefined {
  const count = reader.word(content, 16)
  if (count === 0 || count > MAX_COMMANDS) return undefined
  const commands: Commands = { sections: [], entryAddress: 0, anomalies: [] }
  let at = reader.is64 ? 32 : 28
  for (let i = 0; i < count; i++) {
    if (at + 8 > content.length) return undefined
    const size = reader.word(content, at + 4)
    if (size < 8) return undefined
    if (!readCommand(content, reader, at, commands)) return undefined
    at += size
  }
  return commands
}

/** Takes from one load command what is needed; false where the file must be given up. */
function readCommand(content: Uint8Array, reader: Reader, at: number, commands: Commands): boolean {
  const command = reader.word(content, at)
  if (command === LC_SEGMENT || command === LC_SEGMENT_64) return readSegment(content, reader, at, commands)
  if ((command === LC_UNIXTHREAD || command === LC_THREAD) && commands.entryAddress === 0)
    commands.entryAddress = readProgramCounter(content, reader, at)
  return true
}

function readSegment(content: Uint8Array, reader: Reader, at: number, commands: Commands): boolean {
  const { is64, word, wide } = reader
  const headerSize = is64 ? 72 : 56
  const sectionSize = is64 ? 80 : 68
  if (at + headerSize > content.length) return false
  const count = word(content, at + headerSize - 8)
  if (count > MAX_SECTIONS_PER_SEGMENT || commands.sections.length + count > MAX_SECTIONS) return false
  if (at + headerSize + count * sectionSize > content.length) return false
  for (let i = 0; i < count; i++) {
    const section = at + headerSize + i * sectionSize
    const virtualSize = wide(content, section + (is64 ? 40 : 36))
    const fields = section + (is64 ? 48 : 40)
    const alignment = 2 ** Math.min(word(content, fields + 4), 31)
    commands.sections.push({
      name: sectionName(content, section),
      rawOffset: word(content, fields),
      rawSize: Math.ceil(virtualSize / alignment) * alignment,
      virtualAddress: wide(content, section + 32),
      virtualSize,
    })
  }
  return true
}

/** Where the program counter lies in a thread command's register state, by flavour and processor. */
const PROGRAM_COUNTERS: Readonly<Record<string, number>> = {
  // i386: ebx … eip is the 11th register; x86_64: rip the 17th; PowerPC: srr0 the first; ARM: pc the 16th.
  'x86/1': 16 + 10 * 4,
  'x86_64/4': 16 + 16 * 8,
  'ppc/1': 16,
  'ppc64/5': 16,
  'arm/1': 16 + 15 * 4,
  'arm64/6': 16 + 32 * 8,
}
const PROCESSORS: Readonly<Record<number, string>> = {
  7: 'x86',
  0x0100_0007: 'x86_64',
  18: 'ppc',
  0x0100_0012: 'ppc64',
  12: 'arm',
  0x0100_000c: 'arm64',
}

function readProgramCounter(content: Uint8Array, reader: Reader, at: number): number {
  if (at + 16 > content.length) return 0
  const processor = PROCESSORS[reader.word(content, 4)]
  const offset = PROGRAM_COUNTERS[`${processor}/${reader.word(content, at + 8)}`]
  if (offset === undefined || at + offset + 8 > content.length) return 0
  return reader.is64 ? reader.wide(content, at + offset) : reader.word(content, at + offset)
}

function sectionName(content: Uint8Array, at: number): string {
  let end = at
  while (end < at + 16 && content[end] !== 0) end++
  return latin1(content, at, end)
}

function fileOffsetOf(sections: readonly Section[], address: number): number {
  for (const section of sections) {
    const delta = address - section.virtualAddress
    if (delta >= 0 && delta < section.virtualSize) return section.rawOffset + delta
  }
  return -1
}

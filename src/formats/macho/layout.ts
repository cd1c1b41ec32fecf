import { latin1, u32be, u32le, u64be, u64le } from '../../bytes/index.ts'
import type { Anomaly, ExecutableLayout, Section } from '../types.ts'

// Mach-O, 32 and 64 bits, both byte orders: sections of the segment commands, the entry point of the thread command.
// Source: Apple "OS X ABI Mach-O File Format Reference". Not read: symbols, dyld information, code signatures.

/** Limits beyond which ClamAV gives a file up; big programs have about 50 load commands. */
const MAX_COMMANDS = 1024
const MAX_SECTIONS_PER_SEGMENT = 255
const MAX_SECTIONS = 65_535
const MAX_SECTION_SIZE = 0x1_0000_0000
const MAX_ALIGNMENT_LOG2 = 30

const CPU_POWERPC = 18
const CPU_POWERPC_64 = 0x0100_0012

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
  const entryPoint = commands.entryAddress === 0 ? 0 : fileOffsetOf(commands.sections, commands.entryAddress)
  if (entryPoint < 0) return undefined
  return {
    format: 'macho',
    is64: reader.is64,
    entryPoint,
    sections: commands.sections,
    versionInfoOffsets: [],
    anomalies: commands.anomalies,
  }
}

interface Commands {
  readonly sections: Section[]
  /** 0 where no thread command tells it: EP then is the start of the file, also for all Intel and ARM programs. */
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
    const segmentSize = readCommand(content, reader, at, commands)
    if (segmentSize === undefined || size < 8) return undefined
    at += segmentSize === 0 ? size : segmentSize
  }
  return commands
}

/**
 * Takes from one load command what is needed.
 * @returns the size of a segment command by its number of sections, which counts instead of its declared size; 0 for
 *   other commands; undefined where the file must be given up
 */
function readCommand(content: Uint8Array, reader: Reader, at: number, commands: Commands): number | undefined {
  const command = reader.word(content, at)
  if (command === LC_SEGMENT || command === LC_SEGMENT_64) return readSegment(content, reader, at, commands)
  if ((command === LC_UNIXTHREAD || command === LC_THREAD) && commands.entryAddress === 0)
    commands.entryAddress = readProgramCounter(content, reader, at) ?? 0
  return 0
}

function readSegment(content: Uint8Array, reader: Reader, at: number, commands: Commands): number | undefined {
  const { is64, word, wide } = reader
  const headerSize = is64 ? 72 : 56
  const sectionSize = is64 ? 80 : 68
  if (at + headerSize > content.length) return undefined
  const count = word(content, at + headerSize - 8)
  if (count > MAX_SECTIONS_PER_SEGMENT || commands.sections.length + count > MAX_SECTIONS) return undefined
  if (at + headerSize + count * sectionSize > content.length) return undefined
  for (let i = 0; i < count; i++) {
    const section = at + headerSize + i * sectionSize
    const virtualSize = wide(content, section + (is64 ? 40 : 36))
    const fields = section + (is64 ? 48 : 40)
    const alignmentLog2 = word(content, fields + 4)
    if (virtualSize >= MAX_SECTION_SIZE || alignmentLog2 > MAX_ALIGNMENT_LOG2) return undefined
    const alignment = 2 ** alignmentLog2
    commands.sections.push({
      name: sectionName(content, section),
      rawOffset: word(content, fields),
      rawSize: Math.ceil(virtualSize / alignment) * alignment,
      virtualAddress: wide(content, section + 32),
      virtualSize,
    })
  }
  return headerSize + count * sectionSize
}

/** ClamAV knows where PowerPC keeps the program counter: first in the register state, behind flavour and count. */
function readProgramCounter(content: Uint8Array, reader: Reader, at: number): number | undefined {
  const cpu = reader.word(content, 4)
  if (cpu !== CPU_POWERPC && cpu !== CPU_POWERPC_64) return undefined
  const size = cpu === CPU_POWERPC_64 ? 8 : 4
  if (at + 16 + size > content.length) return undefined
  return size === 8 ? u64be(content, at + 16) : reader.word(content, at + 16)
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

import { latin1, struct, bytes, uint16le, uint32le, uint64le, u16le, u32le } from '../../bytes/index.ts'
import type { Anomaly, Section } from '../types.ts'

// Headers of PE32 and PE32+ files, in ClamAV's arithmetic: raw offsets are rounded down and raw sizes up to the file
// alignment, and clipped to the file. Source: Microsoft "PE Format", sections 2 to 4.
// Not read: COFF symbols, relocations, exports, certificates, debug data.

/** More sections than this are no PE file to ClamAV; Windows allows the same number. */
const MAX_SECTIONS = 96
const MAX_DIRECTORIES = 16
const DOS_HEADER_SIZE = 64
const SIGNATURE_SIZE = 4
const MACHINE_HEADER_SIZE = 20
const OPTIONAL_MAGIC_PE32_PLUS = 0x20b
const SECTOR = 0x200

const FileHeader = struct({
  machine: uint16le,
  numberOfSections: uint16le,
  timeDateStamp: uint32le,
  pointerToSymbolTable: uint32le,
  numberOfSymbols: uint32le,
  sizeOfOptionalHeader: uint16le,
  characteristics: uint16le,
})

const standardFields = {
  magic: uint16le,
  linkerVersion: uint16le,
  sizeOfCode: uint32le,
  sizeOfInitializedData: uint32le,
  sizeOfUninitializedData: uint32le,
  addressOfEntryPoint: uint32le,
  baseOfCode: uint32le,
}
const windowsFields = {
  sectionAlignment: uint32le,
  fileAlignment: uint32le,
  versions: bytes(12),
  win32VersionValue: uint32le,
  sizeOfImage: uint32le,
  sizeOfHeaders: uint32le,
  checkSum: uint32le,
  subsystem: uint16le,
  dllCharacteristics: uint16le,
}
const OptionalHeader32 = struct({
  ...standardFields,
  baseOfData: uint32le,
  imageBase: uint32le,
  ...windowsFields,
  stackAndHeap: bytes(16),
  loaderFlags: uint32le,
  numberOfRvaAndSizes: uint32le,
})
const OptionalHeader64 = struct({
  ...standardFields,
  imageBase: uint64le,
  ...windowsFields,
  stackAndHeap: bytes(32),
  loaderFlags: uint32le,
  numberOfRvaAndSizes: uint32le,
})

const SECTION_HEADER_SIZE = 40

export interface DataDirectory {
  readonly virtualAddress: number
  readonly size: number
}

/** A PE header as far as offsets, imports and resources need it. */
export interface PeHeader {
  readonly is64: boolean
  /** File offset of the entry point. */
  readonly entryPoint: number
  /** Size of the headers in memory, in bytes, rounded up to the section alignment. */
  readonly headerSize: number
  readonly directories: readonly DataDirectory[]
  readonly sections: readonly Section[]
  readonly anomalies: readonly Anomaly[]
}

/** True for an MZ program whose e_lfanew leads to a PE signature inside the content. */
export function hasPeSignature(content: Uint8Array): boolean {
  if (content.length < DOS_HEADER_SIZE || !isMz(content)) return false
  const at = u32le(content, 60)
  return at > 0 && at + SIGNATURE_SIZE <= content.length && u32le(content, at) === 0x0000_4550
}

function isMz(content: Uint8Array): boolean {
  return (content[0] === 0x4d && content[1] === 0x5a) || (content[0] === 0x5a && content[1] === 0x4d)
}

/**
 * Reads the headers. Cost: some microseconds, one object per section; `content` is not retained.
 * @returns undefined where ClamAV finds no valid header either, so that no relative offset can match
 */
export function readPeHeader(content: Uint8Array): PeHeader | undefined {
  if (!hasPeSignature(content)) return undefined
  const at = u32le(content, 60) + SIGNATURE_SIZE
  const file = FileHeader.tryRead(content, at)
  if (file === undefined || file.numberOfSections === 0 || file.numberOfSections > MAX_SECTIONS) return undefined
  const optionalAt = at + MACHINE_HEADER_SIZE
  if (optionalAt + 2 > content.length) return undefined
  const is64 = u16le(content, optionalAt) === OPTIONAL_MAGIC_PE32_PLUS
  const layout = is64 ? OptionalHeader64 : OptionalHeader32
  // ClamAV wants room for all directories, Windows does not.
  if (file.sizeOfOptionalHeader < layout.size + MAX_DIRECTORIES * 8) return undefined
  const optional = layout.tryRead(content, optionalAt)
  if (optional === undefined) return undefined

  const anomalies: Anomaly[] = []
  const table = optionalAt + file.sizeOfOptionalHeader
  if (table + file.numberOfSections * SECTION_HEADER_SIZE > content.length) return undefined
  const sections = readSections(content, table, file.numberOfSections, optional, anomalies)
  if (sections === undefined) return undefined
  const headerSize = roundUp(optional.sizeOfHeaders, optional.sectionAlignment)
  const entryPoint = fileOffsetOf({ headerSize, sections }, optional.addressOfEntryPoint, content.length)
  if (entryPoint < 0) return undefined
  const directories = readDirectories(content, optionalAt + layout.size, optional.numberOfRvaAndSizes, table)
  return { is64, entryPoint, headerSize, directories, sections, anomalies }
}

function readDirectories(content: Uint8Array, start: number, declared: number, end: number): DataDirectory[] {
  const count = Math.min(declared, MAX_DIRECTORIES, Math.max(0, Math.floor((end - start) / 8)))
  const directories: DataDirectory[] = []
  for (let i = 0; i < count; i++)
    directories.push({ virtualAddress: u32le(content, start + 8 * i), size: u32le(content, start + 8 * i + 4) })
  return directories
}

function readSections(
  content: Uint8Array,
  table: number,
  count: number,
  alignment: { readonly sectionAlignment: number; readonly fileAlignment: number },
  anomalies: Anomaly[],
): Section[] | undefined {
  const fileAlignment = effectiveFileAlignment(content, table, count, alignment.fileAlignment)
  const sections: Section[] = []
  for (let at = table; sections.length < count; at += SECTION_HEADER_SIZE) {
    if (isOutOfRange(content, at, fileAlignment)) return undefined
    sections.push(readSection(content, at, alignment.sectionAlignment, fileAlignment, anomalies))
  }
  return sections
}

/** Windows ignores a file alignment that no raw pointer keeps; ClamAV then falls back to sectors, and so do we. */
function effectiveFileAlignment(content: Uint8Array, table: number, count: number, declared: number): number {
  if (declared === 0 || declared === SECTOR) return declared
  for (let i = 0; i < count; i++) {
    const at = table + i * SECTION_HEADER_SIZE
    const pointer = u32le(content, at + 20)
    if (u32le(content, at + 16) !== 0 && pointer % declared !== 0 && pointer % SECTOR === 0) return SECTOR
  }
  return declared
}

function readSection(
  content: Uint8Array,
  at: number,
  sectionAlignment: number,
  fileAlignment: number,
  anomalies: Anomaly[],
): Section {
  const declaredRawSize = u32le(content, at + 16)
  const rawOffset = roundDown(u32le(content, at + 20), fileAlignment)
  let rawSize = roundUp(declaredRawSize, fileAlignment)
  if (rawSize > 0 && rawOffset >= content.length) {
    anomalies.push({ code: 'section-outside', detail: 'raw data starts behind the end of the file', offset: at })
    rawSize = 0
  } else if (rawOffset + rawSize > content.length) {
    if (rawOffset + declaredRawSize > content.length)
      anomalies.push({ code: 'section-truncated', detail: 'raw data ends behind the end of the file', offset: at })
    rawSize = content.length - rawOffset
  }
  const virtualSize = roundUp(u32le(content, at + 8), sectionAlignment)
  return {
    name: sectionName(content, at),
    rawOffset,
    rawSize,
    virtualAddress: roundDown(u32le(content, at + 12), sectionAlignment),
    virtualSize: virtualSize === 0 ? roundUp(declaredRawSize, sectionAlignment) : virtualSize,
  }
}

/** A section at 2 GiB or more in memory, as large, or with a raw size that overflows, makes the header invalid. */
function isOutOfRange(content: Uint8Array, at: number, fileAlignment: number): boolean {
  const rawSize = u32le(content, at + 16)
  return content[at + 11] >= 0x80 || content[at + 15] >= 0x80 || (rawSize > 0 && roundUp(rawSize, fileAlignment) === 0)
}

function sectionName(content: Uint8Array, at: number): string {
  let end = at + 8
  while (end > at && content[end - 1] === 0) end--
  return latin1(content, at, end)
}

function roundDown(value: number, alignment: number): number {
  return alignment === 0 ? value : value - (value % alignment)
}

/** In 32 bits, as loaders do: a size close to 4 GiB rounds to 0. */
function roundUp(value: number, alignment: number): number {
  return alignment === 0 ? value : (Math.ceil(value / alignment) * alignment) % 0x1_0000_0000
}

/**
 * File offset of a relative virtual address, or -1: inside the headers they are the same, elsewhere the last section
 * of the table whose raw data covers it decides.
 */
export function fileOffsetOf(
  header: Pick<PeHeader, 'headerSize' | 'sections'>,
  address: number,
  fileSize: number,
): number {
  if (address < header.headerSize) return address < fileSize ? address : -1
  for (let i = header.sections.length - 1; i >= 0; i--) {
    const section = header.sections[i]
    const delta = address - section.virtualAddress
    if (delta >= 0 && delta < section.rawSize) return section.rawOffset + delta
  }
  return -1
}

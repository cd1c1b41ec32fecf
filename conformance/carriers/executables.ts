import { fill, join, latin, noise, patched, wide } from './bytes.ts'

// Minimal but valid executables into which test content is put. Written from the public format descriptions
// (PE/COFF specification; System V ABI, ELF; Mach-O loader.h), independent of the readers under test.

/** One section of a built executable. */
export interface CarrierSection {
  readonly name: string
  readonly data: Uint8Array
}

export interface PeOptions {
  readonly is64?: boolean
  readonly sections?: readonly CarrierSection[]
  /** Entry point as an offset into the first section, or -1 for none. */
  readonly entryOffset?: number
  /** Bytes after the last section. */
  readonly overlay?: Uint8Array
  /** Pairs of a version information resource, put into a last section `.rsrc`. */
  readonly versionInfo?: Readonly<Record<string, string>>
  /** Imported functions by library, put into a section `.idata`. */
  readonly imports?: Readonly<Record<string, readonly string[]>>
}

const FILE_ALIGNMENT = 0x200
const SECTION_ALIGNMENT = 0x1000
const PE_OFFSET = 0x80

const alignUp = (value: number, alignment: number) => Math.ceil(value / alignment) * alignment

/** File offset of the first section of a file from buildPe; the entry point is there unless moved. */
export const PE_FIRST_SECTION = 0x400

/** A PE32 or PE32+ file: headers in 0x400 bytes, sections from there in order, aligned to 0x200, then the overlay. */
export function buildPe(options: PeOptions = {}): Uint8Array {
  const is64 = options.is64 ?? false
  const sections = [...(options.sections ?? [{ name: '.text', data: noise(0x200) }])]
  const directories = new Uint8Array(16 * 8)
  const nextAddress = () =>
    sections.reduce(
      (address, section) => address + alignUp(section.data.length || 1, SECTION_ALIGNMENT),
      SECTION_ALIGNMENT,
    )
  if (options.imports !== undefined) {
    const address = nextAddress()
    const data = importTable(options.imports, address, is64)
    new DataView(directories.buffer).setUint32(8, address, true)
    new DataView(directories.buffer).setUint32(12, data.length, true)
    sections.push({ name: '.idata', data })
  }
  if (options.versionInfo !== undefined) {
    const address = nextAddress()
    const data = versionResource(options.versionInfo, address)
    new DataView(directories.buffer).setUint32(16, address, true)
    new DataView(directories.buffer).setUint32(20, data.length, true)
    sections.push({ name: '.rsrc', data })
  }
  return join(
    peHeaders(sections, directories, options.entryOffset ?? 0, is64),
    ...sections.map(rawOf),
    options.overlay ?? '',
  )
}

const rawOf = (section: CarrierSection) =>
  patched(new Uint8Array(alignUp(section.data.length, FILE_ALIGNMENT)), 0, section.data)

function peHeaders(sections: readonly CarrierSection[], directories: Uint8Array, entryOffset: number, is64: boolean) {
  const bytes = new Uint8Array(PE_FIRST_SECTION)
  const view = new DataView(bytes.buffer)
  const optionalSize = is64 ? 240 : 224
  bytes.set(latin('MZ'))
  view.setUint32(0x3c, PE_OFFSET, true)
  bytes.set(latin('PE\0\0'), PE_OFFSET)
  view.setUint16(PE_OFFSET + 4, is64 ? 0x8664 : 0x14c, true)
  view.setUint16(PE_OFFSET + 6, sections.length, true)
  view.setUint16(PE_OFFSET + 20, optionalSize, true)
  view.setUint16(PE_OFFSET + 22, is64 ? 0x22 : 0x102, true)
  const optional = PE_OFFSET + 24
  view.setUint16(optional, is64 ? 0x20b : 0x10b, true)
  view.setUint32(optional + 16, entryOffset < 0 ? 0 : SECTION_ALIGNMENT + entryOffset, true)
  view.setUint32(optional + 20, SECTION_ALIGNMENT, true)
  if (is64) view.setBigUint64(optional + 24, 0x140000000n, true)
  else view.setUint32(optional + 28, 0x400000, true)
  view.setUint32(optional + 32, SECTION_ALIGNMENT, true)
  view.setUint32(optional + 36, FILE_ALIGNMENT, true)
  view.setUint16(optional + 40, 4, true)
  view.setUint16(optional + 48, 4, true)
  view.setUint32(optional + 60, PE_FIRST_SECTION, true)
  view.setUint16(optional + 68, 3, true)
  view.setUint32(optional + (is64 ? 108 : 92), 16, true)
  bytes.set(directories, optional + (is64 ? 112 : 96))
  let raw = PE_FIRST_SECTION
  let address = SECTION_ALIGNMENT
  sections.forEach((section, index) => {
    const at = optional + optionalSize + index * 40
    const rawSize = alignUp(section.data.length, FILE_ALIGNMENT)
    bytes.set(latin(section.name.slice(0, 8)), at)
    view.setUint32(at + 8, section.data.length || 1, true)
    view.setUint32(at + 12, address, true)
    view.setUint32(at + 16, rawSize, true)
    view.setUint32(at + 20, raw, true)
    view.setUint32(at + 36, 0x60000020, true)
    raw += rawSize
    address += alignUp(section.data.length || 1, SECTION_ALIGNMENT)
  })
  view.setUint32(optional + 56, address, true)
  return bytes
}

function importTable(imports: Readonly<Record<string, readonly string[]>>, base: number, is64: boolean): Uint8Array {
  const libraries = Object.entries(imports)
  const width = is64 ? 8 : 4
  const bytes = new Uint8Array(0x1000)
  const view = new DataView(bytes.buffer)
  let at = (libraries.length + 1) * 20
  const text = (value: string, prefix: number) => {
    const start = at
    bytes.set(latin(value), at + prefix)
    at = alignUp(at + prefix + value.length + 1, 2)
    return start
  }
  libraries.forEach(([library, functions], index) => {
    const thunks = alignUp(at, 8)
    at = thunks + (functions.length + 1) * width * 2
    functions.forEach((name, slot) => {
      const address = base + text(name, 2)
      view.setUint32(thunks + slot * width, address, true)
      view.setUint32(thunks + (functions.length + 1 + slot) * width, address, true)
    })
    const nameAt = text(library, 0)
    view.setUint32(index * 20, base + thunks, true)
    view.setUint32(index * 20 + 12, base + nameAt, true)
    view.setUint32(index * 20 + 16, base + thunks + (functions.length + 1) * width, true)
  })
  return bytes.slice(0, at)
}

/** One block of version information: length, value length, type, key, padding, value, children. */
function versionBlock(key: string, value: Uint8Array, type: number, ...children: readonly Uint8Array[]): Uint8Array {
  const pad = (bytes: Uint8Array) => patched(new Uint8Array(alignUp(bytes.length, 4)), 0, bytes)
  const body = join(pad(join(new Uint8Array(6), wide(`${key}\0`))), pad(value), ...children.map(pad))
  const view = new DataView(body.buffer)
  view.setUint16(0, body.length, true)
  view.setUint16(2, type === 1 ? value.length / 2 : value.length, true)
  view.setUint16(4, type, true)
  return body
}

function versionResource(pairs: Readonly<Record<string, string>>, base: number): Uint8Array {
  const fixed = new Uint8Array(52)
  new DataView(fixed.buffer).setUint32(0, 0xfeef04bd, true)
  new DataView(fixed.buffer).setUint32(4, 0x10000, true)
  const strings = Object.entries(pairs).map(([key, value]) => versionBlock(key, wide(`${value}\0`), 1))
  const none = new Uint8Array(0)
  const table = versionBlock('040904b0', none, 1, ...strings)
  const version = versionBlock('VS_VERSION_INFO', fixed, 0, versionBlock('StringFileInfo', none, 1, table))
  const tree = new Uint8Array(0x58)
  const view = new DataView(tree.buffer)
  const directory = (at: number, id: number, target: number) => {
    view.setUint16(at + 14, 1, true)
    view.setUint32(at + 16, id, true)
    view.setUint32(at + 20, target, true)
  }
  directory(0, 16, 0x80000018)
  directory(0x18, 1, 0x80000030)
  directory(0x30, 0x409, 0x48)
  view.setUint32(0x48, base + tree.length, true)
  view.setUint32(0x4c, version.length, true)
  return join(tree, version)
}

export interface ElfOptions {
  readonly is64?: boolean
  readonly bigEndian?: boolean
  readonly sections?: readonly CarrierSection[]
  /** Entry point as an offset into the first section. */
  readonly entryOffset?: number
}

/** File offset of the first section of a file from buildElf. */
export const ELF_FIRST_SECTION = 0x100

/** An ELF executable: one loaded segment over the whole file at 0x400000, a section table (entry 0 is empty) at the end. */
export function buildElf(options: ElfOptions = {}): Uint8Array {
  const is64 = options.is64 ?? true
  const little = !(options.bigEndian ?? false)
  const given = options.sections ?? [{ name: '.text', data: noise(0x200) }]
  const names = ['', ...given.map(section => section.name), '.shstrtab']
  const contents = [...given.map(section => section.data), latin(`${names.join('\0')}\0`)]
  const tableAt = alignUp(
    contents.reduce((sum, data) => sum + data.length, ELF_FIRST_SECTION),
    16,
  )
  const entrySize = is64 ? 64 : 40
  const bytes = new Uint8Array(tableAt + names.length * entrySize)
  const view = new DataView(bytes.buffer)
  const address = (at: number, value: number) =>
    is64 ? view.setBigUint64(at, BigInt(value), little) : view.setUint32(at, value, little)
  const base = 0x400000
  bytes.set([0x7f, 0x45, 0x4c, 0x46, is64 ? 2 : 1, little ? 1 : 2, 1])
  view.setUint16(16, 2, little)
  view.setUint16(18, is64 ? 62 : little ? 3 : 8, little)
  view.setUint32(20, 1, little)
  address(24, base + ELF_FIRST_SECTION + (options.entryOffset ?? 0))
  const headerSize = is64 ? 64 : 52
  address(is64 ? 32 : 28, headerSize)
  address(is64 ? 40 : 32, tableAt)
  const counts = is64 ? 52 : 40
  ;[headerSize, is64 ? 56 : 32, 1, entrySize, names.length, names.length - 1].forEach((value, index) =>
    view.setUint16(counts + index * 2, value, little),
  )
  view.setUint32(headerSize, 1, little)
  if (is64) view.setUint32(headerSize + 4, 7, little)
  else view.setUint32(headerSize + 24, 7, little)
  const segment = is64 ? [8, 16, 24, 32, 40, 48] : [4, 8, 12, 16, 20, 28]
  ;[0, base, base, bytes.length, bytes.length, 0x1000].forEach((value, index) =>
    address(headerSize + segment[index], value),
  )
  let offset = ELF_FIRST_SECTION
  contents.forEach((data, index) => {
    const at = tableAt + (index + 1) * entrySize
    const isNames = index === contents.length - 1
    bytes.set(data, offset)
    view.setUint32(
      at,
      names.slice(0, index + 1).reduce((sum, name) => sum + name.length + 1, 0),
      little,
    )
    view.setUint32(at + 4, isNames ? 3 : 1, little)
    address(at + (is64 ? 16 : 12), isNames ? 0 : base + offset)
    address(at + (is64 ? 24 : 16), offset)
    address(at + (is64 ? 32 : 20), data.length)
    offset += data.length
  })
  return bytes
}

export interface MachoOptions {
  readonly is64?: boolean
  readonly sections?: readonly CarrierSection[]
  readonly entryOffset?: number
}

/** File offset of the first section of a file from buildMacho. */
export const MACHO_FIRST_SECTION = 0x400

/** A Mach-O executable for x86 with one segment __TEXT over the whole file and an entry in a thread command. */
export function buildMacho(options: MachoOptions = {}): Uint8Array {
  const is64 = options.is64 ?? false
  const sections = options.sections ?? [{ name: '__text', data: noise(0x200) }]
  const bytes = join(fill(MACHO_FIRST_SECTION, 0), ...sections.map(section => section.data))
  const view = new DataView(bytes.buffer)
  const base = 0x1000
  const segmentSize = (is64 ? 72 : 56) + sections.length * (is64 ? 80 : 68)
  const threadSize = is64 ? 16 + 42 * 4 : 16 + 16 * 4
  view.setUint32(0, is64 ? 0xfeedfacf : 0xfeedface, true)
  view.setUint32(4, is64 ? 0x01000007 : 7, true)
  view.setUint32(8, 3, true)
  view.setUint32(12, 2, true)
  view.setUint32(16, 2, true)
  view.setUint32(20, segmentSize + threadSize, true)
  const start = is64 ? 32 : 28
  view.setUint32(start, is64 ? 0x19 : 1, true)
  view.setUint32(start + 4, segmentSize, true)
  bytes.set(latin('__TEXT'), start + 8)
  const word = (at: number, value: number) =>
    is64 ? view.setBigUint64(at, BigInt(value), true) : view.setUint32(at, value, true)
  const width = is64 ? 8 : 4
  ;[base, bytes.length, 0, bytes.length].forEach((value, index) => word(start + 24 + index * width, value))
  const after = start + 24 + 4 * width
  ;[7, 5, sections.length, 0].forEach((value, index) => view.setUint32(after + index * 4, value, true))
  let offset = MACHO_FIRST_SECTION
  sections.forEach((section, index) => {
    const at = after + 16 + index * (is64 ? 80 : 68)
    bytes.set(latin(section.name.slice(0, 16)), at)
    bytes.set(latin('__TEXT'), at + 16)
    word(at + 32, base + offset)
    word(at + 32 + width, section.data.length)
    view.setUint32(at + 32 + width * 2, offset, true)
    offset += section.data.length
  })
  const thread = start + segmentSize
  view.setUint32(thread, 5, true)
  view.setUint32(thread + 4, threadSize, true)
  view.setUint32(thread + 8, is64 ? 4 : 1, true)
  view.setUint32(thread + 12, is64 ? 42 : 16, true)
  const entry = base + MACHO_FIRST_SECTION + (options.entryOffset ?? 0)
  if (is64) view.setBigUint64(thread + 16 + 16 * 8, BigInt(entry), true)
  else view.setUint32(thread + 16 + 10 * 4, entry, true)
  return bytes
}

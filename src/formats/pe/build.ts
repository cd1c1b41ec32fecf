import { Writer, bytesOf } from '../../bytes/index.ts'
import { buildImports } from './build-imports.ts'
import type { ImportRecipe } from './build-imports.ts'
import { buildResources } from './build-resources.ts'
import type { ResourceRecipe } from './build-resources.ts'
import { buildVersionResource } from './build-version.ts'

/** What a forged PE file shall hold; everything absent takes the usual value. */
export interface PeRecipe {
  /** PE32+ instead of PE32. */
  readonly is64?: boolean
  readonly sections: readonly PeSectionRecipe[]
  /** Relative virtual address; default: start of the first section. */
  readonly entryPoint?: number
  /** Adds a section .idata with these imports. */
  readonly imports?: readonly ImportRecipe[]
  /** Adds a section .rsrc with one version resource that holds these strings. */
  readonly versionInfo?: Readonly<Record<string, string>>
  /** Adds a section .rsrc with these resources; not beside `versionInfo`. */
  readonly resources?: readonly ResourceRecipe[]
  readonly fileAlignment?: number
  readonly sectionAlignment?: number
  /** Bytes behind the last section. */
  readonly overlay?: Uint8Array
}

export interface PeSectionRecipe {
  readonly name: string
  readonly data: Uint8Array
  /** Default: size of the data. */
  readonly virtualSize?: number
}

const E_LFANEW = 0x80
const OPTIONAL_HEADER_SIZE_32 = 224
const OPTIONAL_HEADER_SIZE_64 = 240
const SECTION_HEADER_SIZE = 40

interface Placed {
  readonly section: PeSectionRecipe
  readonly virtualAddress: number
  readonly rawOffset: number
  readonly rawSize: number
}

/** A valid PE file: headers, sections in the given order from one section alignment on, nothing else. */
export function buildPe(recipe: PeRecipe): Uint8Array<ArrayBuffer> {
  const fileAlignment = recipe.fileAlignment ?? 0x200
  const sectionAlignment = recipe.sectionAlignment ?? 0x1000
  const extra = Number(recipe.imports !== undefined) + Number((recipe.versionInfo ?? recipe.resources) !== undefined)
  const optionalSize = recipe.is64 === true ? OPTIONAL_HEADER_SIZE_64 : OPTIONAL_HEADER_SIZE_32
  const headerEnd = E_LFANEW + 24 + optionalSize + (recipe.sections.length + extra) * SECTION_HEADER_SIZE
  const headerSize = up(headerEnd, fileAlignment)
  const placed: Placed[] = []
  let virtualAddress = up(headerSize, sectionAlignment)
  let rawOffset = headerSize
  const place = (section: PeSectionRecipe): Placed => {
    const rawSize = up(section.data.length, fileAlignment)
    const entry = { section, virtualAddress, rawOffset, rawSize }
    placed.push(entry)
    virtualAddress += up(Math.max(1, section.virtualSize ?? section.data.length), sectionAlignment)
    rawOffset += rawSize
    return entry
  }
  for (const section of recipe.sections) place(section)
  const directories = new Map<number, { address: number; size: number }>()
  const placeDirectory = (index: number, name: string, data: Uint8Array): void => {
    const entry = place({ name, data })
    directories.set(index, { address: entry.virtualAddress, size: data.length })
  }
  if (recipe.imports !== undefined)
    placeDirectory(1, '.idata', buildImports(recipe.imports, virtualAddress, recipe.is64 === true))
  if (recipe.versionInfo !== undefined)
    placeDirectory(2, '.rsrc', buildVersionResource(recipe.versionInfo, virtualAddress))
  if (recipe.resources !== undefined) placeDirectory(2, '.rsrc', buildResources(recipe.resources, virtualAddress))

  const out = new Writer()
  out.bytes(bytesOf('MZ')).padTo(60).u32(E_LFANEW).padTo(E_LFANEW).bytes(bytesOf('PE\0\0'))
  writeFileHeader(out, recipe.is64 === true, placed.length, optionalSize)
  const entryPoint = recipe.entryPoint ?? placed[0]?.virtualAddress ?? 0
  writeOptionalHeader(out, recipe.is64 === true, {
    entryPoint,
    fileAlignment,
    sectionAlignment,
    headerSize,
    imageSize: virtualAddress,
  })
  for (let i = 0; i < 16; i++) out.u32(directories.get(i)?.address ?? 0).u32(directories.get(i)?.size ?? 0)
  for (const entry of placed) writeSectionHeader(out, entry)
  for (const entry of placed) out.padTo(entry.rawOffset).bytes(entry.section.data)
  return out
    .padTo(rawOffset)
    .bytes(recipe.overlay ?? new Uint8Array(0))
    .finish()
}

function writeFileHeader(out: Writer, is64: boolean, sections: number, optionalSize: number): void {
  out
    .u16(is64 ? 0x8664 : 0x14c)
    .u16(sections)
    .u32(0)
    .u32(0)
    .u32(0)
    .u16(optionalSize)
    .u16(is64 ? 0x22 : 0x102)
}

interface Alignment {
  readonly entryPoint: number
  readonly fileAlignment: number
  readonly sectionAlignment: number
  readonly headerSize: number
  readonly imageSize: number
}

function writeOptionalHeader(out: Writer, is64: boolean, alignment: Alignment): void {
  const wide = is64 ? 8 : 4
  out
    .u16(is64 ? 0x20b : 0x10b)
    .u16(0)
    .u32(0)
    .u32(0)
    .u32(0)
    .u32(alignment.entryPoint)
    .u32(0x1000)
  if (!is64) out.u32(0)
  out.uint(wide, 0x40_0000).u32(alignment.sectionAlignment).u32(alignment.fileAlignment)
  out.u32(4).u32(0).u32(4).u32(0).u32(alignment.imageSize).u32(alignment.headerSize).u32(0).u16(3).u16(0)
  out.uint(wide, 0x10_0000).uint(wide, 0x1000).uint(wide, 0x10_0000).uint(wide, 0x1000).u32(0).u32(16)
}

function writeSectionHeader(out: Writer, { section, virtualAddress, rawOffset, rawSize }: Placed): void {
  const at = out.length
  out.bytes(bytesOf(section.name.slice(0, 8))).padTo(at + 8)
  out.u32(section.virtualSize ?? section.data.length).u32(virtualAddress)
  out
    .u32(rawSize)
    .u32(rawSize === 0 ? 0 : rawOffset)
    .u32(0)
    .u32(0)
    .u16(0)
    .u16(0)
    .u32(0x6000_0020)
}

function up(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment
}

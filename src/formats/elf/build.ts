import { Writer, bytesOf } from '../../bytes/index.ts'

/** What a forged ELF file shall hold. */
export interface ElfRecipe {
  readonly is64?: boolean
  readonly bigEndian?: boolean
  /** Sections after the null section and before .shstrtab, which are added. */
  readonly sections: readonly { readonly name: string; readonly data: Uint8Array }[]
  /** File offset of the entry point; default: start of the first section. */
  readonly entryOffset?: number
  /** Bytes behind the section headers. */
  readonly overlay?: Uint8Array
}

const BASE = 0x40_0000
const PT_LOAD = 1
const SHT_PROGBITS = 1
const SHT_STRTAB = 3

interface Placed {
  readonly name: number
  readonly type: number
  readonly offset: number
  readonly size: number
}

/** A valid program: one segment that maps the whole file at BASE, the sections, their headers at the end. */
export function buildElf(recipe: ElfRecipe): Uint8Array<ArrayBuffer> {
  const is64 = recipe.is64 ?? true
  const wide = is64 ? 8 : 4
  const headerSize = is64 ? 64 : 52
  const segmentSize = is64 ? 56 : 32
  const body = new Writer()
  const names = new Writer().u8(0)
  const placed: Placed[] = [{ name: 0, type: 0, offset: 0, size: 0 }]
  body.padTo(headerSize + segmentSize)
  for (const { name, data } of recipe.sections) {
    body.align(16)
    placed.push({ name: names.length, type: SHT_PROGBITS, offset: body.length, size: data.length })
    names.bytes(bytesOf(`${name}\0`))
    body.bytes(data)
  }
  const nameTable = names.length
  names.bytes(bytesOf('.shstrtab\0'))
  placed.push({ name: nameTable, type: SHT_STRTAB, offset: body.length, size: names.length })
  body.bytes(names.finish()).align(8)
  const sectionsAt = body.length
  const end = sectionsAt + placed.length * (is64 ? 64 : 40)

  const big = recipe.bigEndian === true
  const out = new Writer(big)
  out
    .bytes(bytesOf('\u007fELF'))
    .u8(is64 ? 2 : 1)
    .u8(big ? 2 : 1)
    .u8(1)
    .padTo(16)
  out
    .u16(2)
    .u16(is64 ? 62 : big ? 8 : 3)
    .u32(1)
  out.uint(wide, BASE + (recipe.entryOffset ?? placed[1]?.offset ?? 0))
  out.uint(wide, headerSize).uint(wide, sectionsAt).u32(0)
  out
    .u16(headerSize)
    .u16(segmentSize)
    .u16(1)
    .u16(is64 ? 64 : 40)
    .u16(placed.length)
    .u16(placed.length - 1)
  if (is64) out.u32(PT_LOAD).u32(5).u64(0).u64(BASE).u64(BASE).u64(end).u64(end).u64(0x1000)
  else out.u32(PT_LOAD).u32(0).u32(BASE).u32(BASE).u32(end).u32(end).u32(5).u32(0x1000)
  out.bytes(body.finish().subarray(out.length))
  for (const entry of placed) writeSection(out, entry, wide)
  return out.bytes(recipe.overlay ?? new Uint8Array(0)).finish()
}

function writeSection(out: Writer, { name, type, offset, size }: Placed, wide: number): void {
  out
    .u32(name)
    .u32(type)
    .uint(wide, 0)
    .uint(wide, offset === 0 ? 0 : BASE + offset)
  out.uint(wide, offset).uint(wide, size).u32(0).u32(0).uint(wide, 1).uint(wide, 0)
}

import { Writer, bytesOf } from '../../bytes/index.ts'

/** What a forged Mach-O file shall hold: one segment with these sections, and a thread command. */
export interface MachORecipe {
  readonly is64?: boolean
  readonly bigEndian?: boolean
  readonly sections: readonly { readonly name: string; readonly data: Uint8Array }[]
  /** File offset of the entry point; default: start of the first section. */
  readonly entryOffset?: number
}

const BASE = 0x1000
const ALIGNMENT_LOG2 = 4
const MH_EXECUTE = 2
const LC_UNIXTHREAD = 5

/** By word size and byte order, as real ones: i386, x86_64, PowerPC, PowerPC 64: [cpu, flavour, registers, pc]. */
const PROCESSORS: Readonly<Record<string, readonly [cpu: number, flavour: number, registers: number, pc: number]>> = {
  '32le': [7, 1, 16, 10],
  '64le': [0x0100_0007, 4, 21, 16],
  '32be': [18, 1, 40, 0],
  '64be': [0x0100_0012, 5, 38, 0],
}

/** A valid thin Mach-O file. */
export function buildMachO(recipe: MachORecipe): Uint8Array<ArrayBuffer> {
  const is64 = recipe.is64 ?? true
  const big = recipe.bigEndian === true
  const wide = is64 ? 8 : 4
  const [cpu, flavour, registers, pc] = PROCESSORS[`${is64 ? 64 : 32}${big ? 'be' : 'le'}`]
  const segmentSize = (is64 ? 72 : 56) + recipe.sections.length * (is64 ? 80 : 68)
  const threadSize = 16 + registers * wide
  const headerSize = is64 ? 32 : 28
  const data = new Writer().padTo(headerSize + segmentSize + threadSize)
  const offsets = recipe.sections.map(section => {
    const { length } = data.align(1 << ALIGNMENT_LOG2)
    data.bytes(section.data)
    return length
  })

  const out = new Writer(big)
  out
    .u32(is64 ? 0xfeed_facf : 0xfeed_face)
    .u32(cpu)
    .u32(3)
    .u32(MH_EXECUTE)
    .u32(2)
    .u32(segmentSize + threadSize)
    .u32(0)
  if (is64) out.u32(0)
  out
    .u32(is64 ? 0x19 : 1)
    .u32(segmentSize)
    .bytes(fixed('__TEXT'))
  out.uint(wide, BASE).uint(wide, data.length).uint(wide, 0).uint(wide, data.length)
  out.u32(7).u32(5).u32(recipe.sections.length).u32(0)
  for (const [i, section] of recipe.sections.entries()) {
    out.bytes(fixed(section.name)).bytes(fixed('__TEXT'))
    out.uint(wide, BASE + offsets[i]).uint(wide, section.data.length)
    out.u32(offsets[i]).u32(ALIGNMENT_LOG2).u32(0).u32(0).u32(0).u32(0).u32(0)
    if (is64) out.u32(0)
  }
  out
    .u32(LC_UNIXTHREAD)
    .u32(threadSize)
    .u32(flavour)
    .u32((registers * wide) / 4)
  const entry = BASE + (recipe.entryOffset ?? offsets[0] ?? 0)
  for (let i = 0; i < registers; i++) out.uint(wide, i === pc ? entry : 0)
  return out.bytes(data.finish().subarray(out.length)).finish()
}

/** A universal file with these slices, each on a page of its own. */
export function buildUniversal(slices: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Writer(true).u32(0xcafe_babe).u32(slices.length)
  let offset = BASE
  for (const [i, slice] of slices.entries()) {
    out
      .u32(i === 0 ? 7 : 0x0100_0007)
      .u32(3)
      .u32(offset)
      .u32(slice.length)
      .u32(12)
    offset += Math.ceil(slice.length / BASE) * BASE
  }
  for (const slice of slices) out.align(BASE).bytes(slice)
  return out.finish()
}

function fixed(name: string): Uint8Array {
  return new Writer()
    .bytes(bytesOf(name.slice(0, 16)))
    .padTo(16)
    .finish()
}

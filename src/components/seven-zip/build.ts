import { bytesOf, Writer } from '../../bytes/index.ts'

// Builds cabinets for tests: one folder, nothing compressed. Source: Microsoft Cabinet Format.

const HEADER = 36
const FOLDER = 8
const FILE = 16
const MAX_BLOCK = 32_768

export function cab(files: readonly (readonly [name: string, data: Uint8Array])[]): Uint8Array {
  const namesSize = files.reduce((size, [name]) => size + FILE + name.length + 1, 0)
  const dataAt = HEADER + FOLDER + namesSize
  const data = new Writer()
  for (const file of files) data.bytes(file[1])
  const content = data.finish()
  const blocks = Math.ceil(content.length / MAX_BLOCK)
  const writer = new Writer().bytes(bytesOf('MSCF')).u32(0)
  writer.u32(dataAt + blocks * 8 + content.length).u32(0)
  writer
    .u32(HEADER + FOLDER)
    .u32(0)
    .u16(0x0103)
    .u16(1)
    .u16(files.length)
    .u16(0)
    .u16(0)
    .u16(0)
  writer.u32(dataAt).u16(blocks).u16(0)
  let at = 0
  for (const [name, { length }] of files) {
    writer
      .u32(length)
      .u32(at)
      .u16(0)
      .u16(0x5a21)
      .u16(0)
      .u16(0x20)
      .bytes(bytesOf(`${name}\0`))
    at += length
  }
  for (let start = 0; start < content.length; start += MAX_BLOCK) {
    const block = content.subarray(start, start + MAX_BLOCK)
    // No checksum: readers then check none.
    writer.u32(0).u16(block.length).u16(block.length).bytes(block)
  }
  return writer.finish()
}

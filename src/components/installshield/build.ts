import { bytesOf, Writer } from '../../bytes/index.ts'

// Builds InstallShield's cabinets and what its setup programs carry, for tests.

export interface CabinetParts {
  readonly name: string
  /** As stored. */
  readonly data: Uint8Array
  readonly isCompressed: boolean
  readonly isObfuscated?: boolean
}

const HEADER = 84
const DESCRIPTOR = 0x57

/** A cabinet of version 9 and its header; where `isOne`, the cabinet holds the header itself. */
export function cabinet(files: readonly CabinetParts[], isOne = false): { cab: Uint8Array; hdr: Uint8Array } {
  const starts = files.map((_, i) => HEADER + files.slice(0, i).reduce((size, { data }) => size + data.length, 0))
  const dataEnd = HEADER + files.reduce((size, { data }) => size + data.length, 0)
  const table = new Writer()
  // A directory, then descriptors, then names; offsets count from the table.
  const namesAt = 4 + files.length * DESCRIPTOR
  const names = files.map(({ name }) => bytesOf(`${name}\0`))
  table.u32(0)
  let nameAt = namesAt
  files.forEach(({ data, isCompressed, isObfuscated = false }, i) => {
    const at = table.length
    table
      .u16((isCompressed ? 4 : 0) | (isObfuscated ? 2 : 0))
      .u64(data.length)
      .u64(data.length)
      .u64(starts[i])
    table
      .padTo(at + 58)
      .u32(nameAt)
      .padTo(at + 85)
      .u16(1)
    nameAt += names[i].length
  })
  for (const name of names) table.bytes(name)
  const descriptor = (at: number) =>
    new Writer()
      .padTo(0x0c)
      .u32(0x100)
      .padTo(0x1c)
      .u32(1)
      .padTo(0x28)
      .u32(files.length)
      .u32(4)
      .padTo(0x100)
      .bytes(table.finish())
      .finish()
      .subarray(0, at)
  const whole = descriptor(Infinity)
  const header = (at: number, size: number) =>
    new Writer().bytes(bytesOf('ISc(')).u32(0x0100_9500).u32(0).u32(at).u32(size)
  const cab = header(isOne ? dataEnd : 0, isOne ? whole.length : 0)
  cab
    .padTo(32)
    .u32(files.length - 1)
    .padTo(HEADER)
  for (const { data } of files) cab.bytes(data)
  if (isOne) cab.bytes(whole)
  return { cab: cab.finish(), hdr: header(HEADER, whole.length).padTo(HEADER).bytes(whole).finish() }
}

/** Files of a setup program for cabinets. */
export function setupChainOf(files: readonly (readonly [name: string, data: Uint8Array])[]): Uint8Array {
  const writer = new Writer()
  for (const [name, data] of files)
    writer.bytes(bytesOf(`${name}\0Disk1\\${name}\x001.0.0.0\0${data.length}\0`)).bytes(data)
  return writer.finish()
}

/** Files of a setup program for MSI packages; `encode` undoes decodeSetupFile. */
export function setupMsiOf(files: readonly (readonly [name: string, data: Uint8Array, flags: number])[]): Uint8Array {
  const writer = new Writer()
    .bytes(bytesOf('NB10junk\0InstallShield\0'))
    .u32(files.length)
    .padTo(9 + 14 + 32)
  for (const [name, data, flags] of files) {
    const at = writer.length
    writer
      .bytes(bytesOf(name))
      .padTo(at + 260)
      .u32(flags)
      .u32(0)
      .u32(data.length)
      .padTo(at + 312)
    writer.bytes(flags === 0 ? data : encoded(name, data))
  }
  return writer.finish()
}

function encoded(name: string, data: Uint8Array): Uint8Array {
  return data.map((byte, i) => {
    const k = (i % 1024) % name.length
    const mixed = byte ^ name.charCodeAt(k) ^ [0xec, 0xca, 0x79, 0xf8][k % 4]
    return (mixed >> 4) | (mixed << 4)
  })
}

import { bytesOf, Writer } from '../../bytes/index.ts'

// Builds packages of PyInstaller, for tests.

export interface EntryParts {
  readonly name: string
  readonly kind: string
  /** As stored. */
  readonly data: Uint8Array
  readonly isCompressed?: boolean
}

/** A package with its cookie: of 2.0 without the name of a library, of later versions with it. */
export function pyInstallerPackage(entries: readonly EntryParts[], version: '2.0' | '2.1'): Uint8Array {
  const out = new Writer(true)
  const table = new Writer(true)
  for (const { name, kind, data, isCompressed = false } of entries) {
    const size = Math.ceil((18 + name.length + 1) / 16) * 16
    const end = table.length + size
    table.u32(size).u32(out.length).u32(data.length).u32(data.length)
    table
      .u8(isCompressed ? 1 : 0)
      .bytes(bytesOf(kind + name))
      .padTo(end)
    out.bytes(data)
  }
  const tableAt = out.length
  const cookieBytes = version === '2.0' ? 24 : 88
  out.bytes(table.finish()).bytes(bytesOf('MEI\x0c\x0b\x0a\x0b\x0e'))
  const size = tableAt + table.length + cookieBytes
  out.u32(size).u32(tableAt).u32(table.length).u32(311)
  if (version === '2.1') out.bytes(bytesOf('libpython3.11.so'))
  return out.padTo(size).finish()
}

/** A PYZ archive: a list of rows, as since Python 3, with references as marshal writes them. */
export function pyz(modules: readonly (readonly [name: string, data: Uint8Array])[]): Uint8Array {
  const data = new Writer().bytes(new Uint8Array(17))
  const table = new Writer().u8(0x5b).u32(modules.length)
  for (const [name, bytes] of modules) {
    table.u8(0x29 | 0x80).u8(2)
    table.u8(0x7a).u8(name.length).bytes(bytesOf(name))
    table.u8(0x29).u8(3).u8(0x69).u32(0).u8(0x69).u32(data.length).u8(0x69).u32(bytes.length)
    data.bytes(bytes)
  }
  const tableAt = data.length
  const whole = data.bytes(table.finish()).finish()
  whole.set(new Writer(true).bytes(bytesOf('PYZ\0')).u32(0).u32(tableAt).finish())
  return whole
}

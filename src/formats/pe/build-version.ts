import { Writer, bytesOf } from '../../bytes/index.ts'

const DIRECTORY_SIZE = 24
const DATA_ENTRY_AT = 3 * DIRECTORY_SIZE
const DATA_ENTRY_SIZE = 16
const RT_VERSION = 16
const FIXED_INFO_SIZE = 52

/** A resource section with one RT_VERSION resource, to be loaded at `address`. */
export function buildVersionResource(strings: Readonly<Record<string, string>>, address: number): Uint8Array {
  const info = buildVersionInfo(strings)
  const out = new Writer()
  for (const [level, id] of [RT_VERSION, 1, 0x409].entries()) {
    out.u32(0).u32(0).u32(0).u16(0).u16(1).u32(id)
    out.u32(level < 2 ? 0x8000_0000 + (level + 1) * DIRECTORY_SIZE : DATA_ENTRY_AT)
  }
  out
    .u32(address + DATA_ENTRY_AT + DATA_ENTRY_SIZE)
    .u32(info.length)
    .u32(0)
    .u32(0)
  return out.bytes(info).finish()
}

function buildVersionInfo(strings: Readonly<Record<string, string>>): Uint8Array {
  const entries = Object.entries(strings).map(([key, value]) =>
    structure(key, wide(`${value}\0`), value.length + 1, 1, []),
  )
  const table = structure('040904b0', new Uint8Array(0), 0, 1, entries)
  const file = structure('StringFileInfo', new Uint8Array(0), 0, 1, [table])
  const fixed = new Writer().u32(0xfeef_04bd).padTo(FIXED_INFO_SIZE).finish()
  return structure('VS_VERSION_INFO', fixed, FIXED_INFO_SIZE, 0, [file])
}

/** {wLength, wValueLength, wType, szKey, padding, value, children}, each child aligned to four bytes. */
function structure(key: string, value: Uint8Array, valueLength: number, type: number, children: readonly Uint8Array[]) {
  const body = new Writer()
    .u16(0)
    .u16(valueLength)
    .u16(type)
    .bytes(wide(`${key}\0`))
    .align(4)
    .bytes(value)
  for (const child of children) body.align(4).bytes(child)
  // Without the padding behind the last child ClamAV does not count that child.
  if (children.length > 0) body.align(4)
  const bytes = body.finish()
  bytes[0] = bytes.length & 0xff
  bytes[1] = bytes.length >> 8
  return bytes
}

function wide(text: string): Uint8Array {
  return bytesOf(text.replaceAll(/[^]/g, '$&\0'))
}

import { latin1, u16le, u32le } from '../../bytes/index.ts'
import { collected, inflate } from '../../codecs/index.ts'

// A strict look into a ZIP archive for a few members by their names; taking the archive apart is another's work.
// Source: APPNOTE.TXT 6.3.10, 4.3.7, 4.3.12, 4.3.16. Not read: Zip64, encryption, methods other than DEFLATE.

const END = 0x0605_4b50
const CENTRAL = 0x0201_4b50
const LOCAL = 0x0403_4b50
const END_SIZE = 22
const MAX_COMMENT = 65_535
/** Entries that are looked at. */
const MAX_ENTRIES = 50_000
/** Bytes of one member and of all of them; XML of large documents is that long. */
const MAX_MEMBER_BYTES = 32 << 20
const MAX_TOTAL_BYTES = 128 << 20

export interface OoxmlMember {
  readonly name: string
  /** Its content, decompressed, as far as it goes. */
  read(): Uint8Array
}

/** Members of the archive by its central directory. Nothing where there is none. */
export function ooxmlMembers(bytes: Uint8Array): readonly OoxmlMember[] {
  const end = findEnd(bytes)
  if (end < 0) return []
  const count = Math.min(u16le(bytes, end + 10), MAX_ENTRIES)
  const members: OoxmlMember[] = []
  const budget = { left: MAX_TOTAL_BYTES }
  let at = u32le(bytes, end + 16)
  for (let i = 0; i < count && at + 46 <= bytes.length && u32le(bytes, at) === CENTRAL; i++) {
    const nameSize = u16le(bytes, at + 28)
    // Some write backslashes; Office bears them.
    const name = latin1(bytes, at + 46, at + 46 + nameSize).replaceAll('\\', '/')
    const entry = { method: u16le(bytes, at + 10), size: u32le(bytes, at + 20), local: u32le(bytes, at + 42) }
    members.push({ name, read: () => readMember(bytes, entry, budget) })
    at += 46 + nameSize + u16le(bytes, at + 30) + u16le(bytes, at + 32)
  }
  return members
}

function readMember(
  bytes: Uint8Array,
  { method, size, local }: { readonly method: number; readonly size: number; readonly local: number },
  budget: { left: number },
): Uint8Array {
  const none = new Uint8Array(0)
  if (local + 30 > bytes.length || u32le(bytes, local) !== LOCAL) return none
  const start = local + 30 + u16le(bytes, local + 26) + u16le(bytes, local + 28)
  const limit = Math.min(MAX_MEMBER_BYTES, budget.left)
  let content: Uint8Array = none
  if (method === 0) content = bytes.subarray(start, start + Math.min(size, limit))
  else if (method === 8 && start < bytes.length) content = collected(inflate(bytes, start), limit).bytes
  budget.left -= content.length
  return content
}

function findEnd(bytes: Uint8Array): number {
  const first = Math.max(0, bytes.length - END_SIZE - MAX_COMMENT)
  for (let at = bytes.length - END_SIZE; at >= first; at--)
    if (bytes[at] === 0x50 && u32le(bytes, at) === END) return at
  return -1
}

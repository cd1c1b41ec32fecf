import { u16le, u32le, u64le } from '../../bytes/index.ts'
import { crc32 } from '../../codecs/index.ts'
import type { Embedded, EmbeddedKind } from './beginnings.ts'
import { isZip } from './zip-proof.ts'

// What tells an archive that lies inside of a file from bytes that merely begin like one. A beginning alone may be a
// constant of a program that handles archives, or chance. A second structure that the first one leads to, or a header
// that makes sense in every field, is neither.

type Proof = (content: Uint8Array, at: number) => boolean

/** Kinds without a proof are believed when something comes out of them. */
const PROOFS: Partial<Readonly<Record<EmbeddedKind, Proof>>> = {
  zip: isZip,
  rar: isRar,
  '7z': isSevenZip,
  cab: isCab,
  xz: isXz,
  lha: isLha,
  nsis: isNsis,
}

/** Whether what begins there certainly is an archive: what cannot be read of it is missed then. Cost: linear. */
export function isProven({ kind, offset }: Embedded, content: Uint8Array): boolean {
  try {
    return PROOFS[kind]?.(content, offset) ?? false
  } catch {
    // Cut off before the structure that would tell.
    return false
  }
}

const RAR4_BLOCKS = { first: 0x72, last: 0x7b }
const RAR4_BLOCK_BYTES = 7

/** RAR 5: the main header has 32 bits of checksum, which its beginning was told by. RAR 4: 16 bits, and so has the next. */
function isRar(content: Uint8Array, at: number): boolean {
  if (content[at + 6] === 1) return true
  const next = at + 7 + u16le(content, at + 12)
  const [type, size] = [content[next + 2], u16le(content, next + 5)]
  if (type < RAR4_BLOCKS.first || type > RAR4_BLOCKS.last || size < RAR4_BLOCK_BYTES) return false
  return (crc32(content.subarray(next + 2, next + size)) & 0xffff) === u16le(content, next)
}

/**
 * Its first header has 32 bits of checksum, which its beginning was told by; one that leads to no other is a template.
 * Source: 7zFormat.txt, "SignatureHeader".
 */
function isSevenZip(content: Uint8Array, at: number): boolean {
  return u64le(content, at + 20) > 0
}

const CAB_HEADER_BYTES = 36
const CAB_METHODS = 3
const CAB_NAME_CHARS = 256

/** A first file with a name, where the header says. Source: [MS-CAB] 2.1, 2.3. */
function isCab(content: Uint8Array, at: number): boolean {
  const size = u32le(content, at + 8)
  const file = u32le(content, at + 16)
  if (size > content.length - at || file < CAB_HEADER_BYTES || file + 16 >= size) return false
  if (u16le(content, at + 26) === 0 || u16le(content, at + 28) === 0) return false
  const name = at + file + 16
  const end = content.subarray(name, name + CAB_NAME_CHARS).indexOf(0)
  // Without reserved fields the first folder follows the header.
  const isPlain = (u16le(content, at + 30) & 7) === 0
  const isMethod = !isPlain || (content[at + CAB_HEADER_BYTES + 6] & 15) <= CAB_METHODS
  return isMethod && end > 0 && isText(content, name, name + end)
}

/** The header of the first block has a checksum, too. Source: xz-file-format 3.1. */
function isXz(content: Uint8Array, at: number): boolean {
  const block = at + 12
  const size = content[block] * 4
  // 0: an index follows, and there is no block.
  return size > 0 && crc32(content.subarray(block, block + size)) === u32le(content, block + size)
}

/** Levels 0 and 1: a name, and data that fit into the file. */
function isLha(content: Uint8Array, at: number): boolean {
  const [packed, length] = [u32le(content, at + 7), content[at + 21]]
  const name = at + 22
  if (content[at + 20] > 1 || length === 0 || length + 22 > content[at] + 2) return false
  return packed > 0 && packed <= content.length - at && isText(content, name, name + length)
}

const NSIS_HEADER_BYTES = 28
/** Flags of that header that there are. */
const NSIS_FLAGS = 0b1111

/** The sizes of its header and of all that follows fit into each other and into the file. */
function isNsis(content: Uint8Array, at: number): boolean {
  const [header, all] = [u32le(content, at + 20), u32le(content, at + 24)]
  const isKnown = (u32le(content, at) & ~NSIS_FLAGS) === 0
  return isKnown && header > NSIS_HEADER_BYTES && all > NSIS_HEADER_BYTES && all <= content.length - at
}

/** No control characters: a name. */
function isText(content: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (content[at] < 0x20 || content[at] === 0x7f) return false
  return end <= content.length
}

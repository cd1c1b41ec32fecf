import { bytesOf, equalsAt } from '../../bytes/index.ts'
import type { FileTypeName } from './file-types.ts'

// Archives and disks that have no magic number at the start, only a structure that adds up.

const SECTOR = 512
const USTAR = bytesOf('ustar')
const TAR_CHECKSUM_AT = 148
const PARTITIONS_AT = 446
const PARTITION_SIZE = 16

/** True for tar archives that say so at offset 257 (POSIX and GNU). */
export function isUstar(content: Uint8Array): boolean {
  return equalsAt(content, 257, USTAR)
}

/** True for version 7 tar: no magic number, but the first header's checksum is right. */
export function isOldTar(content: Uint8Array): boolean {
  if (content.length < SECTOR || content[0] === 0) return false
  let declared = 0
  let digits = 0
  for (let i = TAR_CHECKSUM_AT; i < TAR_CHECKSUM_AT + 8; i++) {
    const byte = content[i]
    if (byte >= 0x30 && byte <= 0x37) {
      declared = declared * 8 + byte - 0x30
      digits++
    } else if (byte !== 0x20 && byte !== 0) return false
  }
  // The checksum field itself counts as eight spaces.
  let sum = 8 * 0x20
  for (let i = 0; i < SECTOR; i++) if (i < TAR_CHECKSUM_AT || i >= TAR_CHECKSUM_AT + 8) sum += content[i]
  return digits > 0 && sum === declared
}

/** Disk images by their first sectors; for content that is neither text nor anything else. */
export function diskType(content: Uint8Array): FileTypeName | undefined {
  if (content[0] === 0x45 && content[1] === 0x52 && content[SECTOR] === 0x50 && content[SECTOR + 1] === 0x4d)
    return 'apm'
  if (content[1080] === 0x53 && content[1081] === 0xef && content[0] === 0) return 'ext'
  if (content[510] !== 0x55 || content[511] !== 0xaa) return undefined
  if (equalsAt(content, 3, bytesOf('NTFS    '))) return 'ntfs'
  if (equalsAt(content, 54, bytesOf('FAT')) || equalsAt(content, 82, bytesOf('FAT32'))) return 'fat'
  for (let at = PARTITIONS_AT; at < 510; at += PARTITION_SIZE) if ((content[at] & 0x7f) !== 0) return undefined
  return 'mbr'
}

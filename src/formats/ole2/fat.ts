import { u32le } from '../../bytes/index.ts'

const HEADER_DIFAT = 109
const DIFAT_AT = 0x4c
const DIFAT_START_AT = 0x44

/** Little-endian words; a rest of less than four bytes is left out. */
export function words(bytes: Uint8Array): Uint32Array<ArrayBuffer> {
  const result = new Uint32Array(bytes.length >> 2)
  for (let i = 0; i < result.length; i++) result[i] = u32le(bytes, 4 * i)
  return result
}

/**
 * Reads the FAT, whose sectors' numbers stand in the header, then in a chain of sectors whose last word is the number
 * of the next one; and marks the sectors of both in `used`. No longer than the file needs. [MS-CFB] 2.3, 2.5
 */
export function readFat(bytes: Uint8Array, sectorSize: number, used: Uint8Array): Uint32Array {
  const sectorCount = used.length
  const perSector = sectorSize / 4
  const needed = Math.ceil(sectorCount / perSector)
  const numbers: number[] = []
  for (let i = 0; i < HEADER_DIFAT && numbers.length < needed; i++) numbers.push(u32le(bytes, DIFAT_AT + 4 * i))
  let next = u32le(bytes, DIFAT_START_AT)
  while (next < sectorCount && used[next] === 0) {
    const at = (next + 1) * sectorSize
    const link = at + sectorSize - 4
    used[next] = 1
    for (let i = 0; i < perSector - 1 && numbers.length < needed && at + 4 * i + 4 <= bytes.length; i++)
      numbers.push(u32le(bytes, at + 4 * i))
    if (link + 4 > bytes.length) break
    next = u32le(bytes, link)
  }
  const fat = new Uint32Array(numbers.length * perSector).fill(0xffff_ffff)
  numbers.forEach((sector, index) => {
    if (sector >= sectorCount) return
    used[sector] = 1
    const from = (sector + 1) * sectorSize
    fat.set(words(bytes.subarray(from, from + sectorSize)), index * perSector)
  })
  // Programs write more sectors of the FAT than there are sectors to tell of; those carry nothing.
  for (let i = needed; i < HEADER_DIFAT; i++) {
    const sector = u32le(bytes, DIFAT_AT + 4 * i)
    if (sector < sectorCount) used[sector] = 1
  }
  return fat
}

import { ContentError, u16le, u32le } from '../../bytes/index.ts'
import { readDirectory } from './directory.ts'
import type { DirectoryEntry } from './directory.ts'
import { readFat, words } from './fat.ts'

// Compound files (OLE2 structured storage): a file system in a file. A header, then sectors; the FAT gives each sector
// the number of the next one of its chain, and streams below a cut-off lie in the mini stream, in sectors of 64 bytes
// with a FAT of their own. Every number is the file's claim; what is damaged costs the streams that it concerns.
// Source: [MS-CFB] 2.1 to 2.6. Not read: transaction signatures, the range lock sector, the colours of the tree.

const END_OF_CHAIN = 0xffff_fffe
const HEADER_SIZE = 512
/** Size from which on streams lie in sectors; programs differ in whether they believe another one. */
const CUTOFF = 4_096
/** Sectors of 128 bytes to 64 KiB; the specification knows 512 and 4096, and programs read what the header says. */
const MIN_SECTOR_SHIFT = 7
const MAX_SECTOR_SHIFT = 16
const MIN_MINI_SHIFT = 4
/**
 * Streams may share sectors in damaged files only. All chains together may be this many times as long as the file has
 * sectors, so that a small file with many entries cannot claim its whole content for each of them.
 */
const MAX_SHARING = 4
/** Streams of the tiniest file may still be walked: an allowance for the bound above. */
const MIN_STEPS = 4_096

/** A stream with the stretches of the file that it consists of. */
export interface OleStream extends DirectoryEntry {
  /** Pairs of offset and length in bytes, in order, all inside the file. */
  readonly extents: readonly number[]
  /** Bytes that the extents hold together; less than `size` where something is missing. */
  readonly present: number
  /** Why bytes are missing; undefined for a whole stream. */
  readonly problem: string | undefined
}

export interface CompoundFile {
  readonly bytes: Uint8Array
  /** 3 or 4, or whatever the header says. */
  readonly version: number
  readonly sectorSize: number
  readonly root: DirectoryEntry | undefined
  /** Storages, without the root. */
  readonly storages: readonly DirectoryEntry[]
  readonly streams: readonly OleStream[]
  /** What is wrong with the structure beside single streams. */
  readonly problems: readonly string[]
  /** Two chains share a sector. */
  readonly isCrossLinked: boolean
  /** Some streams are here twice: as the header's cut-off would have them, and as the usual one would. */
  readonly isAmbiguous: boolean
  /** Pairs of offset and length that no chain reaches, whole sectors and the rest of the file behind the last. */
  readonly unreached: readonly number[]
  /** Number in `unreached`, of the pair from which on the file has only unreached sectors; its length where none. */
  readonly tailAt: number
}

/**
 * Reads header, FATs and directory, and finds the extents of every stream. The bytes are borrowed by what it returns.
 * Cost: linear in the size of the file.
 * @throws ContentError where not even the sector size can be told
 */
export function openCompound(bytes: Uint8Array): CompoundFile {
  return new Opening(bytes).open()
}

/** A chain's sectors, and why it ended before it was long enough. */
interface Chain {
  readonly sectors: readonly number[]
  readonly problem: string | undefined
}

class Opening {
  readonly #bytes: Uint8Array
  readonly #sectorSize: number
  readonly #sectorCount: number
  readonly #miniSize: number
  readonly #problems: string[] = []
  /** 1 for each sector that something uses. */
  readonly #used: Uint8Array
  #isCrossLinked = false
  #isAmbiguous = false
  #steps: number
  #fat: Uint32Array = new Uint32Array(0)
  #miniFat = new Uint32Array(0)
  /** Sectors of the mini stream. */
  #mini: readonly number[] = []
  #usedMini = new Uint8Array(0)

  constructor(bytes: Uint8Array) {
    if (bytes.length < HEADER_SIZE) throw new ContentError('malformed', 'The header of the compound file is cut off')
    const shift = u16le(bytes, 0x1e)
    if (shift < MIN_SECTOR_SHIFT || shift > MAX_SECTOR_SHIFT)
      throw new ContentError('malformed', 'The compound file has an impossible sector size', 0x1e)
    const miniShift = u16le(bytes, 0x20)
    this.#bytes = bytes
    this.#sectorSize = 1 << shift
    this.#miniSize = 1 << (miniShift >= MIN_MINI_SHIFT && miniShift <= shift ? miniShift : 6)
    this.#sectorCount = Math.max(0, Math.ceil(bytes.length / this.#sectorSize) - 1)
    this.#used = new Uint8Array(this.#sectorCount)
    this.#steps = MAX_SHARING * (this.#sectorCount + Math.floor(bytes.length / this.#miniSize)) + MIN_STEPS
  }

  open(): CompoundFile {
    const bytes = this.#bytes
    const version = u16le(bytes, 0x1a)
    this.#fat = readFat(bytes, this.#sectorSize, this.#used)
    const directoryChain = this.#chain(u32le(bytes, 0x30), this.#sectorCount, true)
    if (directoryChain.problem !== undefined) this.#problems.push(`Directory: ${directoryChain.problem}`)
    const directory = readDirectory(this.#joined(directoryChain.sectors), version >= 4)
    this.#problems.push(...directory.problems)
    const miniFatChain = this.#chain(u32le(bytes, 0x3c), u32le(bytes, 0x40), false)
    this.#miniFat = words(this.#joined(miniFatChain.sectors))
    if (directory.root !== undefined) this.#readMini(directory.root)
    const cutoff = u32le(bytes, 0x38)
    const streams = directory.entries.filter(entry => !entry.isStorage).flatMap(entry => this.#readings(entry, cutoff))
    const { unreached, tailAt } = this.#unreached()
    return {
      bytes,
      version,
      sectorSize: this.#sectorSize,
      root: directory.root,
      storages: directory.entries.filter(entry => entry.isStorage),
      streams,
      problems: this.#problems,
      isCrossLinked: this.#isCrossLinked,
      isAmbiguous: this.#isAmbiguous,
      unreached,
      tailAt,
    }
  }

  /**
   * Follows a chain for at most `limit` sectors. With `toEnd` it ends at its own end only, and a limit reached is a
   * problem; otherwise `limit` sectors are what is wanted.
   */
  #chain(start: number, limit: number, toEnd: boolean): Chain {
    const sectors: number[] = []
    const fat = this.#fat
    let sector = start
    while (sectors.length < limit) {
      if (sector === END_OF_CHAIN) return { sectors, problem: toEnd ? undefined : 'its chain of sectors is too short' }
      if (sector >= this.#sectorCount) return { sectors, problem: 'its chain of sectors leads out of the file' }
      if (this.#used[sector] === 1) {
        this.#isCrossLinked = true
        if (toEnd) return { sectors, problem: 'its chain of sectors runs into itself or another one' }
      }
      if (this.#steps-- <= 0) return { sectors, problem: 'too many streams share their sectors' }
      this.#used[sector] = 1
      sectors.push(sector)
      sector = sector < fat.length ? fat[sector] : 0xffff_ffff
    }
    return { sectors, problem: undefined }
  }

  #joined(sectors: readonly number[]): Uint8Array {
    const joined = new Uint8Array(sectors.length * this.#sectorSize)
    let length = 0
    for (const sector of sectors) {
      const from = (sector + 1) * this.#sectorSize
      const piece = this.#bytes.subarray(from, from + this.#sectorSize)
      joined.set(piece, length)
      length += piece.length
    }
    return joined.subarray(0, length)
  }

  #readMini(root: DirectoryEntry): void {
    const wanted = Math.min(Math.ceil(root.size / this.#sectorSize), this.#sectorCount)
    // Its length is not trusted to be long enough: what the chain has beyond it is of use, and taken.
    const chain = this.#chain(root.start, wanted, false)
    if (chain.problem !== undefined && root.size > 0) this.#problems.push(`Mini stream: ${chain.problem}`)
    this.#mini = chain.sectors
    this.#usedMini = new Uint8Array(Math.floor((chain.sectors.length * this.#sectorSize) / this.#miniSize))
  }

  #readings(entry: DirectoryEntry, cutoff: number): readonly OleStream[] {
    const read = (limit: number): OleStream => (entry.size < limit ? this.#miniStream(entry) : this.#stream(entry))
    const first = read(cutoff)
    if (entry.size < cutoff === entry.size < CUTOFF) return [first]
    const second = read(CUTOFF)
    if (second.present === 0) return [first]
    this.#isAmbiguous = true
    return first.present === 0 ? [second] : [first, second]
  }

  #stream(entry: DirectoryEntry): OleStream {
    const chain = this.#chain(entry.start, Math.ceil(entry.size / this.#sectorSize), false)
    const size = this.#sectorSize
    return this.#withExtents(entry, chain, size, sector => (sector + 1) * size)
  }

  #miniStream(entry: DirectoryEntry): OleStream {
    const limit = Math.ceil(entry.size / this.#miniSize)
    const sectors: number[] = []
    let problem: string | undefined
    let sector = entry.start
    while (sectors.length < limit) {
      if (sector >= this.#usedMini.length || this.#steps-- <= 0) {
        problem =
          sector === END_OF_CHAIN ? 'its chain of sectors is too short' : 'its chain leads out of the mini stream'
        break
      }
      if (this.#usedMini[sector] === 1) this.#isCrossLinked = true
      this.#usedMini[sector] = 1
      sectors.push(sector)
      sector = sector < this.#miniFat.length ? this.#miniFat[sector] : 0xffff_ffff
    }
    return this.#withExtents(entry, { sectors, problem }, this.#miniSize, mini => this.#miniOffset(mini))
  }

  #miniOffset(mini: number): number {
    const at = mini * this.#miniSize
    return (this.#mini[Math.floor(at / this.#sectorSize)] + 1) * this.#sectorSize + (at % this.#sectorSize)
  }

  #withExtents(
    entry: DirectoryEntry,
    { sectors, problem }: Chain,
    unit: number,
    offsetOf: (sector: number) => number,
  ): OleStream {
    const extents: number[] = []
    let left = entry.size
    let present = 0
    for (const sector of sectors) {
      const from = offsetOf(sector)
      const length = Math.min(unit, left, this.#bytes.length - from)
      left -= Math.min(unit, left)
      if (length <= 0) continue
      present += length
      addExtent(extents, from, length)
    }
    const cut = present < entry.size ? 'the file ends before it does' : undefined
    return { ...entry, extents, present, problem: problem ?? cut }
  }

  /** Sectors without a user, then mini sectors without one. */
  #unreached(): { unreached: number[]; tailAt: number } {
    const unreached: number[] = []
    const { length } = this.#bytes
    let lastUsed = this.#sectorCount - 1
    while (lastUsed >= 0 && this.#used[lastUsed] === 0) lastUsed--
    for (let mini = 0; mini < this.#usedMini.length; mini++)
      if (this.#usedMini[mini] === 0) {
        const from = this.#miniOffset(mini)
        const size = Math.min(this.#miniSize, length - from)
        if (size > 0) addExtent(unreached, from, size)
      }
    for (let sector = 0; sector <= lastUsed; sector++)
      if (this.#used[sector] === 0) addExtent(unreached, (sector + 1) * this.#sectorSize, this.#sectorSize)
    const tailAt = unreached.length
    const end = (lastUsed + 2) * this.#sectorSize
    if (end < length) unreached.push(end, length - end)
    return { unreached, tailAt }
  }
}

function addExtent(extents: number[], from: number, length: number): void {
  const last = extents.length - 2
  if (last >= 0 && extents[last] + extents[last + 1] === from) extents[last + 1] += length
  else extents.push(from, length)
}

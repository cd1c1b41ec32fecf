import { u16le, u32le } from '../../bytes/index.ts'
import { Coverage, Interiors } from './coverage.ts'
import type { Stretch } from './coverage.ts'
import { Differences } from './differences.ts'
import { directoryStarts, effectiveEnd, findEnds, isAtEnd } from './ends.ts'
import type { DirectoryStart, EndGroup } from './ends.ts'
import { Members } from './members.ts'
import type { Member } from './members.ts'
import { DIGITAL_SIGNATURE, LOCATOR_SIZE, isDeferred, readCentral } from './records.ts'
import type { CentralEntry } from './records.ts'
import { findPlaces, lowerBound } from './scan-records.ts'
import type { Places } from './scan-records.ts'

// All readings of an archive at once: every end record, every directory, and what lies between.
//
//   [prepended] [marker] (local header, data, descriptor)* [gaps] (entry)* [Zip64 end, locator] end [comment] [appended]
//
// Which of several end records counts, whether its offsets are from the start of the file, and whether local header or
// entry is right differs from reader to reader. So members are known by the offset of their local header, and gather
// what every reading says of them.

/** Shifts that are tried; a sound archive has one. */
const MAX_SHIFTS = 8
/** End records that are followed; a sound archive has one. */
const MAX_ENDS = 4096

/** A directory entry that leads to no member. */
export interface LostEntry {
  readonly entry: CentralEntry
  readonly why: 'volume' | 'outside'
}

/** Entries that follow each other without a break, and the offset behind the last. */
interface Chain {
  readonly count: number
  readonly behind: number
}

export class Archive {
  readonly bytes: Uint8Array
  readonly places: Places
  readonly members: Members
  readonly coverage = new Coverage()
  readonly differences = new Differences()
  readonly lost: LostEntry[] = []
  /** Comment of the end record that counts most; empty where there is none. */
  comment: Uint8Array = new Uint8Array(0)
  /** Something was left out because there is too much of it. */
  clipped = false
  readonly #shifts: number[] = []
  /** By offset of an entry: bits of the shifts under which it was followed. */
  readonly #walked = new Map<number, number>()
  readonly #entries = new Map<number, CentralEntry | undefined>()
  /** By offset of an entry: what follows from there on. */
  readonly #chains = new Map<number, Chain>()

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.places = findPlaces(bytes)
    this.clipped = this.places.clipped
    this.members = new Members(bytes)
    const groups = findEnds(bytes, this.places)
    if (groups.length > MAX_ENDS) this.clipped = true
    this.#readGroups(groups.slice(-MAX_ENDS))
    // Without a directory that an end record leads to, all entries are strays.
    if (this.members.size === 0) this.readOrphans({ start: 0, end: bytes.length })
  }

  #readGroups(groups: readonly EndGroup[]): void {
    const firstLocal = this.places.locals[0] ?? -1
    const starts = new Map(groups.map(group => [group, directoryStarts(this.bytes, group, firstLocal)]))
    const isUsable = (group: EndGroup): boolean =>
      !group.main.is64 && ((starts.get(group)?.length ?? 0) > 0 || effectiveEnd(group).count === 0)
    const primary = groups.findLast(isUsable) ?? groups.at(-1)
    if (primary === undefined) return
    this.comment = primary.main.comment
    this.#readGroup(primary, starts.get(primary) ?? [])
    const isSound = isAtEnd(this.bytes, primary) && isUsable(primary)
    const interiors = isSound ? new Interiors(this.members.interiors()) : undefined
    for (const group of groups) {
      const found = starts.get(group) ?? []
      if (group === primary || this.#isContent(group, found, interiors)) continue
      if (found.length > 0 || !isInside(group, primary)) this.differences.note('ends', group.main.at)
      this.#readGroup(group, found)
    }
  }

  /** An archive inside a member of a sound archive is content of that member, not a reading of this one. */
  #isContent(group: EndGroup, starts: readonly DirectoryStart[], interiors: Interiors | undefined): boolean {
    const held = interiors?.holding(group.start, group.main.at + 4)
    return held !== undefined && starts.every(({ at }) => at >= held.start && at < held.end)
  }

  #readGroup(group: EndGroup, starts: readonly DirectoryStart[]): void {
    const { main, wide } = group
    this.coverage.add(main.at, main.end)
    if (wide !== undefined) {
      this.coverage.add(wide.at, wide.end)
      this.coverage.add(main.at - LOCATOR_SIZE, main.at)
      if (!isDeferred(main) && contradicts(main, wide)) this.differences.note('zip64', main.at)
    }
    if (!main.fits) this.differences.note('comment', main.at)
    const end = effectiveEnd(group)
    if (starts.length === 0) {
      if (end.count > 0 || end.directorySize > 0) this.differences.note('directory', main.at)
      return
    }
    if (starts.length > 1) this.differences.note('directories', main.at)
    for (const start of starts) {
      const { count, behind } = this.#walk(start, end.disk)
      if (start !== starts[0]) continue
      if (count !== end.count) this.differences.note('count', main.at)
      if (behind - start.at !== end.directorySize) this.differences.note('directory-size', main.at)
      if (start.at !== end.directoryOffset) this.differences.note('offset', main.at)
    }
  }

  /** Follows a chain of entries to its end, whatever number of them is declared. Each is followed once per shift. */
  #walk(start: DirectoryStart, disk: number): Chain {
    const shift = this.#shiftBit(start.shift)
    let at = start.at
    for (let entry = this.#entry(at); entry !== undefined; entry = this.#entry(at)) {
      const walked = this.#walked.get(at) ?? 0
      if (shift === 0 || (walked & shift) !== 0) break
      this.#walked.set(at, walked | shift)
      this.#follow(entry, start.shift, disk)
      at = entry.end
    }
    const chain = this.#measure(start.at)
    this.coverage.add(start.at, chain.behind)
    return chain
  }

  /** How many entries follow each other from `start` on. Remembered for each of them, so that none is counted twice. */
  #measure(start: number): Chain {
    const path: number[] = []
    let at = start
    let rest = this.#chains.get(at)
    while (rest === undefined) {
      const entry = this.#entry(at)
      if (entry === undefined) break
      path.push(at)
      at = entry.end
      rest = this.#chains.get(at)
    }
    const { behind, count: known } = rest ?? { count: 0, behind: this.#behindSignature(at) }
    let count = known
    for (let i = path.length - 1; i >= 0; i--) this.#chains.set(path[i], { count: ++count, behind })
    return { count, behind }
  }

  /** A digital signature behind the entries belongs to the directory. */
  #behindSignature(at: number): number {
    const { bytes } = this
    if (at + 6 > bytes.length || u32le(bytes, at) !== DIGITAL_SIGNATURE) return at
    return Math.min(at + 6 + u16le(bytes, at + 4), bytes.length)
  }

  #entry(at: number): CentralEntry | undefined {
    if (!this.#entries.has(at)) this.#entries.set(at, readCentral(this.bytes, at))
    return this.#entries.get(at)
  }

  #shiftBit(shift: number): number {
    let index = this.#shifts.indexOf(shift)
    if (index < 0) {
      if (this.#shifts.length === MAX_SHIFTS) {
        this.clipped = true
        return 0
      }
      index = this.#shifts.push(shift) - 1
    }
    return 1 << index
  }

  /** Joins an entry to the member, or the members, that it may mean. */
  #follow(entry: CentralEntry, shift: number, disk: number): void {
    if (entry.disk !== disk && disk !== 0 && !this.members.isNamed(entry.offset + shift, entry.name)) {
      this.lost.push({ entry, why: 'volume' })
      return
    }
    const moved = entry.offset + shift
    const isThere = this.members.join(moved, entry)
    const isThereToo = shift !== 0 && this.members.join(entry.offset, entry)
    if (isThereToo && isThere) this.differences.note('offset', entry.at)
    if (isThere || isThereToo) return
    this.differences.note('local-header', entry.at)
    if (!this.members.joinUnsigned(moved, entry)) this.lost.push({ entry, why: 'outside' })
  }

  /** Entries in [start, end) that no end record leads to. True where there were any. */
  readOrphans({ start, end }: Stretch): boolean {
    let found = false
    let at = this.bytes.length
    const { centrals } = this.places
    for (let i = lowerBound(centrals, start); i < centrals.length && centrals[i] < end; i++) {
      const place = centrals[i]
      if (found && place < at) continue
      if (this.#walked.has(place) || this.#entry(place) === undefined) continue
      found = true
      this.differences.note('orphans', place)
      for (const shift of [0, ...this.#shifts.filter(known => known !== 0)])
        at = this.#walk({ at: place, shift }, 0).behind
    }
    return found
  }

  /** A member that local headers alone tell of; undefined where there is none at `at`, or it is known. */
  memberAt(at: number): Member | undefined {
    return this.members.discover(at)
  }
}

function contradicts(
  main: { readonly count: number; readonly directoryOffset: number; readonly directorySize: number },
  wide: { readonly count: number; readonly directoryOffset: number; readonly directorySize: number },
): boolean {
  return (
    main.count !== wide.count ||
    main.directoryOffset !== wide.directoryOffset ||
    main.directorySize !== wide.directorySize
  )
}

const isInside = (group: EndGroup, other: EndGroup): boolean =>
  group.main.at > other.main.at && group.main.at < other.main.end

import { equalsAt, u32le } from '../../bytes/index.ts'
import type { Stretch } from './coverage.ts'
import { LOCAL_SIGNATURE, readLocal } from './records.ts'
import type { CentralEntry, LocalHeader } from './records.ts'

/** Members that are kept: Zip64 allows more, budgets do not. */
const MAX_MEMBERS = 1 << 18
/** Differing entries for one local header; a sound archive has one. */
const MAX_ENTRIES_EACH = 16

/** One local header and every directory entry that means it. */
export interface Member {
  readonly at: number
  /** False: there is no signature, only an entry that says that a local header is here. */
  readonly isSigned: boolean
  readonly local: LocalHeader
  /** Distinct ones, in the order in which they were found. */
  readonly entries: CentralEntry[]
  /** It was handed out by next(). */
  isTaken: boolean
}

/** Members by the offset of their local header, in the order in which readings told of them. */
export class Members {
  readonly #bytes: Uint8Array
  readonly #members = new Map<number, Member>()
  readonly #queue: Member[] = []
  #handed = 0
  /** Members or entries were left out. */
  clipped = false

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get size(): number {
    return this.#members.size
  }

  /**
   * The next member that was not handed out, in the order of the readings. One that learns of another entry afterwards
   * is handed out again.
   */
  next(): Member | undefined {
    if (this.#handed === this.#queue.length) return undefined
    const member = this.#queue[this.#handed++]
    member.isTaken = true
    return member
  }

  /** A local header of that name stands at `at`. */
  isNamed(at: number, name: Uint8Array): boolean {
    const bytes = this.#bytes
    if (at < 0 || at + 4 > bytes.length || u32le(bytes, at) !== LOCAL_SIGNATURE) return false
    const local = readLocal(bytes, at)
    return local?.name.length === name.length && equalsAt(local.name, 0, name)
  }

  /** Adds an entry to the member at `at`. False: no local header there. */
  join(at: number, entry: CentralEntry): boolean {
    const member = this.#members.get(at) ?? this.#add(at, true)
    if (member === undefined) return false
    this.#enter(member, entry)
    return true
  }

  /** As join, where the signature is missing but the rest of a local header may be there. */
  joinUnsigned(at: number, entry: CentralEntry): boolean {
    const member = this.#members.get(at) ?? this.#add(at, false)
    if (member === undefined || member.local.end + entry.packed > this.#bytes.length) return false
    this.#enter(member, entry)
    return true
  }

  /** A member that its local header alone tells of; undefined where there is none, or it is known already. */
  discover(at: number): Member | undefined {
    return this.#members.has(at) ? undefined : this.#add(at, true)
  }

  /** The data of all members that an entry tells of. */
  interiors(): Stretch[] {
    const stretches: Stretch[] = []
    for (const { local, entries } of this.#members.values())
      for (const { packed } of entries) if (packed > 0) stretches.push({ start: local.end, end: local.end + packed })
    return stretches
  }

  #add(at: number, isSigned: boolean): Member | undefined {
    const bytes = this.#bytes
    if (isSigned && (at < 0 || at + 4 > bytes.length || u32le(bytes, at) !== LOCAL_SIGNATURE)) return undefined
    const local = readLocal(bytes, at)
    if (local === undefined) return undefined
    if (this.#members.size === MAX_MEMBERS) {
      this.clipped = true
      return undefined
    }
    const member: Member = { at, isSigned, local, entries: [], isTaken: false }
    this.#members.set(at, member)
    this.#queue.push(member)
    return member
  }

  #enter(member: Member, entry: CentralEntry): void {
    const { entries } = member
    if (entries.some(known => known.at === entry.at || isSame(known, entry))) return
    if (entries.length === MAX_ENTRIES_EACH) this.clipped = true
    else {
      entries.push(entry)
      if (member.isTaken) this.#queue.push(member)
      member.isTaken = false
    }
  }
}

function isSame(one: CentralEntry, other: CentralEntry): boolean {
  return (
    one.packed === other.packed &&
    one.unpacked === other.unpacked &&
    one.method === other.method &&
    one.crc === other.crc &&
    one.flags === other.flags &&
    one.name.length === other.name.length &&
    equalsAt(one.name, 0, other.name)
  )
}

import { u32le, u64le } from '../../bytes/index.ts'
import {
  CENTRAL_SIGNATURE,
  END64_SIZE,
  END_SIZE,
  LOCATOR_SIGNATURE,
  LOCATOR_SIZE,
  isDeferred,
  readEnd,
  readEnd64,
} from './records.ts'
import type { EndRecord } from './records.ts'
import type { Places } from './scan-records.ts'

// End records and the directories that they lead to. A reader that searches from the end, from the start, or by
// comment length may find another one, so every one counts.

/** An end record with the Zip64 record that its locator leads to. */
export interface EndGroup {
  readonly main: EndRecord
  readonly wide: EndRecord | undefined
  /** Offset of the first of the records that belong together at the end. */
  readonly start: number
}

/** One place at which a directory may start. `shift` is what must be added to its offsets, in this reading. */
export interface DirectoryStart {
  readonly at: number
  readonly shift: number
}

/** All end records, ascending; a Zip64 record that no locator leads to is a group of its own. */
export function findEnds(bytes: Uint8Array, places: Places): EndGroup[] {
  const groups: EndGroup[] = []
  const led = new Set<number>()
  for (const at of places.ends) {
    const main = readEnd(bytes, at)
    if (main === undefined) continue
    const wide = wideOf(bytes, at)
    if (wide !== undefined) led.add(wide.at)
    groups.push({ main, wide, start: wide === undefined ? at : Math.min(wide.at, at) })
  }
  for (const at of places.ends64) {
    const wide = led.has(at) ? undefined : readEnd64(bytes, at)
    if (wide !== undefined) groups.push({ main: wide, wide: undefined, start: at })
  }
  return groups.sort((a, b) => a.main.at - b.main.at)
}

/** The Zip64 record of the end record at `at`: where the locator before it says, or right before that locator. */
function wideOf(bytes: Uint8Array, at: number): EndRecord | undefined {
  const locator = at - LOCATOR_SIZE
  if (locator < 0 || u32le(bytes, locator) !== LOCATOR_SIGNATURE) return undefined
  const declared = readEnd64(bytes, u64le(bytes, locator + 8))
  if (declared !== undefined && declared.at < locator) return declared
  return readEnd64(bytes, locator - END64_SIZE)
}

/**
 * Places at which the directory of a group may start: at the declared offset, right before the end records, and moved
 * by what stands before the first member. Only where an entry really stands there.
 * @param firstLocal - offset of the first local header of the archive, or -1
 */
export function directoryStarts(bytes: Uint8Array, group: EndGroup, firstLocal: number): DirectoryStart[] {
  const found: DirectoryStart[] = []
  const add = (at: number, shift: number): void => {
    if (!isEntry(bytes, at) || found.some(start => start.at === at && start.shift === shift)) return
    found.push({ at, shift })
  }
  const records = group.wide === undefined ? [group.main] : [group.wide, group.main]
  for (const record of records) {
    if (record === group.main && group.wide !== undefined && isDeferred(record)) continue
    const { directoryOffset, directorySize } = record
    add(directoryOffset, 0)
    for (const behind of [group.start, record.at]) {
      const adjacent = behind - directorySize
      if (adjacent !== directoryOffset) add(adjacent, adjacent - directoryOffset)
    }
    if (firstLocal > 0 && found.length === 0) add(directoryOffset + firstLocal, firstLocal)
  }
  return found
}

function isEntry(bytes: Uint8Array, at: number): boolean {
  return at >= 0 && at + 4 <= bytes.length && u32le(bytes, at) === CENTRAL_SIGNATURE
}

/** The record whose numbers hold: the Zip64 one where the other defers to it. */
export const effectiveEnd = ({ main, wide }: EndGroup): EndRecord =>
  wide !== undefined && isDeferred(main) ? wide : main

/** The end record stands at the very end: behind it and its comment there is nothing. */
export const isAtEnd = (bytes: Uint8Array, { main }: EndGroup): boolean =>
  !main.is64 && main.fits && main.end === bytes.length && main.end >= main.at + END_SIZE

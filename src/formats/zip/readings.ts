import type { Differences } from './differences.ts'
import type { AesParameters, Sizes } from './extra.ts'
import type { Member } from './members.ts'
import { FLAGS } from './records.ts'
import type { Fields } from './records.ts'

/** WinZip's AES: the true method stands in an extra field. */
const METHOD_AES = 99
const FULL_32 = 0xffff_ffff

export type Encryption = 'none' | 'classic' | 'aes' | 'strong'

/** One way to read the data of a member. */
export interface Reading {
  readonly method: number
  readonly encryption: Encryption
  readonly aes: AesParameters | undefined
  /** Size of the data in the archive; undefined: not told, it ends where the data end. */
  readonly packed: number | undefined
  readonly unpacked: number | undefined
  /** Undefined: not told. */
  readonly crc: number | undefined
  readonly flags: number
  readonly time: number
}

/** All readings of a member that differ, the directory's first. What differs is noted. */
export function readingsOf(member: Member, differences: Differences): Reading[] {
  const { local, entries, at, isSigned } = member
  const readings: Reading[] = []
  for (const entry of entries) {
    add(readings, readingOf(entry, false), differences, at)
    for (const sizes of entry.extra.otherSizes)
      add(readings, withSizes(readingOf(entry, false), sizes), differences, at)
  }
  // Values in the local header are masked, with zeros, where the directory is encrypted.
  if (!isSigned || isMasked(member)) return readings
  add(readings, readingOf(local, true), differences, at)
  for (const sizes of local.extra.otherSizes) add(readings, withSizes(readingOf(local, true), sizes), differences, at)
  return readings
}

/** The local header's reading, where it leaves the size of the data open; undefined where it tells it. */
export function openReading({ local, isSigned }: Member): Reading | undefined {
  const reading = isSigned ? readingOf(local, true) : undefined
  return reading?.packed === undefined ? reading : undefined
}

/** The local header tells nothing. */
const isMasked = ({ local }: Member): boolean => (local.flags & FLAGS.masked) !== 0 && local.packed === 0

function readingOf(fields: Fields, isLocal: boolean): Reading {
  const { flags, method, time, extra } = fields
  const isAes = method === METHOD_AES && extra.aes !== undefined
  // With a data descriptor, zero in the local header means: it stands there.
  const isOpen = isLocal && (flags & FLAGS.descriptor) !== 0
  const told = (value: number): number | undefined => (isOpen && (value === 0 || value === FULL_32) ? undefined : value)
  return {
    method: isAes ? (extra.aes?.method ?? method) : method,
    encryption: encryptionOf(flags, isAes),
    aes: isAes ? extra.aes : undefined,
    packed: told(fields.packed),
    unpacked: told(fields.unpacked),
    crc: isAes && fields.crc === 0 ? undefined : told(fields.crc),
    flags,
    time,
  }
}

function encryptionOf(flags: number, isAes: boolean): Encryption {
  if ((flags & FLAGS.encrypted) === 0) return 'none'
  if ((flags & FLAGS.strong) !== 0) return 'strong'
  return isAes ? 'aes' : 'classic'
}

const withSizes = (reading: Reading, { packed, unpacked }: Sizes): Reading => ({ ...reading, packed, unpacked })

const fits = (one: number | undefined, other: number | undefined): boolean =>
  one === undefined || other === undefined || one === other

function add(readings: Reading[], reading: Reading, differences: Differences, at: number): void {
  let isKnown = false
  for (const known of readings) {
    const isSameMethod = known.method === reading.method
    const isSameEncryption = known.encryption === reading.encryption
    const isSameSize = fits(known.packed, reading.packed) && fits(known.unpacked, reading.unpacked)
    if (!isSameMethod) differences.note('methods', at)
    if (!isSameEncryption) differences.note('encryption', at)
    if (!isSameSize) differences.note('sizes', at)
    if (!fits(known.crc, reading.crc)) differences.note('checksums', at)
    isKnown ||= isSameMethod && isSameEncryption && isSameSize
  }
  if (!isKnown) readings.push(reading)
}

import { u32le, u64le } from '../../bytes/index.ts'
import { DESCRIPTOR_SIGNATURE } from './records.ts'
import type { Places } from './scan-records.ts'

// Data descriptors: checksum and sizes behind the data, with or without a signature, in 32 or 64 bits.
// Source: APPNOTE.TXT 6.3.10, section 4.3.9.

/** Ends of data of unknown size that are tried for one member. */
const MAX_ENDS_EACH = 8

export interface Descriptor {
  /** Size of the record in bytes. */
  readonly size: number
  readonly crc: number
  readonly packed: number
  readonly unpacked: number
}

const FORMS: readonly (readonly [skip: number, wide: boolean])[] = [
  [4, false],
  [4, true],
  [0, false],
  [0, true],
]

/**
 * The descriptor at `at` of data of `packed` bytes: the form in which most is right. Where nothing is but a signature
 * stands there, the short form, whatever it says.
 */
export function descriptorAt(
  bytes: Uint8Array,
  at: number,
  packed: number,
  unpacked: number,
  crc: number,
): Descriptor | undefined {
  const isSigned = at + 16 <= bytes.length && u32le(bytes, at) === DESCRIPTOR_SIGNATURE
  let second: Descriptor | undefined
  for (const [skip, wide] of FORMS) {
    const descriptor = skip > 0 && !isSigned ? undefined : readForm(bytes, at, skip, wide)
    if (descriptor === undefined || descriptor.packed !== packed % 0x1_0000_0000) continue
    const isRightSize = descriptor.unpacked === unpacked % 0x1_0000_0000
    if (isRightSize && descriptor.crc === crc) return descriptor
    if (isRightSize || descriptor.crc === crc) second ??= descriptor
  }
  if (second !== undefined) return second
  return isSigned ? readForm(bytes, at, 4, false) : undefined
}

function readForm(bytes: Uint8Array, at: number, skip: number, wide: boolean): Descriptor | undefined {
  const size = skip + (wide ? 20 : 12)
  if (at + size > bytes.length) return undefined
  const sizes = at + skip + 4
  return {
    size,
    crc: u32le(bytes, at + skip),
    packed: wide ? u64le(bytes, sizes) : u32le(bytes, sizes),
    unpacked: wide ? u64le(bytes, sizes + 8) : u32le(bytes, sizes + 4),
  }
}

/** For data that do not tell their end: every signed descriptor, by the start of the data that it would fit. */
export class DescriptorEnds {
  readonly #ends = new Map<number, number[]>()

  constructor(bytes: Uint8Array, { descriptors }: Places) {
    for (const at of descriptors) {
      if (at + 16 > bytes.length) continue
      this.#put(at - u32le(bytes, at + 8), at)
      if (at + 24 <= bytes.length && u32le(bytes, at + 12) === 0) this.#putWide(bytes, at)
    }
  }

  /** Offsets of descriptors whose size says that their data start at `start`; ascending. */
  of(start: number): readonly number[] {
    return this.#ends.get(start) ?? []
  }

  #putWide(bytes: Uint8Array, at: number): void {
    const start = at - u64le(bytes, at + 8)
    if (u32le(bytes, at + 8) !== 0) this.#put(start, at)
  }

  #put(start: number, at: number): void {
    if (start < 0) return
    const ends = this.#ends.get(start)
    if (ends === undefined) this.#ends.set(start, [at])
    else if (ends.length < MAX_ENDS_EACH && ends.at(-1) !== at) ends.push(at)
  }
}

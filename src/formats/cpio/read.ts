import { nameText, skipZeros } from '../archive-parts.ts'
import { aligned, readCpioHeader } from './header.ts'
import type { CpioHeader } from './header.ts'

// A cpio archive is a sequence of header, name and data, ended by a member with a name of its own. The Linux kernel
// reads on behind that end: several archives with zeros between them, then whatever is compressed.

export interface CpioMember {
  readonly kind: 'member'
  readonly name: string
  readonly offset: number
  readonly mode: number
  /** How many names the file has, this one among them. */
  readonly links: number
  /** Borrowed, clipped to the archive's end. */
  readonly data: Uint8Array
  readonly missingBytes: number
  /** False where the data does not sum up to what the header says. */
  readonly isIntact: boolean
}

export type CpioItem =
  | CpioMember
  /** Bytes that belong to no member: between headers, or behind the archive's end. Never only zeros. */
  | { readonly kind: 'gap'; readonly offset: number; readonly end: number; readonly why: 'damaged' | 'trailing' }
  /** Another archive behind the end of one. */
  | { readonly kind: 'another'; readonly offset: number }

const TRAILER = 'TRAILER!!!'
const FIRST_BYTES = [0x30, 0xc7, 0x71]

/** Everything in the archive, in order. Linear in its size. */
export function* readCpio(bytes: Uint8Array): Generator<CpioItem, void, void> {
  let isEnded = false
  for (let at = 0; at < bytes.length;) {
    const header = readCpioHeader(bytes, at)
    if (header === undefined) {
      const start = skipZeros(bytes, at)
      if (start >= bytes.length) return
      const end = readCpioHeader(bytes, start) === undefined ? nextHeader(bytes, start + 1) : start
      if (end > start) yield { kind: 'gap', offset: start, end, why: isEnded ? 'trailing' : 'damaged' }
      at = end
      continue
    }
    if (isEnded) yield { kind: 'another', offset: at }
    const dataAt = at + aligned(header.format, header.headerSize + header.nameSize)
    const name = nameText(bytes.subarray(at + header.headerSize, at + header.headerSize + header.nameSize))
    isEnded = name === TRAILER && header.size === 0
    if (!isEnded) yield member(bytes, header, name, at, dataAt)
    at = dataAt + aligned(header.format, header.size)
  }
}

function member(bytes: Uint8Array, header: CpioHeader, name: string, offset: number, dataAt: number): CpioMember {
  const data = bytes.subarray(dataAt, dataAt + header.size)
  return {
    kind: 'member',
    name,
    offset,
    mode: header.mode,
    links: header.links,
    data,
    missingBytes: header.size - data.length,
    isIntact: header.checksum === undefined || data.length < header.size || sum(data) === header.checksum,
  }
}

function sum(data: Uint8Array): number {
  let total = 0
  for (let i = 0; i < data.length; i++) total = (total + data[i]) >>> 0
  return total
}

function nextHeader(bytes: Uint8Array, start: number): number {
  for (let at = start; at < bytes.length; at++)
    if (FIRST_BYTES.includes(bytes[at]) && readCpioHeader(bytes, at) !== undefined) return at
  return bytes.length
}

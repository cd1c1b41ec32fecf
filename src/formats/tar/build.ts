import { bytesOf } from '../../bytes/index.ts'
import { BLOCK } from './header.ts'

// Builds tar archives for tests.

export interface TarEntryParts {
  readonly name: string
  readonly data?: Uint8Array
  /** Default `0`. */
  readonly typeFlag?: string
  readonly linkName?: string
  /** What the size field says; default the size of the data. */
  readonly size?: number
  /** The size in base 256. */
  readonly base256?: boolean
  readonly magic?: 'none' | 'ustar' | 'gnu' | 'star'
  readonly prefix?: string
  /** The checksum as old programs computed it. */
  readonly signedSum?: boolean
  /** Last changes to the header, before the checksum. */
  readonly patch?: (header: Uint8Array) => void
}

const MAGICS = { none: '', ustar: 'ustar\x0000', gnu: 'ustar  \0', star: 'ustar\x0000' } as const

const put = (into: Uint8Array, at: number, text: string) => into.set(bytesOf(text), at)
const octal = (value: number, size: number) => `${value.toString(8).padStart(size - 1, '0')}\0`

/** A header block and its data, filled up to a block. */
export function tarEntry(parts: TarEntryParts): Uint8Array {
  const { data = new Uint8Array(), typeFlag = '0', magic = 'ustar' } = parts
  const size = parts.size ?? data.length
  const entry = new Uint8Array(BLOCK + Math.ceil(data.length / BLOCK) * BLOCK)
  entry.set(new TextEncoder().encode(parts.name).subarray(0, 100))
  put(entry, 100, `0000644\0${octal(0, 8)}${octal(0, 8)}${octal(size, 12)}${octal(0, 12)}        ${typeFlag}`)
  if (parts.base256 === true) {
    entry[124] = 0x80
    for (let i = 0, rest = size; i < 11; i++, rest = Math.floor(rest / 256)) entry[135 - i] = rest % 256
  }
  put(entry, 157, parts.linkName ?? '')
  put(entry, 257, MAGICS[magic])
  put(entry, 345, parts.prefix ?? '')
  if (magic === 'star') put(entry, 508, 'tar\0')
  parts.patch?.(entry)
  let sum = 0
  for (let i = 0; i < BLOCK; i++) sum += parts.signedSum === true ? (entry[i] << 24) >> 24 : entry[i]
  put(entry, 148, `${sum.toString(8).padStart(6, '0')}\0 `)
  entry.set(data, BLOCK)
  return entry
}

/** An extended header of type `x` (or `g`) with these records. */
export function paxEntry(records: readonly (readonly [key: string, value: string])[], typeFlag = 'x'): Uint8Array {
  const lines = records.map(([key, value]) => {
    const rest = ` ${key}=${value}\n`
    let length = rest.length + 1
    while (`${length}${rest}`.length !== length) length++
    return `${length}${rest}`
  })
  return tarEntry({ name: 'PaxHeaders/x', typeFlag, data: bytesOf(lines.join('')) })
}

/** A long name (`L`) or link target (`K`) of GNU. */
export const longEntry = (name: string, typeFlag = 'L'): Uint8Array =>
  tarEntry({ name: '././@LongLink', typeFlag, magic: 'gnu', data: bytesOf(`${name}\0`) })

/** Old sparse headers: `S` with a map, continued in blocks of 21 entries. */
export function oldSparseEntry(
  name: string,
  pieces: readonly number[],
  realSize: number,
  data: Uint8Array,
  isStar = false,
) {
  const at = isStar
    ? { entries: 356, isExtended: 355, realSize: 452 }
    : { entries: 386, isExtended: 482, realSize: 483 }
  const write = (block: Uint8Array, offset: number, from: number, count: number) =>
    pieces.slice(from * 2, (from + count) * 2).forEach((value, i) => put(block, offset + i * 12, octal(value, 12)))
  const extensions: Uint8Array[] = []
  for (let from = 4; from * 2 < pieces.length; from += 21) {
    const block = new Uint8Array(BLOCK)
    write(block, 0, from, 21)
    if ((from + 21) * 2 < pieces.length) block[504] = 1
    extensions.push(block)
  }
  const entry = tarEntry({
    name,
    typeFlag: 'S',
    magic: isStar ? 'star' : 'gnu',
    data,
    patch: header => {
      write(header, at.entries, 0, 4)
      if (pieces.length > 8) header[at.isExtended] = 1
      put(header, at.realSize, octal(realSize, 12))
    },
  })
  return concat([entry.subarray(0, BLOCK), ...extensions, entry.subarray(BLOCK)])
}

/** The two blocks of zeros that end an archive. */
export const TAR_END = new Uint8Array(2 * BLOCK)

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((size, part) => size + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

/** An archive of these entries, with its end. */
export const tar = (...entries: readonly Uint8Array[]): Uint8Array => concat([...entries, TAR_END])

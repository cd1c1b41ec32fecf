import { u16be, u16le } from '../../bytes/index.ts'
import { digits } from '../archive-parts.ts'

// Headers of cpio archives. Sources: cpio(5) of FreeBSD; Linux Documentation/driver-api/early-userspace/buffer-format;
// afio(1) for its large ASCII format.

/** What one header says. */
export interface CpioHeader {
  readonly format: CpioFormat
  readonly mode: number
  readonly links: number
  readonly nameSize: number
  readonly size: number
  /** Only in the format with checksums. */
  readonly checksum: number | undefined
  readonly headerSize: number
}

export type CpioFormat = keyof typeof FORMATS

type Reader = (bytes: Uint8Array, at: number) => Omit<CpioHeader, 'format' | 'headerSize'> | undefined

interface Format {
  readonly magic: readonly number[]
  readonly headerSize: number
  /** Names and data are filled up to a multiple of this, counted from the header's start. */
  readonly alignment: number
  readonly read: Reader
}

type Span = readonly [offset: number, size: number]

/** Text fields at fixed places; one that is no number makes the whole header none. */
function textFields(base: 8 | 16, mode: Span, links: Span, nameSize: Span, size: Span, checksum?: Span): Reader {
  return (bytes, at) => {
    const field = ([offset, width]: Span, radix = base) => digits(bytes, at + offset, at + offset + width, radix)
    // Modes of afio are octal in the midst of hexadecimal numbers.
    const values = [field(mode, mode[1] === 6 ? 8 : base), field(links), field(nameSize), field(size)]
    if (values.includes(undefined)) return undefined
    const [modeValue, linksValue, nameSizeValue, sizeValue] = values as number[]
    return {
      mode: modeValue,
      links: linksValue,
      nameSize: nameSizeValue,
      size: sizeValue,
      checksum: checksum === undefined ? undefined : field(checksum),
    }
  }
}

function binary(u16: (bytes: Uint8Array, at: number) => number): Reader {
  return (bytes, at) => ({
    mode: u16(bytes, at + 6),
    links: u16(bytes, at + 12),
    nameSize: u16(bytes, at + 20),
    // The high half comes first in both byte orders.
    size: u16(bytes, at + 22) * 0x1_0000 + u16(bytes, at + 24),
    checksum: undefined,
  })
}

const NEWC = [[14, 8], [38, 8], [94, 8], [54, 8]] as const // prettier-ignore

const FORMATS = {
  newc: { magic: [0x30, 0x37, 0x30, 0x37, 0x30, 0x31], headerSize: 110, alignment: 4, read: textFields(16, ...NEWC) },
  crc: {
    magic: [0x30, 0x37, 0x30, 0x37, 0x30, 0x32],
    headerSize: 110,
    alignment: 4,
    read: textFields(16, ...NEWC, [102, 8]),
  },
  odc: {
    magic: [0x30, 0x37, 0x30, 0x37, 0x30, 0x37],
    headerSize: 76,
    alignment: 1,
    read: textFields(8, [18, 6], [36, 6], [59, 6], [65, 11]),
  },
  afio: {
    magic: [0x30, 0x37, 0x30, 0x37, 0x32, 0x37],
    headerSize: 116,
    alignment: 1,
    read: textFields(16, [31, 6], [53, 8], [86, 4], [99, 16]),
  },
  binaryLe: { magic: [0xc7, 0x71], headerSize: 26, alignment: 2, read: binary(u16le) },
  binaryBe: { magic: [0x71, 0xc7], headerSize: 26, alignment: 2, read: binary(u16be) },
} as const satisfies Record<string, Format>

const NAMES = Object.keys(FORMATS) as CpioFormat[]

/** The header at `at`, or undefined where none of the formats has one there. */
export function readCpioHeader(bytes: Uint8Array, at: number): CpioHeader | undefined {
  const first = bytes[at]
  if (first !== 0x30 && first !== 0xc7 && first !== 0x71) return undefined
  for (const format of NAMES) {
    const { magic, headerSize, read } = FORMATS[format]
    if (at + headerSize > bytes.length || !magic.every((byte, i) => bytes[at + i] === byte)) continue
    const fields = read(bytes, at)
    return fields === undefined || !isNamed(bytes, at + headerSize, fields.nameSize)
      ? undefined
      : { ...fields, format, headerSize }
  }
  return undefined
}

/** What claims a longer name is no header: nothing opens it, and its bytes come out as what is between members. */
const MAX_NAME_SIZE = 64 << 10

/** A name has at least one character and ends with a zero byte; the magic number alone is found in any data. */
function isNamed(bytes: Uint8Array, at: number, size: number): boolean {
  return size > 1 && size <= MAX_NAME_SIZE && at + size <= bytes.length && bytes[at] !== 0 && bytes[at + size - 1] === 0
}

/** `size` filled up as the format wants it. */
export function aligned(format: CpioFormat, size: number): number {
  const { alignment } = FORMATS[format]
  return Math.ceil(size / alignment) * alignment
}

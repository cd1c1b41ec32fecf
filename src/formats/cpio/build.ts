import { bytesOf, Writer } from '../../bytes/index.ts'
import type { CpioFormat } from './header.ts'

// Builds cpio archives for tests.

export interface CpioEntryParts {
  readonly name: string
  readonly data?: Uint8Array
  /** Default: a regular file. */
  readonly mode?: number
  readonly links?: number
  readonly size?: number
  readonly checksum?: number
}

const MAGIC = { newc: '070701', crc: '070702', odc: '070707', afio: '070727' } as const

/** An archive of these entries in one format, with its end. */
export function cpio(format: CpioFormat, entries: readonly CpioEntryParts[]): Uint8Array {
  const writer = new Writer(format === 'binaryBe')
  for (const entry of [...entries, { name: 'TRAILER!!!', mode: 0 }]) append(writer, format, entry)
  return writer.finish()
}

function append(writer: Writer, format: CpioFormat, entry: CpioEntryParts): void {
  const { name, data = new Uint8Array(), mode = 0o100644, links = 1 } = entry
  const size = entry.size ?? data.length
  const sum = entry.checksum ?? data.reduce((total, byte) => total + byte, 0)
  const alignment = format === 'newc' || format === 'crc' ? 4 : format.startsWith('binary') ? 2 : 1
  const hex = (value: number, width = 8) => value.toString(16).padStart(width, '0')
  const octal = (value: number, width = 6) => value.toString(8).padStart(width, '0')
  const named = new TextEncoder().encode(`${name}\0`)
  if (format === 'newc' || format === 'crc') {
    const crc = format === 'crc' ? sum : 0
    const fields = [1, mode, 0, 0, links, 0, size, 0, 0, 0, 0, named.length, crc]
    writer.bytes(bytesOf(MAGIC[format] + fields.map(field => hex(field)).join('')))
  } else if (format === 'odc') {
    const start = [0, 1, mode, 0, 0, links, 0].map(field => octal(field)).join('')
    writer.bytes(bytesOf(MAGIC[format] + start + octal(0, 11) + octal(named.length) + octal(size, 11)))
  } else if (format === 'afio') {
    const ids = [0, 0, links, 0].map(field => hex(field)).join('')
    const start = `${hex(0)}${hex(1, 16)}m${octal(mode)}${ids}${hex(0, 16)}n`
    writer.bytes(bytesOf(`${MAGIC[format]}${start}${hex(named.length, 4)}${hex(0, 4)}${hex(0, 4)}s${hex(size, 16)}:`))
  } else {
    for (const field of [0o070707, 0, 1, mode, 0, 0, links, 0, 0, 0, named.length]) writer.u16(field)
    writer.u16(Math.floor(size / 0x1_0000)).u16(size % 0x1_0000)
  }
  // Writers align from the header's start; every entry here starts aligned.
  writer.bytes(named).align(alignment).bytes(data).align(alignment)
}

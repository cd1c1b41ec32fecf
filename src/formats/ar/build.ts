import { bytesOf, Writer } from '../../bytes/index.ts'

// Builds ar archives for tests.

export interface ArEntryParts {
  /** As it stands in the header. */
  readonly name: string
  readonly data?: Uint8Array
  readonly size?: number
  /** False: an odd size is not filled up. */
  readonly isPadded?: boolean
}

export function ar(entries: readonly ArEntryParts[], magic = '!<arch>\n'): Uint8Array {
  const writer = new Writer().bytes(bytesOf(magic))
  for (const { name, data = new Uint8Array(), size = data.length, isPadded = true } of entries) {
    const fields = [name.padEnd(16), '0'.padEnd(12), '0'.padEnd(6), '0'.padEnd(6), '100644'.padEnd(8)]
    writer.bytes(bytesOf(`${fields.join('')}${String(size).padEnd(10)}\`\n`)).bytes(data)
    if (isPadded && data.length % 2 !== 0) writer.u8(0x0a)
  }
  return writer.finish()
}

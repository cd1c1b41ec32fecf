import {
  ALIGNMENT_BYTES,
  COLD_BLOCK_BYTES,
  HEADER,
  HEADER_BYTES,
  IMAGE_FORMAT,
  IMAGE_MAGIC,
  SECTION_ENTRY_BYTES,
  SECTION_HOT,
  SECTION_NAME_BYTES,
} from '../image/layout.ts'

// Puts sections together to one image file.

/** What the pure compiler needs of its host. */
export interface ChecksumPort {
  crc32(bytes: Uint8Array): number
  md5(bytes: Uint8Array): Uint8Array
  sha256(chunks: readonly Uint8Array[]): Uint8Array
}

type AnyArray = Uint8Array | Uint32Array

export interface SectionInput {
  readonly name: string
  readonly data: AnyArray
  readonly hot: boolean
}

const bytesOf = (data: AnyArray): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
const align = (offset: number, to: number): number => Math.ceil(offset / to) * to

/** Returns the file as chunks in order, so that a large image need not be copied into one array. */
export function writeImage(inputs: readonly SectionInput[], ports: ChecksumPort): Uint8Array[] {
  const hot = inputs.filter(section => section.hot)
  const cold = inputs.filter(section => !section.hot)
  const sections = inputs.length + 1
  const tableBytes = sections * SECTION_ENTRY_BYTES
  const chunks: Uint8Array[] = []
  const table = new Uint8Array(tableBytes)
  const tableView = new DataView(table.buffer)
  let offset = HEADER_BYTES + tableBytes
  let written = 0
  const encoder = new TextEncoder()

  const pad = (to: number): void => {
    if (to > offset) chunks.push(new Uint8Array(to - offset))
    offset = to
  }
  const place = (section: SectionInput, alignment: number): void => {
    pad(align(offset, alignment))
    const bytes = bytesOf(section.data)
    const entry = written++ * SECTION_ENTRY_BYTES
    encoder.encodeInto(section.name, table.subarray(entry, entry + SECTION_NAME_BYTES))
    tableView.setFloat64(entry + 32, offset, true)
    tableView.setFloat64(entry + 40, bytes.length, true)
    tableView.setUint32(entry + 48, section.hot ? ports.crc32(bytes) : 0, true)
    tableView.setUint32(entry + 52, section.hot ? SECTION_HOT : 0, true)
    chunks.push(bytes)
    offset += bytes.length
  }

  // The hot part ends with the checksums of the cold part's blocks, so the cold part is laid out first on paper.
  const coldBytes = cold.reduce((sum, section) => align(sum, ALIGNMENT_BYTES) + section.data.byteLength, 0)
  const blocks = new Uint32Array(Math.ceil(coldBytes / COLD_BLOCK_BYTES))
  fillBlockChecksums(cold, blocks, ports)
  for (const section of hot) place(section, ALIGNMENT_BYTES)
  place({ name: 'cold.blocks', data: blocks, hot: true }, ALIGNMENT_BYTES)
  pad(align(offset, ALIGNMENT_BYTES))
  const hotBytes = offset
  for (const section of cold) place(section, ALIGNMENT_BYTES)

  const header = new Uint8Array(HEADER_BYTES)
  const view = new DataView(header.buffer)
  view.setUint32(HEADER.magic, IMAGE_MAGIC, true)
  view.setUint32(HEADER.format, IMAGE_FORMAT, true)
  view.setUint32(HEADER.sections, sections, true)
  view.setUint32(HEADER.hotBytes, hotBytes, true)
  view.setFloat64(HEADER.fileBytes, offset, true)
  view.setUint32(HEADER.tableCrc, ports.crc32(table), true)
  header.set(ports.sha256([table, ...chunks]), HEADER.generation)
  return [header, table, ...chunks]
}

/** CRC-32 of every 64 KiB of the cold part, as it will stand in the file. */
function fillBlockChecksums(cold: readonly SectionInput[], blocks: Uint32Array, ports: ChecksumPort): void {
  const block = new Uint8Array(COLD_BLOCK_BYTES)
  let filled = 0
  let index = 0
  const push = (bytes: Uint8Array): void => {
    for (let at = 0; at < bytes.length;) {
      const count = Math.min(bytes.length - at, COLD_BLOCK_BYTES - filled)
      block.set(bytes.subarray(at, at + count), filled)
      at += count
      filled += count
      if (filled === COLD_BLOCK_BYTES) {
        blocks[index++] = ports.crc32(block)
        filled = 0
      }
    }
  }
  let offset = 0
  for (const section of cold) {
    const start = align(offset, ALIGNMENT_BYTES)
    push(new Uint8Array(start - offset))
    push(bytesOf(section.data))
    offset = start + section.data.byteLength
  }
  if (filled > 0) blocks[index] = ports.crc32(block.subarray(0, filled))
}

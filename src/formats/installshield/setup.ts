import { bytesOf, indexOf, latin1, u32le } from '../../bytes/index.ts'
import { digits, MAX_NAME_BYTES, nameText } from '../archive-parts.ts'

// What InstallShield's setup programs carry behind their last section. Two kinds are known:
//
//   name\0 path\0 version\0 size\0 data …                          for cabinets (decimal size)
//   "InstallShield\0" count, 28 bytes, then `header data` each     for MSI packages (encoded and compressed)
//
// Sources: both were read off setup programs; the key is the one that free extractors use.

/** One file, as stored. */
export interface SetupFile {
  readonly name: string
  /** Borrowed, clipped to the end of the content. */
  readonly data: Uint8Array
  readonly missingBytes: number
  /** How it is stored. */
  readonly encoding: 'plain' | 'msi'
}

/** Files that a setup program may carry; beyond that it is no table of files. */
const MAX_FILES = 65_536
const CHAIN_FIELDS = 4

/** Files of the first kind at `start`, and where they end; none where there is no such table. */
export function* setupChain(bytes: Uint8Array, start: number): Generator<SetupFile, void, void> {
  let at = start
  for (let count = 0; count < MAX_FILES && at < bytes.length; count++) {
    const fields: Uint8Array[] = []
    for (let i = 0; i < CHAIN_FIELDS; i++) {
      const end = bytes.subarray(at, at + MAX_NAME_BYTES).indexOf(0)
      if (end <= 0) return
      fields.push(bytes.subarray(at, at + end))
      at += end + 1
    }
    const [name, path, version, size] = fields
    const length = digits(size, 0, size.length, 10)
    if (length === undefined || !/^[\d.]+$/.test(latin1(version)) || !nameText(path).endsWith(nameText(name))) return
    const data = bytes.subarray(at, at + length)
    yield { name: nameText(path), data, missingBytes: length - data.length, encoding: 'plain' }
    at += length
  }
}

const MSI_MARK = bytesOf('InstallShield\0')
const MSI_HEADER = MSI_MARK.length + 32
const ENTRY = 312
const ENTRY_NAME = 260
const ENTRY_FLAGS = 260
const ENTRY_SIZE = 268
/** Debug information of the program may stand before the mark. */
const MAX_MARK_DISTANCE = 4096

/** Files of the second kind, whose mark is looked for from `start` on. */
export function* setupMsi(bytes: Uint8Array, start: number): Generator<SetupFile, void, void> {
  const mark = indexOf(bytes, MSI_MARK, start, start + MAX_MARK_DISTANCE)
  if (mark < 0 || mark + MSI_HEADER > bytes.length) return
  const count = Math.min(u32le(bytes, mark + MSI_MARK.length), MAX_FILES)
  let at = mark + MSI_HEADER
  for (let i = 0; i < count && at + ENTRY <= bytes.length; i++) {
    const name = nameText(bytes.subarray(at, at + ENTRY_NAME))
    const size = u32le(bytes, at + ENTRY_SIZE)
    const data = bytes.subarray(at + ENTRY, at + ENTRY + size)
    const encoding = u32le(bytes, at + ENTRY_FLAGS) === 0 ? 'plain' : 'msi'
    yield { name, data, missingBytes: size - data.length, encoding }
    at += ENTRY + size
  }
}

const KEY = [0xec, 0xca, 0x79, 0xf8]
const KEY_BLOCK = 1024

/** Undoes the encoding of the second kind: half bytes swapped, and a key made of the name, anew every 1024 bytes. */
export function decodeSetupFile({ name, data }: SetupFile): Uint8Array {
  const key = Array.from(name, (character, i) => (character.charCodeAt(0) & 0xff) ^ KEY[i % KEY.length])
  const decoded = new Uint8Array(data.length)
  if (key.length === 0) return decoded
  for (let i = 0, k = 0; i < data.length; i++, k++) {
    if (i % KEY_BLOCK === 0 || k === key.length) k = 0
    decoded[i] = ((data[i] >> 4) | (data[i] << 4)) ^ key[k]
  }
  return decoded
}

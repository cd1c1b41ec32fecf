// Measures how often byte pairs and four-byte windows occur in clean files, for the choice of anchors:
//   node scripts/make-frequencies.ts FOLDER_OF_PROGRAMS FOLDER_OF_DLLS FOLDER_OF_TEXT
// Rewrites src/signatures/compile/frequencies.ts. Run by hand; the result is committed.
import { commonBit, COMMON_FILTER_BITS, foldedWindow } from '../src/signatures/compile/common-strings.ts'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const SAMPLE_BYTES = 64e6
const WINDOWS = 1024
const STEP = 1.75
const FLOOR = -28

function* files(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true }))
    if (entry.isFile()) yield join(entry.parentPath, entry.name)
}

function sample(folder: string): Uint8Array {
  const all = [...files(folder)].sort()
  const chunks: Uint8Array[] = []
  let total = 0
  for (let i = 0; i < all.length && total < SAMPLE_BYTES; i++) {
    const path = all[(i * 7919) % all.length]
    if (statSync(path).size < 4096) continue
    const bytes = readFileSync(path).subarray(0, 4_000_000)
    chunks.push(bytes)
    total += bytes.length
  }
  return Buffer.concat(chunks)
}

/** Share of the files of a folder in which eight bytes of text must stand to count as common. */
const COMMON_SHARE = 0.03
const COMMON_SLOTS = 1 << 25
const FILES_PER_FOLDER = 1200

/** Puts the eight-byte windows of text that many files of a folder share into the filter. */
function addCommonStrings(folder: string, filter: Uint8Array): number {
  const seenIn = new Uint32Array(COMMON_SLOTS)
  const counts = new Uint16Array(COMMON_SLOTS)
  const all = [...files(folder)].sort()
  const some = all.filter((_, i) => (i * 7919) % all.length < FILES_PER_FOLDER)
  const least = Math.max(4, some.length * COMMON_SHARE)
  let added = 0
  some.forEach((path, index) => {
    const bytes = readFileSync(path).subarray(0, 4_000_000)
    for (let i = 0; i + 8 <= bytes.length; i++) {
      const window = foldedWindow(bytes, i)
      if (window < 0) continue
      const slot = window % COMMON_SLOTS
      if (seenIn[slot] === index + 1) continue
      seenIn[slot] = index + 1
      if (++counts[slot] < least) continue
      for (const round of [0, 1] as const) {
        const bit = commonBit(window, round)
        if ((filter[bit >> 3] & (1 << (bit & 7))) === 0) added++
        filter[bit >> 3] |= 1 << (bit & 7)
      }
    }
  })
  return added
}

const commonStrings = Buffer.alloc(COMMON_FILTER_BITS >> 3)
const pairs = new Float64Array(65536)
const windows = new Map<number, number>()
for (const folder of process.argv.slice(2)) {
  const bytes = sample(folder)
  const hashed = new Uint32Array(1 << 24)
  const share = 1 / bytes.length / (process.argv.length - 2)
  const at = (i: number) => (bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24)) >>> 0
  const slot = (window: number) => Math.imul(window, 0x9e3779b1) >>> 8
  for (let i = 0; i + 4 <= bytes.length; i++) {
    pairs[bytes[i] | (bytes[i + 1] << 8)] += share
    hashed[slot(at(i))]++
  }
  const least = bytes.length / 20_000
  for (let i = 0; i + 4 <= bytes.length; i++)
    if (hashed[slot(at(i))] > least) windows.set(at(i), (windows.get(at(i)) ?? 0) + share)
  console.log(folder, bytes.length, windows.size, addCommonStrings(folder, commonStrings))
}
const packed = Buffer.alloc(32768)
for (let i = 0; i < 65536; i++) {
  const level = Math.max(0, Math.min(15, Math.round((Math.log2(pairs[i] || 2 ** FLOOR) - FLOOR) / STEP)))
  packed[i >> 1] |= level << ((i & 1) * 4)
}
const common = [...windows].sort((a, b) => b[1] - a[1]).slice(0, WINDOWS)
const text = (name: string, base64: string) => {
  const rows = base64.match(/.{1,112}/g)!.map(row => `  '${row}',`)
  return `export const ${name} = [\n${rows.join('\n')}\n].join('')\n`
}
const list = Buffer.alloc(common.length * 5)
common.forEach(([window, share], i) => {
  list.writeUInt32LE(window, i * 5)
  list[i * 5 + 4] = Math.min(255, Math.round(-Math.log2(share) * 8))
})
writeFileSync(
  new URL('../src/signatures/compile/frequencies.ts', import.meta.url),
  `// Measured by scripts/make-frequencies.ts on clean programs, libraries and text. Data, not to be edited.\n
/** Logarithm of a pair's frequency: FLOOR + level * STEP, base 2. */
export const FLOOR = ${FLOOR}
export const STEP = ${STEP}
/** Base64 of 65,536 four-bit levels, index first | second << 8, low nibble first. */
${text('PAIR_LEVELS', packed.toString('base64'))}
/** Base64 of the commonest windows: four bytes, then one byte of -8 * log2(frequency). */
${text('COMMON_WINDOWS', list.toString('base64'))}
/** Base64 of the filter of common strings, see common-strings.ts. */
${text('COMMON_STRINGS', commonStrings.toString('base64'))}`,
)

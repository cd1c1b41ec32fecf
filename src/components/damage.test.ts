import { describe, expect, it } from 'vitest'
import { bytesOf } from '../bytes/index.ts'
import { indexOfBytes } from './testing/numbers.ts'
import { SEEDS } from './testing/seeds.ts'
import { hostileThread } from './testing/trial.ts'

// Damage that once made content go unseen without a word.

type Edit = readonly [at: number | string, bytes: readonly number[] | string]

const thread = hostileThread()
const seedOf = (name: string): Uint8Array => SEEDS.find(seed => seed.name === name)!.bytes.slice()
const verdictOf = (content: Uint8Array) =>
  thread.scan({ name: 'x', content, allMatches: true, deadlineMs: performance.now() + 10_000 }).verdict

/** Overwrites bytes at an offset, from the end where it is negative, or where a text stands. */
function edited(name: string, edits: readonly Edit[], size?: number): Uint8Array {
  const content = seedOf(name)
  for (const [at, bytes] of edits) {
    const offset = typeof at === 'string' ? indexOfBytes(content, bytesOf(at)) : at < 0 ? content.length + at : at
    expect(offset).toBeGreaterThanOrEqual(0)
    content.set(typeof bytes === 'string' ? bytesOf(bytes) : bytes, offset)
  }
  return size === undefined ? content : content.subarray(0, size)
}

const GZIP = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]
const NOTHING = [0, 0, 0, 0, 0, 0, 0, 0]

describe('damage', () => {
  it.each<[what: string, seed: string, edits: readonly Edit[], verdict: string, size?: number]>([
    ['a broken beginning of a file before a sound one', 'program with an archive behind it', [[700, GZIP]], 'infected'],
    ['a resource that is a broken archive', 'program with a resource', [], 'unscannable', 1196],
    [
      'no local header and no entry of the directory',
      'zip',
      [
        [177, [0]],
        [717, NOTHING],
      ],
      'unscannable',
    ],
    ['content as the target of a link', 'cpio, binaryBe', [[56, [0xa1]]], 'infected'],
    ['a size of zero in LZMA', 'lzma', [[5, NOTHING]], 'unscannable'],
    ['an index instead of blocks in XZ', 'xz', [[12, NOTHING]], 'unscannable'],
    ['too large a block of LZ4', 'lz4 legacy', [[7, [0x7f]]], 'unscannable'],
    ['a frame of Zstandard that is too short', 'zstd', [[10, [0x38]]], 'unscannable'],
    ['ActiveMime data at another place', 'activemime', [[0x1e, [0x10]], [0x3e, [0x78, 0x9c, 3, 0, 0, 0, 0, 1]]], 'unscannable'], // prettier-ignore
    ['a file of no size in SIS', 'sis, stored', [[128, [0, 0, 0, 0]]], 'infected'],
    ['a file at another place in SIS', 'sis', [[132, [135]]], 'unscannable'],
    ['no files in an InstallShield cabinet', 'installshield', [[16, [1, 0, 0, 0]], [-353 + 0x28, [0, 0, 0, 0]]], 'unscannable'], // prettier-ignore
    ['an attribute of TNEF that nobody knows', 'tnef', [[63, [0x77, 0x77]]], 'infected'],
    ['an attribute of TNEF that should be short', 'tnef', [[63, [0, 0x80]]], 'infected'],
    ['an attached file of no size in OneNote', 'onenote', [[1040, NOTHING]], 'infected'],
    ['uuencode with an odd mode', 'text with uuencode', [['begin 644', 'begin 107']], 'infected'],
    ['uuencode in what is text no more', 'text with uuencode', [[0, [0, 1, 2, 3]]], 'infected'],
    ['a tag in the base64 of Office XML', 'office-xml', [['TVq', '<a>']], 'unscannable'],
    ['a filter of PDF that is no name', 'pdf', [['/FlateDecode', '(lateDecode)']], 'unscannable'],
  ])('%s', (_, name, edits, verdict, size) => {
    expect(verdictOf(edited(name, edits, size))).toBe(verdict)
  })

  it('gzip that ends early, with a wrong checksum', () => {
    const content = seedOf('gzip')
    const empty = Uint8Array.of(3, 0, 1, 2, 3, 4, 0, 0, 0, 0)
    expect(verdictOf(Uint8Array.from([...content.subarray(0, 10), ...empty, ...content.subarray(10)]))).toBe(
      'unscannable',
    )
  })
})

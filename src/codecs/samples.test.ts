import { describe, expect, it } from 'vitest'
import type { Decoder } from './decoder.ts'
import { bzip2, gzip, lz4, lzip, lzma2, lzmaAlone, lzop, szdd, xz, zstd } from './index.ts'
import { decode, faultsOfTruncation, mutate, sampleText } from './testing/hostile.ts'
import { SAMPLES } from './testing/samples.ts'

const text = sampleText(2_000)
const bytesOfSample = (name: keyof typeof SAMPLES) => Uint8Array.from(Buffer.from(SAMPLES[name], 'base64'))

interface Row {
  readonly name: keyof typeof SAMPLES
  readonly decoder: (input: Uint8Array, start: number) => Decoder
  /** Where the output of the first member ends, if there is a second. */
  readonly boundary?: number
  /** It reads whatever follows. */
  readonly toEnd?: boolean
}
const DECODERS: readonly Row[] = [
  { name: 'bzip2', decoder: bzip2 },
  { name: 'bzip2 of two streams', decoder: bzip2, boundary: 1_000 },
  { name: 'lzma', decoder: lzmaAlone },
  { name: 'lzma of known size', decoder: lzmaAlone },
  { name: 'lzip', decoder: lzip },
  { name: 'lzip of two members', decoder: lzip, boundary: 1_000 },
  { name: 'xz', decoder: xz },
  { name: 'xz of three blocks and two streams', decoder: xz, boundary: 1_500 },
  { name: 'xz with filters', decoder: xz },
  { name: 'lzma2 of two dictionaries', decoder: (input, start) => lzma2(input, start, 65_536) },
  { name: 'lz4', decoder: lz4 },
  { name: 'lz4 of independent blocks', decoder: lz4 },
  { name: 'lz4 legacy', decoder: lz4, boundary: 0 },
  { name: 'lz4 of two frames', decoder: lz4, boundary: 1_000 },
  { name: 'zstd', decoder: zstd },
  { name: 'zstd fast', decoder: zstd },
  { name: 'gzip', decoder: gzip },
  { name: 'gzip of two members', decoder: gzip, boundary: 1_000 },
  { name: 'lzop', decoder: lzop },
  { name: 'lzop -9', decoder: lzop },
  { name: 'lzop of two members', decoder: lzop, boundary: 1_000 },
  { name: 'szdd', decoder: szdd, toEnd: true },
  { name: 'zstd of two frames', decoder: zstd, boundary: 1_000 },
]

describe.each(DECODERS)('$name', ({ name, decoder, boundary, toEnd }) => {
  const sample = bytesOfSample(name)

  it('gives back what the tool packed, and says where it ends', () => {
    const input = Buffer.concat([Buffer.from('head'), sample, Buffer.from(toEnd ? '' : 'tail')])
    const { bytes, end, error } = decode(decoder(input, 4))
    expect(error).toBeUndefined()
    expect(Buffer.compare(bytes, text)).toBe(0)
    expect(end).toBe(4 + sample.length)
  })

  it('cut off anywhere, gives what is there and says so', () => {
    expect([
      ...faultsOfTruncation(input => decoder(input, 0), sample, boundary === undefined ? [] : [boundary]),
    ]).toEqual([])
  })

  it('stands any damage', () => {
    mutate(input => decoder(input, 0), sample, 300)
  })
})

it('bzip2 gives back blocks that old versions randomised', () => {
  const sample = bytesOfSample('bzip2')
  // The bit behind the magic number and the checksum of the first block.
  sample[4 + 10] |= 0x80
  const expected = text.slice()
  // Bytes 619 - 1, 619 + 720 - 1, … of the block, counted from one; the text has no runs.
  expected[619 - 2] ^= 1
  expected[619 + 720 - 2] ^= 1
  expected[619 + 720 + 127 - 2] ^= 1
  expected[619 + 720 + 127 + 481 - 2] ^= 1
  expect(Buffer.compare(decode(bzip2(sample, 0)).bytes, expected)).toBe(0)
})

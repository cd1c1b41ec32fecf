import { describe, expect, it } from 'vitest'
import type { Decoder } from './decoder.ts'
import { explode, unreduce, unshrink } from './index.ts'
import { decode, faultsOfTruncation, mutate, sampleText } from './testing/hostile.ts'
import { implode, reduce, shrink } from './testing/pkzip-encoders.ts'

interface Row {
  readonly name: string
  readonly encode: (data: Uint8Array) => Uint8Array
  readonly decode: (input: Uint8Array, start: number, end: number, sizeBytes: number) => Decoder
}

const ROWS: readonly Row[] = [
  { name: 'shrink', encode: shrink, decode: unshrink },
  ...[0, 2, 4, 6].map(flags => ({
    name: `implode, flags ${flags}`,
    encode: (data: Uint8Array) => implode(data, flags),
    decode: (input: Uint8Array, start: number, end: number, size: number) => explode(input, start, end, flags, size),
  })),
  ...[1, 2, 3, 4].map(factor => ({
    name: `reduce, factor ${factor}`,
    encode: (data: Uint8Array) => reduce(data, factor),
    decode: (input: Uint8Array, start: number, end: number, size: number) => unreduce(input, start, end, factor, size),
  })),
]
const SIZE = 1_500

describe.each(ROWS)('$name', ({ encode, decode: decoder }) => {
  it('gives back what was packed, and says where it ends', () => {
    for (const data of [sampleText(SIZE), sampleText(9_000), new Uint8Array(3_000), new Uint8Array(0)]) {
      const packed = encode(data)
      const input = Buffer.concat([Buffer.from('head'), packed, Buffer.from('tail')])
      const { bytes, end, error } = decode(decoder(input, 4, 4 + packed.length, data.length))
      expect(error).toBeUndefined()
      expect(Buffer.compare(bytes, data)).toBe(0)
      expect(end).toBe(4 + packed.length)
    }
  })

  it('cut off anywhere, gives what is there and says so', () => {
    const packed = encode(sampleText(SIZE))
    expect([...faultsOfTruncation(input => decoder(input, 0, input.length, SIZE), packed)]).toEqual([])
  })

  it('stands any damage', () => {
    mutate(input => decoder(input, 0, input.length, SIZE), encode(sampleText(SIZE)), 300)
  })
})

describe('unshrink', () => {
  it('knows the string that is being made', () => {
    // 9-bit codes 97, 257, 258: a, aa, aaa.
    const packed = Uint8Array.of(0x61, 0x02, 0x0a, 0x04)
    expect(decode(unshrink(packed, 0, packed.length, 6)).bytes.toString()).toBe('aaaaaa')
  })

  it('clears strings again and again', () => {
    const data = sampleText(200_000)
    const packed = shrink(data)
    expect(Buffer.compare(decode(unshrink(packed, 0, packed.length, data.length)).bytes, data)).toBe(0)
  })
})

import { constants, crc32 as nodeCrc32, deflateRawSync, deflateSync } from 'node:zlib'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { collected, concatenated, crc32, inflate, zlibInflate } from './index.ts'
import { decode, faultsOfTruncation, mutate, numbers, sampleText } from './testing/hostile.ts'

const LEVELS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
const STRATEGIES = [
  constants.Z_DEFAULT_STRATEGY,
  constants.Z_FILTERED,
  constants.Z_HUFFMAN_ONLY,
  constants.Z_RLE,
  constants.Z_FIXED,
]
const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))
const text = sampleText(300_000)
const noise = Uint8Array.from({ length: 200_000 }, (_, i) => (Math.imul(i, 2_654_435_761) >>> 13) & 255)

describe('inflate', () => {
  it.each(LEVELS)('gives back what zlib packs at level %d, by every strategy', level => {
    for (const strategy of STRATEGIES)
      for (const data of [text, noise, new Uint8Array(500_000), new Uint8Array(0)]) {
        const packed = deflateRawSync(data, { level, strategy })
        const { bytes, end } = decode(inflate(packed, 0))
        expect(Buffer.compare(bytes, data)).toBe(0)
        expect(end).toBe(packed.length)
      }
  })

  it('gives back any bytes, wherever they start, and whatever follows', () => {
    const given = fc.tuple(fc.uint8Array({ maxLength: 3_000 }), fc.nat(5), fc.nat(9), fc.constantFrom(...STRATEGIES))
    fc.assert(
      fc.property(given, ([data, start, level, strategy]) => {
        const packed = deflateRawSync(data, { level, strategy })
        const input = Buffer.concat([new Uint8Array(start), packed, Buffer.from([1, 2, 3])])
        const { bytes, end } = decode(inflate(input, start))
        expect(Buffer.compare(bytes, data)).toBe(0)
        expect(end).toBe(start + packed.length)
      }),
    )
  })

  it('cut off anywhere, gives what is there and says so', () => {
    const data = sampleText(1_500)
    for (const options of [{}, { strategy: constants.Z_FIXED }, { level: 0 }])
      expect([...faultsOfTruncation(input => inflate(input, 0), deflateRawSync(data, options))]).toEqual([])
  })

  it('gives nearly all of what stands before the cut', () => {
    const packed = deflateRawSync(text)
    const { bytes, error } = decode(inflate(packed.subarray(0, packed.length - 10), 0))
    expect(error?.reason).toBe('malformed')
    expect(bytes.length).toBeGreaterThan(text.length - 200)
  })

  it('stands any damage', () => {
    const data = sampleText(2_000)
    for (const options of [{}, { strategy: constants.Z_FIXED }])
      for (const variant of ['deflate', 'deflate64'] as const)
        mutate(input => inflate(input, 0, variant), deflateRawSync(data, options), 3_000)
  })

  it('reads noise to an end', () => {
    const random = numbers(3)
    for (let i = 0; i < 2_000; i++)
      decode(
        inflate(
          Uint8Array.from({ length: 100 }, () => random(256)),
          0,
          i % 2 ? 'deflate' : 'deflate64',
        ),
      )
  })

  it.each([
    ['reserved type', '07', 'Reserved type of block'],
    ['stored length', '01 0500 0000', 'Length of a stored block and its complement differ'],
    ['distance before the start', '4b 04 12 00', 'A distance reaches before the start'],
    ['unknown length', '1b 07', 'Unknown code of a literal or length'],
    ['nothing', '', 'Compressed data end too early'],
  ])('refuses %s', (_, bytes, message) => {
    expect(decode(inflate(hex(bytes), 0)).error?.message).toBe(message)
  })

  it('Deflate64: length code 285 has 16 extra bits, and distances reach 64 KiB', () => {
    // Fixed block: 'a', match of length 3 + 40000 at distance 1, end of block.
    const bits: number[] = [1, 1, 0]
    const code = (value: number, n: number) => {
      for (let i = n - 1; i >= 0; i--) bits.push((value >> i) & 1)
    }
    const number = (value: number, n: number) => {
      for (let i = 0; i < n; i++) bits.push((value >> i) & 1)
    }
    code(0x30 + 97, 8)
    code(0xc0 + 5, 8)
    number(40_000, 16)
    code(0, 5)
    code(0x30 + 98, 8)
    // Distance code 30: 32769 + 14 bits; length 3.
    code(1, 7)
    code(30, 5)
    number(7_234, 14)
    code(0, 7)
    const packed = new Uint8Array((bits.length + 7) >> 3)
    for (const [i, bit] of bits.entries()) packed[i >> 3] |= bit << (i & 7)
    const { bytes, end } = decode(inflate(packed, 0, 'deflate64'))
    expect(Buffer.from(bytes).toString('latin1')).toBe(`${'a'.repeat(40_004)}baaa`)
    expect(end).toBe(packed.length)
  })
})

describe('zlibInflate', () => {
  const packed = deflateSync(text)

  it('passes the checksum over, right or wrong', () => {
    const wrong = Uint8Array.from(packed)
    wrong[wrong.length - 1] ^= 1
    for (const input of [packed, wrong]) {
      const { bytes, end, error } = decode(zlibInflate(input, 0))
      expect(error).toBeUndefined()
      expect(Buffer.compare(bytes, text)).toBe(0)
      expect(end).toBe(packed.length)
    }
    expect(decode(zlibInflate(packed.subarray(0, packed.length - 4), 0)).error).toBeUndefined()
  })

  it.each([
    ['without a header', packed.subarray(2)],
    ['with a wrong header', Buffer.concat([Buffer.from([0x78, 0x9d]), packed.subarray(2)])],
  ])('reads DEFLATE %s', (_, input) => {
    expect(Buffer.compare(decode(zlibInflate(input, 0)).bytes, text)).toBe(0)
  })

  it('knows no preset dictionary', () => {
    expect(decode(zlibInflate(deflateSync(text, { dictionary: text.subarray(0, 100) }), 0)).error?.reason).toBe(
      'unsupported',
    )
  })
})

describe('crc32', () => {
  it('is that of zlib, whole and in pieces', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(100), (data, cut) => {
        expect(crc32(data)).toBe(nodeCrc32(data))
        expect(crc32(data.subarray(cut), crc32(data.subarray(0, cut)))).toBe(nodeCrc32(data))
      }),
    )
  })
})

describe('collected', () => {
  it('keeps the first bytes of what is too large, and of what is damaged', () => {
    const packed = deflateRawSync(text)
    expect(collected(inflate(packed, 0), 100_000)).toMatchObject({ end: undefined, fault: { reason: 'too-large' } })
    expect(collected(inflate(packed, 0), 100_000).bytes).toEqual(text.slice(0, 100_000))
    expect(collected(inflate(packed.subarray(0, 9_000), 0), 1e6).fault?.reason).toBe('malformed')
    expect(collected(inflate(packed, 0), text.length)).toMatchObject({ end: packed.length, fault: undefined })
  })

  it('or throws', () => {
    const packed = deflateRawSync(text)
    expect(() => concatenated(inflate(packed, 0), 10)).toThrow('It unpacks to over 10 bytes')
    expect(concatenated(inflate(packed, 0), text.length)).toEqual(text)
  })
})

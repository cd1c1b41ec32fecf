import { deflateRawSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { kwaj, readKwajHeader, szdd } from './index.ts'
import { decode, faultsOfTruncation, mutate, sampleText } from './testing/hostile.ts'

const text = sampleText(70_000)

const u16 = (value: number): Buffer => Buffer.from([value & 255, value >> 8])

/** @param sizeBytes - undefined: the header does not say it */
function kwajFile(method: number, body: Uint8Array, sizeBytes?: number): Uint8Array {
  const size = Buffer.alloc(4)
  if (sizeBytes !== undefined) size.writeUInt32LE(sizeBytes)
  const fields = Buffer.concat([sizeBytes === undefined ? Buffer.alloc(0) : size, Buffer.from('NAME\0TXT\0')])
  const flags = (sizeBytes === undefined ? 0 : 1) | 8 | 16
  const magic = Buffer.from('4b57414a88f027d1', 'hex')
  return Buffer.concat([magic, u16(method), u16(14 + fields.length), u16(flags), fields, body])
}

/** Bits as text, most significant first; spaces are for the reader. */
function bitsOf(text: string): Uint8Array {
  const bits = text.replaceAll(' ', '')
  return Uint8Array.from({ length: Math.ceil(bits.length / 8) }, (_, i) =>
    Number.parseInt(bits.slice(i * 8, i * 8 + 8).padEnd(8, '0'), 2),
  )
}

function mszipBody(data: Uint8Array): Uint8Array {
  const blocks: Uint8Array[] = []
  for (let at = 0; at < data.length; at += 32_768) {
    const dictionary = data.subarray(Math.max(0, at - 32_768), at)
    const options = dictionary.length > 0 ? { dictionary } : {}
    const packed = deflateRawSync(data.subarray(at, at + 32_768), options)
    blocks.push(u16(packed.length + 2), Buffer.from('CK'), packed)
  }
  return Buffer.concat([...blocks, u16(0)])
}

// 'abc', then six bytes from three before: fixed codes of 4, 4, 5, 6 and 8 bits.
const LZH = bitsOf('0000 0000 0000 0000 0000 0000  0000 00010 01100001 01100010 01100011  0100 000000 000011')
// The same with three literals and a match at place 4078 of the ring.
const LZSS = Uint8Array.of(0x07, 0x61, 0x62, 0x63, 0xee, 0xf3)
const abc = Buffer.from('abcabcabc')

const FILES = [
  { name: 'as they are', file: kwajFile(0, text), expected: text },
  {
    name: 'inverted',
    file: kwajFile(
      1,
      text.map(byte => byte ^ 255),
    ),
    expected: text,
  },
  { name: 'LZSS', file: kwajFile(2, LZSS, 9), expected: abc },
  { name: 'LZSS of unknown size', file: kwajFile(2, LZSS), expected: abc },
  { name: 'LZ and prefix codes', file: kwajFile(3, LZH, 9), expected: abc },
  { name: 'MSZIP', file: kwajFile(4, mszipBody(text)), expected: text },
]

describe.each(FILES)('kwaj: $name', ({ file, expected }) => {
  it('gives back what was packed, and says where it ends', () => {
    const { bytes, end, error } = decode(kwaj(file, 0))
    expect(error).toBeUndefined()
    expect(Buffer.compare(bytes, expected)).toBe(0)
    expect(end).toBe(file.length)
  })

  it('stands any damage', () => {
    const part = file.slice(0, 3_000)
    mutate(input => kwaj(input, 0), part, 300)
  })
})

describe('kwaj', () => {
  it('knows the name', () => {
    expect(readKwajHeader(kwajFile(0, text, 5), 0)).toEqual({
      method: 0,
      dataOffset: 27,
      sizeBytes: 5,
      name: 'NAME.TXT',
    })
  })

  it('cut off anywhere, says so where it knows the size', () => {
    for (const method of [2, 3])
      expect([...faultsOfTruncation(input => kwaj(input, 0), kwajFile(method, method === 2 ? LZSS : LZH, 9))]).toEqual(
        [],
      )
  })

  it('refuses other methods', () => {
    expect(decode(kwaj(kwajFile(5, text), 0)).error).toMatchObject({ reason: 'unsupported' })
  })
})

describe('szdd', () => {
  it('reads the variant of QBasic', () => {
    const header = Buffer.from('535a2088f02733d109000000', 'hex')
    expect(decode(szdd(Buffer.concat([header, LZSS]), 0)).bytes).toEqual(abc)
  })
})

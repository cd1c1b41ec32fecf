import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as bytes from './index.ts'
import {
  ParseError,
  Writer,
  bytesOf,
  decodeHex,
  encodeHex,
  equalsAt,
  indexOf,
  latin1,
  struct,
  uint16le,
  uint32be,
} from './index.ts'

const READERS = [
  ['u8', bytes.u8, 1, 'little'],
  ['u16le', bytes.u16le, 2, 'little'],
  ['u16be', bytes.u16be, 2, 'big'],
  ['u32le', bytes.u32le, 4, 'little'],
  ['u32be', bytes.u32be, 4, 'big'],
  ['u64le', bytes.u64le, 8, 'little'],
  ['u64be', bytes.u64be, 8, 'big'],
] as const

describe.each(READERS)('%s', (_, read, size, order) => {
  it('reads what Writer wrote, at any offset', () => {
    fc.assert(
      fc.property(fc.nat(20), fc.bigInt({ min: 0n, max: 256n ** BigInt(size) - 1n }), (offset, wanted) => {
        const value = Number(wanted <= BigInt(Number.MAX_SAFE_INTEGER) ? wanted : wanted >> 11n)
        const written = new Writer(order === 'big').padTo(offset).uint(size, value).finish()
        expect(read(written, offset)).toBe(value)
      }),
    )
  })

  it.each([-1, 0.5, Number.NaN, 1, 2 ** 32, Infinity])('refuses offset %d of bytes that just fit one', offset => {
    expect(() => read(new Uint8Array(size), offset)).toThrow(ParseError)
  })

  it('is the largest value for ones', () => {
    expect(read(new Uint8Array(size).fill(0xff), 0)).toBe(size === 8 ? 2 ** 64 : 256 ** size - 1)
  })
})

describe('ParseError', () => {
  it('tells field, offset, need and have', () => {
    const read = () => struct({ a: uint16le, b: uint32be }).read(new Uint8Array(10), 5)
    expect(read).toThrow(new ParseError('b', 7, 4, 3))
    expect(read).toThrow('b at offset 7 needs 4 bytes, there are 3')
  })
})

describe('struct', () => {
  const Layout = struct({ magic: bytes.bytes(2), size: uint16le, offset: uint32be })

  it('reads fields one after the other', () => {
    const record = Layout.read(Uint8Array.of(9, 0x4d, 0x5a, 0x34, 0x12, 0, 0, 1, 0), 1)
    expect(record).toEqual({ magic: Uint8Array.of(0x4d, 0x5a), size: 0x1234, offset: 0x100 })
  })

  it('knows its size and offsets', () => {
    expect([Layout.size, Layout.offsets]).toEqual([8, { magic: 0, size: 2, offset: 4 }])
  })

  it.each([-1, 1, 2.5, Number.NaN])('tryRead answers undefined at %d', at => {
    expect(Layout.tryRead(new Uint8Array(8), at)).toBeUndefined()
  })
})

describe('hexadecimal text', () => {
  it('round-trips', () => {
    fc.assert(
      fc.property(fc.uint8Array(), input => {
        expect(decodeHex(encodeHex(input))).toEqual(input)
      }),
    )
  })

  it.each(['0', 'abc', 'zz', '0x', ' 0', '0g', 'é0'])('%j is none', text => expect(decodeHex(text)).toBeUndefined())

  it('takes both cases and writes the lower', () => expect(encodeHex(decodeHex('aBCd09')!)).toBe('abcd09'))
})

describe('indexOf', () => {
  const indexOfReference = (text: string, pattern: string, start: number, end: number): number =>
    text.slice(0, end).indexOf(pattern, start)

  it('finds what String.indexOf finds', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 30 })
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(text, pattern, fc.nat(30), fc.nat(40), (haystack, needle, start, end) => {
        expect(indexOf(bytesOf(haystack), bytesOf(needle), start, end)).toBe(
          indexOfReference(haystack, needle, start, end),
        )
      }),
    )
  })
})

describe('equalsAt', () => {
  it.each([
    [0, true],
    [1, false],
    [2, true],
    [3, false],
    [-1, false],
  ])('at %d: %s', (offset, expected) => expect(equalsAt(bytesOf('abab'), offset, bytesOf('ab'))).toBe(expected))
})

describe('latin1', () => {
  it('clips to what is there', () => expect(latin1(bytesOf('añÿ'), -5, 99)).toBe('añÿ'))
})

describe('Writer', () => {
  it('grows, pads and aligns', () => {
    const out = new Writer().u8(1).align(4).u16(2).padTo(4000).u32(3).u64(4).bytes(Uint8Array.of(5))
    expect(out.length).toBe(4013)
    const written = out.finish()
    expect([written[0], written[4], written[4000], written[4004], written[4012]]).toEqual([1, 2, 3, 4, 5])
  })
})

it('exports', () => {
  expect(Object.keys(bytes).sort()).toMatchInlineSnapshot(`
    [
      "ContentError",
      "ParseError",
      "Writer",
      "bytes",
      "bytesOf",
      "decodeHex",
      "encodeHex",
      "equalsAt",
      "hexDigit",
      "indexOf",
      "latin1",
      "struct",
      "u16be",
      "u16le",
      "u32be",
      "u32le",
      "u64be",
      "u64le",
      "u8",
      "uint16be",
      "uint16le",
      "uint32be",
      "uint32le",
      "uint64be",
      "uint64le",
      "uint8",
    ]
  `)
})

import { describe, expect, it } from 'vitest'
import { lzwDecode, uncompress } from './index.ts'
import { decode, faultsOfTruncation, mutate, sampleText } from './testing/hostile.ts'
import { SAMPLES } from './testing/samples.ts'

const text = sampleText(2_000)

/** LZW as PDF has it; `clearAt`: clears the table when it has so many codes. */
function lzwEncode(data: Uint8Array, earlyChange: boolean, clearAt = 4_094): Uint8Array {
  const bits: number[] = []
  let width = 9
  const put = (code: number) => {
    for (let i = width - 1; i >= 0; i--) bits.push((code >> i) & 1)
  }
  let codes = new Map<string, number>()
  let size = 258
  put(256)
  let string = ''
  const codeOf = (of: string) => (of.length === 1 ? of.charCodeAt(0) : (codes.get(of) ?? 0))
  for (const byte of data) {
    const next = string + String.fromCharCode(byte)
    if (next.length === 1 || codes.has(next)) {
      string = next
      continue
    }
    put(codeOf(string))
    codes.set(next, size++)
    // The decoder is one string behind.
    if (size - 1 + (earlyChange ? 1 : 0) >= 1 << width && width < 12) width++
    string = next.at(-1) ?? ''
    if (size >= clearAt) {
      put(codeOf(string))
      string = ''
      put(256)
      codes = new Map()
      size = 258
      width = 9
    }
  }
  if (string !== '') put(codeOf(string))
  if (size + (earlyChange ? 1 : 0) >= 1 << width && width < 12 && string !== '') width++
  put(257)
  const bytes = new Uint8Array((bits.length + 7) >> 3)
  for (const [i, bit] of bits.entries()) bytes[i >> 3] |= bit << (7 - (i & 7))
  return bytes
}

describe('uncompress', () => {
  for (const name of ['compress', 'compress 10 bits'] as const) {
    const sample = Uint8Array.from(Buffer.from(SAMPLES[name], 'base64'))

    it(`gives back what the tool packed: ${name}`, () => {
      const { bytes, end } = decode(uncompress(Buffer.concat([Buffer.from('head'), sample]), 4))
      expect(Buffer.compare(bytes, text)).toBe(0)
      expect(end).toBe(4 + sample.length)
    })

    it(`cut off anywhere, gives what is there: ${name}`, () => {
      const faults = [...faultsOfTruncation(input => uncompress(input, 0), sample)]
      expect(faults.filter(fault => !fault.endsWith('short without an error'))).toEqual([])
    })

    it(`stands any damage: ${name}`, () => {
      mutate(input => uncompress(input, 0), sample, 1_000)
    })
  }

  it('refuses a code that stands for nothing', () => {
    expect(decode(uncompress(Uint8Array.of(0x1f, 0x9d, 0x90, 97, 0xfe, 0x03), 0))).toMatchObject({
      bytes: Buffer.from('a'),
      error: { message: 'A code that stands for nothing' },
    })
  })
})

describe('lzwDecode', () => {
  it.each([true, false])('gives back what was packed, early change %s', earlyChange => {
    for (const data of [text, sampleText(100_000), new Uint8Array(50_000), new Uint8Array(0)])
      for (const clearAt of [4_094, 300, 600]) {
        const packed = lzwEncode(data, earlyChange, clearAt)
        const { bytes, end } = decode(lzwDecode(packed, 0, earlyChange))
        expect(Buffer.compare(bytes, data)).toBe(0)
        expect(end).toBe(packed.length)
      }
  })

  it('reads the example of the specification of PDF', () => {
    const packed = Uint8Array.of(0x80, 0x0b, 0x60, 0x50, 0x22, 0x0c, 0x0c, 0x85, 0x01)
    expect(decode(lzwDecode(packed, 0, true)).bytes).toEqual(Buffer.from([45, 45, 45, 45, 45, 65, 45, 45, 45, 66]))
  })

  it('stands any damage', () => {
    mutate(input => lzwDecode(input, 0, true), lzwEncode(text, true), 1_000)
  })
})

import { describe, expect, it } from 'vitest'
import { bytesOf, decodeHex } from '../bytes/index.ts'
import { decodeLzfu, ovbaDecompress, Rc4 } from './index.ts'
import type { Decoder } from './index.ts'
import { decode, numbers } from './testing/hostile.ts'

const hex = (text: string): Uint8Array => decodeHex(text.replaceAll(/\s/g, ''))!
const text = (bytes: Uint8Array): string => String.fromCharCode(...bytes)

// Examples of [MS-OVBA] 3.2.
const OVBA: readonly (readonly [name: string, packed: string, plain: string])[] = [
  ['no compression', '0119b0006162636465666768006 96a6b6c6d6e6f700071727374 75762e', 'abcdefghijklmnopqrstuv.'],
  [
    'normal compression',
    '012fb00023616161626364658266007061676869 6a013808616b6c00306d6e6f700671027004107273747576107778797a003c',
    '#aaabcdefaaaaghijaaaaaklaaamnopqaaaaaaaaaaaarstuvwxyzaaa',
  ],
  ['maximum compression', '0103b002614500', 'a'.repeat(73)],
]

describe('ovbaDecompress', () => {
  it.each(OVBA)('%s', (_, packed, plain) => {
    const input = hex(packed)
    const { bytes, end, error } = decode(ovbaDecompress(input, 0))
    expect([text(bytes), end, error]).toEqual([plain, input.length, undefined])
  })

  it('takes chunks that are stored, and ends behind the last one', () => {
    const stored = Uint8Array.from({ length: 4096 }, (_, i) => i & 255)
    const input = Uint8Array.of(1, 0xff, 0x3f, ...stored, ...hex('03b002614500'), 0, 0, 0)
    const { bytes, end } = decode(ovbaDecompress(input, 0))
    expect([bytes.length, end]).toEqual([4096 + 73, 1 + 4098 + 6])
  })

  it.each([
    ['02', 'mark'],
    ['0119a0', 'mark'],
    ['0119b00061', 'cut off'],
    ['0103b001ffff', 'before its chunk'],
  ])('%s is damaged: %s', (packed, message) => {
    expect(decode(ovbaDecompress(hex(packed), 0)).error?.message).toContain(message === 'mark' ? 'mark' : message)
  })
})

// Example of [MS-OXRTFCP] 4.1.1.
const LZFU = '2d0000002b0000004c5a4675f1c5c7a703000a0072637067313235423 20af32068656c090020627705b06c647d0a800fa0'

describe('decodeLzfu', () => {
  it('reads the example of the specification', () => {
    const { bytes, error } = decode(decodeLzfu(hex(LZFU), 0))
    expect([text(bytes), error]).toEqual(['{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n', undefined])
  })

  it('reads what is stored', () => {
    const input = Uint8Array.of(...hex('0f000000030000004d454c4100000000'), ...bytesOf('abc'))
    expect(text(decode(decodeLzfu(input, 0)).bytes)).toBe('abc')
  })

  it('keeps what came before the end of cut data', () => {
    const { bytes, error } = decode(decodeLzfu(hex(LZFU).subarray(0, 40), 0))
    expect(text(bytes)).toContain('{\\rtf1\\ansi')
    expect(error?.reason).toBe('malformed')
  })
})

describe('Rc4', () => {
  it.each([
    ['Key', 'Plaintext', 'bbf316e8d940af0ad3'],
    ['Wiki', 'pedia', '1021bf0420'],
  ])('%s', (key, plain, cipher) => {
    expect(new Rc4(bytesOf(key)).apply(bytesOf(plain))).toEqual(hex(cipher))
  })

  it('goes on where it ended', () => {
    const cipher = new Rc4(bytesOf('Key'))
    const parts = [...cipher.apply(bytesOf('Plain')), ...cipher.apply(bytesOf('text'))]
    expect(Uint8Array.from(parts)).toEqual(hex('bbf316e8d940af0ad3'))
  })
})

describe.each<readonly [string, (input: Uint8Array, start: number) => Decoder, string]>([
  ['ovba', ovbaDecompress, OVBA[1][1]],
  ['lzfu', decodeLzfu, LZFU],
])('%s stands damage', (_, decoder, sample) => {
  it('anywhere', () => {
    const input = hex(sample)
    let errors = 0
    for (let size = 0; size < input.length; size++)
      if (decode(decoder(input.subarray(0, size), 0)).error !== undefined) errors++
    const next = numbers(7)
    for (let i = 0; i < 3_000; i++) {
      const damaged = input.slice()
      for (let k = 0; k < 3; k++) damaged[next(damaged.length)] = next(256)
      if (decode(decoder(damaged, 0)).error !== undefined) errors++
    }
    expect(errors).toBeGreaterThan(input.length / 2)
  })
})

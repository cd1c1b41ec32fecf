import { describe, expect, it } from 'vitest'
import * as fc from 'fast-check'
import { bytesOf, ContentError, encodeHex, latin1 } from '../bytes/index.ts'
import { ascii85Decode, asciiHexDecode, Rc4, runLengthDecode, unpredict } from './index.ts'

type Filter = (source: Iterable<Uint8Array>) => Generator<Uint8Array, void, void>

const pieces = (bytes: Uint8Array, size: number): Uint8Array[] =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size))
const copied = (filter: Filter, input: Uint8Array, size: number): Uint8Array[] => {
  const all: Uint8Array[] = []
  for (const piece of filter(pieces(input, size))) all.push(piece.slice())
  return all
}
const run = (filter: Filter, input: Uint8Array, size = 7): Uint8Array => Buffer.concat(copied(filter, input, size))
const text = (filter: Filter, input: string) => latin1(run(filter, bytesOf(input)))

function toAscii85(bytes: Uint8Array): string {
  let out = ''
  for (let i = 0; i < bytes.length; i += 4) {
    const group = new Uint8Array(4)
    group.set(bytes.subarray(i, i + 4))
    const count = Math.min(4, bytes.length - i)
    let value = new DataView(group.buffer).getUint32(0)
    if (value === 0 && count === 4) out += 'z'
    else {
      let digits = ''
      for (let k = 0; k < 5; k++) {
        digits = String.fromCharCode(33 + (value % 85)) + digits
        value = Math.floor(value / 85)
      }
      out += digits.slice(0, count + 1)
    }
  }
  return `${out}~>`
}

function toRunLength(bytes: Uint8Array): Uint8Array {
  const out: number[] = []
  for (let i = 0; i < bytes.length;) {
    let same = 1
    while (same < 128 && bytes[i + same] === bytes[i] && i + same < bytes.length) same++
    if (same > 1) out.push(257 - same, bytes[i])
    else out.push(0, bytes[i])
    i += same
  }
  return Uint8Array.from([...out, 128])
}

describe('the small filters of PDF', () => {
  it.each([
    ['48 65 6C6c6F>zz', 'Hello'],
    ['4865 6c6c 7', 'Hellp'],
    ['', ''],
  ])('hexadecimal %j', (input, output) => expect(text(asciiHexDecode, input)).toBe(output))

  it.each([
    ['87cURD]i,"Ebo80~>rest', 'Hello World!'],
    ['<~87cURD]i,"Ebo80~>', 'Hello World!'],
    ['87cUR D]i,"\nEbo80', 'Hello World!'],
    ['z~>', '\0\0\0\0'],
    ['', ''],
  ])('ASCII85 %j', (input, output) => expect(latin1(run(ascii85Decode, bytesOf(input), 100))).toBe(output))

  it('decode what was encoded, whatever the pieces', () => {
    const byte = fc.oneof(fc.nat(255), fc.constant(0))
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 300 }), fc.integer({ min: 1, max: 50 }), (values, size) => {
        const bytes = Uint8Array.from(values)
        const hex = encodeHex(bytes)
        expect(encodeHex(run(asciiHexDecode, bytesOf(encodeHex(bytes)), size))).toBe(hex)
        expect(encodeHex(run(ascii85Decode, bytesOf(toAscii85(bytes)), size))).toBe(hex)
        expect(encodeHex(run(runLengthDecode, toRunLength(bytes), size))).toBe(hex)
      }),
      { numRuns: 200 },
    )
  })

  it('hand out more than one piece', () => {
    const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => (i * i) >> 3)
    expect(run(asciiHexDecode, bytesOf(encodeHex(bytes)), 9999).length).toBe(bytes.length)
    expect(run(runLengthDecode, toRunLength(bytes), 9999)).toEqual(Buffer.from(bytes))
    expect(run(ascii85Decode, bytesOf(toAscii85(bytes)), 9999)).toEqual(Buffer.from(bytes))
  })
})

/** Filters rows as PNG says, one filter after the other. */
function filtered(bytes: Uint8Array, rowBytes: number, step: number): Uint8Array {
  const out: number[] = []
  const at = (row: number, i: number) => (row < 0 || i < 0 ? 0 : bytes[row * rowBytes + i])
  for (let row = 0; row * rowBytes < bytes.length; row++) {
    const filter = row % 5
    out.push(filter)
    for (let i = 0; i < rowBytes && row * rowBytes + i < bytes.length; i++) {
      const a = at(row, i - step)
      const b = at(row - 1, i)
      const c = i < step ? 0 : at(row - 1, i - step)
      const p = a + b - c
      const [pa, pb, pc] = [Math.abs(p - a), Math.abs(p - b), Math.abs(p - c)]
      const paeth = pa <= pb && pa <= pc ? a : pb <= pc ? b : c
      out.push((at(row, i) - [0, a, b, (a + b) >> 1, paeth][filter]) & 255)
    }
  }
  return Uint8Array.from(out)
}

describe('predictors', () => {
  const layout = { predictor: 15, colors: 3, bitsPerComponent: 8, columns: 10 }

  it('undo PNG, rows cut off included', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.integer({ min: 1, max: 80 }), (bytes, size) => {
        const undone = run(source => unpredict(source, layout), filtered(bytes, 30, 3), size)
        expect(encodeHex(undone)).toBe(encodeHex(bytes))
      }),
      { numRuns: 200 },
    )
  })

  it('undo PNG with rows longer than a piece', () => {
    const columns = 100_000
    const bytes = Uint8Array.from({ length: 3 * columns }, (_, i) => i * 7)
    const wide = { predictor: 12, colors: 1, bitsPerComponent: 8, columns }
    expect(run(source => unpredict(source, wide), filtered(bytes, columns, 1), 5000)).toEqual(Buffer.from(bytes))
  })

  it.each([
    [8, 1, [1, 1, 1, 1], [1, 2, 3, 4]],
    [8, 2, [1, 10, 1, 10], [1, 10, 2, 20]],
    [16, 1, [0, 255, 0, 1], [0, 255, 1, 0]],
    [4, 1, [0x11, 0x11], [0x12, 0x34]],
    [1, 1, [0b1010_1010], [0b1100_1100]],
    [3, 1, [0b1010_1010], undefined],
  ])('undo TIFF: %i bits, %i colours', (bitsPerComponent, colors, input, output) => {
    const columns = Math.floor((input.length * 8) / bitsPerComponent / colors)
    const tiff = { predictor: 2, colors, bitsPerComponent, columns }
    const undone = run(source => unpredict(source, tiff), Uint8Array.from(input))
    if (output !== undefined) expect([...undone]).toEqual(output)
  })

  it('refuse rows that no image has', () => {
    const huge = { predictor: 12, colors: 4, bitsPerComponent: 16, columns: 2 ** 31 }
    expect(() => [...unpredict([new Uint8Array(5)], huge)]).toThrow(ContentError)
    expect(() => [...unpredict([new Uint8Array(5)], { ...huge, columns: NaN })]).toThrow(ContentError)
  })
})

describe('rc4', () => {
  it.each([
    ['Key', 'Plaintext', 'bbf316e8d940af0ad3'],
    ['Wiki', 'pedia', '1021bf0420'],
    ['Secret', 'Attack at dawn', '45a01f645fc35b383552544b9bf5'],
  ])('%s', (key, plain, hex) => expect(encodeHex(new Rc4(bytesOf(key)).apply(bytesOf(plain)))).toBe(hex))

  it('continues its keystream', () => {
    const cipher = new Rc4(bytesOf('Secret'))
    expect(encodeHex(cipher.apply(bytesOf('Attack '))) + encodeHex(cipher.apply(bytesOf('at dawn')))).toBe(
      '45a01f645fc35b383552544b9bf5',
    )
  })
})

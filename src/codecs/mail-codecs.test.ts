import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytesOf, ContentError, decodeHex, latin1 } from '../bytes/index.ts'
import {
  characterReferenceAt,
  decodeBase64,
  decodeBinHex,
  decodeLzfu,
  decodePercent,
  decodeQuotedPrintable,
  decodeScript,
  decodeUtf16,
  decodeUuencode,
  decodeYenc,
  encodedScriptAt,
  SCRIPT_MARK,
  sliceOf,
  surveyBase64,
} from './index.ts'
import type { AfterPadding } from './index.ts'
import { encodeBinHex, encodeQuotedPrintable, encodeUu, encodeYenc } from './build.ts'

const all = (pieces: Iterable<Uint8Array>): Buffer => Buffer.concat(Array.from(pieces, piece => piece.slice()))
const text = (pieces: Iterable<Uint8Array>): string => latin1(all(pieces))
const anyBytes = fc.uint8Array({ maxLength: 500 })
const big = Uint8Array.from({ length: 200_000 }, (_, i) => ((i * 2_654_435_761) >>> 13) & 0xff)

describe('base64', () => {
  it('reads what Node writes, whatever is strewn in, also beyond one piece', () => {
    fc.assert(
      fc.property(anyBytes, fc.array(fc.nat(700), { maxLength: 20 }), (bytes, places) => {
        let encoded = Buffer.from(bytes).toString('base64')
        for (const place of places) encoded = `${encoded.slice(0, place)}\r\n -*${encoded.slice(place)}`
        expect(all(decodeBase64(bytesOf(encoded)))).toEqual(Buffer.from(bytes))
      }),
    )
    expect(all(decodeBase64(bytesOf(Buffer.from(big).toString('base64')))).equals(big)).toBe(true)
  })

  it.each<[string, AfterPadding, string]>([
    ['QUI=QUJD', 'restart', 'ABABC'],
    ['QUI=QUJD', 'stop', 'AB'],
    ['QUI=QUJD', 'skip', latin1(all(decodeBase64(bytesOf('QUIQUJD'))))],
    ['Q=UJD', 'restart', 'ABC'],
    ['=QUJD', 'stop', 'ABC'],
    ['QQ', 'restart', 'A'],
    ['Q', 'restart', ''],
    ['', 'stop', ''],
  ])('%s with %s is %s', (encoded, afterPadding, expected) => {
    expect(text(decodeBase64(bytesOf(encoded), 0, encoded.length, afterPadding))).toBe(expected)
  })

  it('counts what decides over readings', () => {
    expect(surveyBase64(bytesOf('QUI=\r\n'))).toEqual({ alphabet: 3, noise: 0, goesOn: false })
    expect(surveyBase64(bytesOf('QUI=\r\nQ_')).goesOn).toBe(true)
    expect(surveyBase64(bytesOf('Q.-')).noise).toBe(2)
  })
})

describe('quoted-printable', () => {
  it.each([
    ['a=3Db=3d', 'a=b='],
    ['a=\r\nb=\nc=\rd', 'abcd'],
    ['a= \t\r\nb', 'ab'],
    ['a=', 'a'],
    ['a=4', 'a=4'],
    ['a=ZZ=', 'a=ZZ'],
    ['= x', '= x'],
  ])('%j is %j', (encoded, expected) => {
    expect(text(decodeQuotedPrintable(bytesOf(encoded)))).toBe(expected)
  })

  it('reads everything that is encoded', () => {
    fc.assert(
      fc.property(anyBytes, bytes => {
        expect(all(decodeQuotedPrintable(encodeQuotedPrintable(bytes)))).toEqual(Buffer.from(bytes))
      }),
    )
    expect(all(decodeQuotedPrintable(encodeQuotedPrintable(big))).equals(big)).toBe(true)
  })
})

describe('uuencode', () => {
  it('reads everything that is encoded, also without the spaces that mailers cut off', () => {
    fc.assert(
      fc.property(anyBytes, fc.boolean(), (bytes, trims) => {
        const lines = encodeUu(bytes, trims ? ' ' : '`').split('\n')
        const encoded = lines.map(line => (trims ? line.trimEnd() : line)).join('\r\n')
        expect(all(decodeUuencode(bytesOf(encoded)))).toEqual(Buffer.from(bytes))
      }),
    )
    expect(all(decodeUuencode(bytesOf(encodeUu(big)))).equals(big)).toBe(true)
  })

  it('stops at its end and at another begin, and skips prose', () => {
    const encoded = `${encodeUu(bytesOf('abc'))}some prose\n${encodeUu(bytesOf('def'))}end\nrest`
    const decoder = decodeUuencode(bytesOf(encoded))
    let step = decoder.next()
    expect(latin1(step.value as Uint8Array)).toBe('abcdef')
    step = decoder.next()
    expect(step).toEqual({ done: true, value: encoded.length - 4 })
    expect(text(decodeUuencode(bytesOf(`${encodeUu(bytesOf('abc'))}begin 644 x\n${encodeUu(bytesOf('d'))}`)))).toBe(
      'abc',
    )
  })
})

describe('BinHex', () => {
  it('reads everything that is encoded, with runs', () => {
    const runs = fc.array(fc.tuple(fc.constantFrom(0, 0x90, 65), fc.integer({ min: 1, max: 300 })), { maxLength: 9 })
    fc.assert(
      fc.property(runs, anyBytes, (parts, tail) => {
        const bytes = Buffer.concat([...parts.map(([byte, count]) => Buffer.alloc(count, byte)), tail])
        expect(all(decodeBinHex(bytesOf(encodeBinHex(bytes)), 1))).toEqual(bytes)
      }),
    )
  })

  it('keeps what came before damage', () => {
    for (const end of ['', '~']) {
      const pieces: string[] = []
      const read = () => {
        for (const piece of decodeBinHex(bytesOf(encodeBinHex(bytesOf('abcdef')).slice(1, -1) + end)))
          pieces.push(latin1(piece))
      }
      expect(read).toThrow(ContentError)
      expect(pieces).toEqual(['abcdef'])
    }
  })
})

it('yEnc: reads everything that is encoded, and stops at a line of its own', () => {
  fc.assert(
    fc.property(anyBytes, bytes => {
      const encoded = Buffer.concat([encodeYenc(bytes), Buffer.from('\r\n=yend size=1\r\n')])
      expect(all(decodeYenc(encoded))).toEqual(Buffer.from(bytes))
    }),
  )
})

it.each([
  ['a%20b', 'a b'],
  ['%4a%4A%4', 'JJ%4'],
  ['%zz%', '%zz%'],
  ['', ''],
])('percent: %j is %j', (encoded, expected) => {
  expect(text(decodePercent(bytesOf(encoded)))).toBe(expected)
})

it('UTF-16: as TextDecoder has it, in both orders', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, littleEndian) => {
      const even = bytes.subarray(0, bytes.length & ~1)
      const swapped = littleEndian ? even : even.map((_, i) => even[i ^ 1])
      const expected = new TextDecoder('utf-16le').decode(swapped)
      expect(all(decodeUtf16(bytes, littleEndian)).toString('utf8')).toBe(expected)
    }),
  )
})

describe('Script Encoder', () => {
  const decode = (encoded: string) => {
    const bytes = bytesOf(encoded)
    const { start, end } = encodedScriptAt(bytes, 0)
    return text(decodeScript(bytes, start, end))
  }

  it('decodes what the tool of Microsoft wrote', () => {
    expect(decode('#@~^DgAAAA==\\ko$K6,JC\x7fV^GJqAQAAA==^#~@')).toBe('MsgBox "Hello"')
  })

  it('knows a form of every character at every place', () => {
    // 64 times the same encoded byte: three characters take turns, and no two encoded bytes give the same three.
    const seen = new Set<string>()
    for (let byte = 0x20; byte < 0x7f; byte++) {
      if (byte === 0x40) continue
      const triple = text(decodeScript(new Uint8Array(64).fill(byte), 0, 64))
      seen.add(triple)
    }
    expect(seen.size).toBe(0x7f - 0x20 - 1)
    expect(text(decodeScript(bytesOf('@&@#@*@!@$'), 0, 10))).toBe('\n\r><@')
  })

  it('says where the next begins, whether or not it is closed', () => {
    const bytes = bytesOf('#@~^AAAAAA==abc#@~^AAAAAA==defAAAAAA==^#~@rest')
    expect(encodedScriptAt(bytes, 0)).toEqual({ start: 12, end: 15, next: 15, closed: false })
    expect(encodedScriptAt(bytes, 15)).toEqual({ start: 27, end: 30, next: 42, closed: true })
    expect(latin1(SCRIPT_MARK)).toBe('#@~^')
  })
})

describe('compressed RTF', () => {
  // The examples of [MS-OXRTFCP] 3.1 and 3.2.
  it.each([
    [
      '2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0',
      '{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n',
    ],
    ['1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0', '{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}'],
    ['10000000040000004d454c4100000000616263640000', 'abcd'],
  ])('%s', (hex, expected) => {
    expect(text(decodeLzfu(decodeHex(hex)!))).toBe(expected)
  })

  it('keeps what came before damage, and knows its types', () => {
    const bytes = decodeHex('2d0000002b0000004c5a4675f1c5c7a703000a0072637067')!
    expect(() => all(decodeLzfu(bytes))).toThrow('end mark')
    expect(() => all(decodeLzfu(bytes.subarray(0, 10)))).toThrow(ContentError)
    expect(() => all(decodeLzfu(new Uint8Array(20)))).toThrow('unknown compression type')
  })
})

it.each([
  ['&amp;', 0x26, 5],
  ['&amp x', 0x26, 4],
  ['&#65;', 65, 5],
  ['&#x0168e', 0x168e, 8],
  ['&#0000000000000000000000065;', 65, 28],
  ['&#x110000;', 0xfffd, 10],
  ['&ouml;', 0xf6, 6],
  ['&thetasym;', 0x3d1, 10],
])('character reference %s', (reference, code, next) => {
  expect(characterReferenceAt(bytesOf(reference), 0, reference.length)).toEqual({ code, next })
})

it.each(['&', '&;', '&#;', '&#x;', '&fake;', '& amp;', '&constructor;'])('%s is no character reference', reference => {
  expect(characterReferenceAt(bytesOf(reference), 0, reference.length)).toBeUndefined()
})

it('a slice of pieces is what a slice of the whole is', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 5 }), { maxLength: 5 }),
      fc.nat(30),
      fc.nat(30),
      (pieces, from, to) => {
        expect(all(sliceOf(pieces, from, to))).toEqual(Buffer.concat(pieces).subarray(from, Math.max(from, to)))
      },
    ),
  )
})

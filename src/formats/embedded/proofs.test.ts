import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bytesOf, Writer } from '../../bytes/index.ts'
import { crc32 } from '../../codecs/index.ts'
import { buildZip, centralRecord, concat, localRecord, type MemberRecipe } from '../zip/build.ts'
import type { EmbeddedKind } from './beginnings.ts'
import { isProven } from './proofs.ts'

const FRONT = bytesOf('a program that is in front')
const NOISE = bytesOf('\x05some text that follows, and is no record of anything\xff\x01')
const proven = (kind: EmbeddedKind, ...parts: readonly Uint8Array[]): boolean =>
  isProven({ kind, offset: FRONT.length, end: undefined }, concat(FRONT, ...parts))

const hex = (text: string): Uint8Array => Uint8Array.from(text.match(/../g) ?? [], byte => Number.parseInt(byte, 16))

/** RAR 4: a main header, then a block of the given type with its checksum. */
function rar4(type: number, change = 0): Uint8Array {
  const block = new Writer().u8(type).u16(0x8000).u16(32).bytes(new Uint8Array(25)).finish()
  const main = hex('526172211a0700cf907300000d00000000000000')
  return concat(
    main,
    new Writer()
      .u16((crc32(block) & 0xffff) ^ change)
      .bytes(block)
      .finish(),
  )
}

function sevenZip(header = bytesOf('header at the end')): Uint8Array {
  const packed = bytesOf('packed streams')
  const next = new Writer().u32(packed.length).u32(0).u32(header.length).u32(0).u32(crc32(header)).finish()
  return concat(hex('377abcaf271c0004'), new Writer().u32(crc32(next)).bytes(next).finish(), packed, header)
}

function cab({ file = 44, name = 'setup.exe', method = 1, folders = 1 } = {}): Uint8Array {
  const tail = new Writer()
    .u32(10)
    .u32(0)
    .u16(0)
    .u32(0)
    .u16(0x20)
    .bytes(bytesOf(`${name}\0`))
    .finish()
  const folder = new Writer().u32(80).u16(1).u16(method).finish()
  const head = new Writer()
    .bytes(bytesOf('MSCF'))
    .u32(0)
    .u32(36 + 8 + tail.length + 20)
    .u32(0)
    .u32(file)
    .u32(0)
  head.u16(0x103).u16(folders).u16(1).u16(0).u32(7)
  return concat(head.finish(), folder, tail, new Uint8Array(20))
}

function lha(name = 'a.txt', packed = 20): Uint8Array {
  const fields = new Writer().bytes(bytesOf('-lh5-')).u32(packed).u32(40).u32(0).u8(0x20).u8(0)
  const body = fields.u8(name.length).bytes(bytesOf(name)).u16(0).finish()
  return concat(
    Uint8Array.of(
      body.length,
      body.reduce((sum, byte) => (sum + byte) & 255, 0),
    ),
    body,
    new Uint8Array(20),
  )
}

const nsis = (header: number, all: number, flags = 0): Uint8Array =>
  concat(
    new Writer().u32(flags).u32(0xdeadbeef).bytes(bytesOf('NullsoftInst')).u32(header).u32(all).finish(),
    new Uint8Array(100),
  )

/** By xz's liblzma: its first twelve bytes, then the header of a block. */
const XZ = 'fd377a585a000004e6d6b4460200210116000000742fe5a3'

const PROOFS: readonly (readonly [string, EmbeddedKind, Uint8Array, boolean])[] = [
  ['RAR 5: the checksum of its main header', 'rar', hex('526172211a0701003392b5e50a01050600050101808000'), true],
  ['RAR 4: a block behind the main header', 'rar', rar4(0x74), true],
  ['a checksum that is none', 'rar', rar4(0x74, 1), false],
  ['a type of block that is none', 'rar', rar4(0x20), false],
  ['7z: a header that leads to another one', '7z', sevenZip(), true],
  ['7z that is cut off', '7z', sevenZip().subarray(0, -8), true],
  ['7z that is empty', '7z', sevenZip(new Uint8Array(0)), false],
  ['CAB: a first file with a name', 'cab', cab(), true],
  ['a file outside', 'cab', cab({ file: 4000 }), false],
  ['a name of control characters', 'cab', cab({ name: 'a\x01b' }), false],
  ['a method that is none', 'cab', cab({ method: 7 }), false],
  ['no folder', 'cab', cab({ folders: 0 }), false],
  ['xz: the header of a block', 'xz', hex(XZ), true],
  ['a header that is another', 'xz', hex(XZ.replace('742f', '742e')), false],
  ['xz: its first bytes alone', 'xz', concat(hex(XZ.slice(0, 24)), NOISE), false],
  ['LHA: a name, and data', 'lha', lha(), true],
  ['a name of control characters', 'lha', lha('\x01\x02'), false],
  ['data that do not fit', 'lha', lha('a', 1e6), false],
  ['NSIS: sizes that fit', 'nsis', nsis(60, 120), true],
  ['sizes that do not fit', 'nsis', nsis(60, 12_000), false],
  ['the mark of NSIS in an unpacker', 'nsis', nsis(0x2e2e2e2e, 0x2e2e2e2e), false],
  ['flags that there are none', 'nsis', nsis(60, 120, 0xffff), false],
  ['kinds without a proof', 'gzip', hex('1f8b0800000000000003'), false],
]

test.each(PROOFS)('%s', (_what, kind, file, expected) => {
  expect(proven(kind, file)).toBe(expected)
})

describe('zip', () => {
  const MEMBER: MemberRecipe = { name: 'setup.dat', content: 'content of a member', method: 97 }
  /** A header that a reader would take for none by itself: a time that is none. */
  const ODD: MemberRecipe = { ...MEMBER, time: 0xffff }
  const [local, odd] = [localRecord(MEMBER), localRecord(ODD)]

  test.each([
    ['with its directory', [buildZip([ODD])], true],
    ['with its directory, and something behind', [buildZip([ODD]), NOISE], true],
    ['one member and the beginning of the next', [odd, local.subarray(0, 4)], true],
    ['one member and an entry, behind other things', [odd, NOISE, centralRecord(ODD, 0)], true],
    ['one member that makes sense in every field', [local], true],
    ['one member that makes none', [odd, NOISE], false],
    ['a streamed member', [localRecord({ ...MEMBER, flags: 8, local: { packed: 0 } }), NOISE], true],
    ['a member without data', [localRecord({ name: 'a', content: '' }), NOISE], false],
    ['data that are cut off', [local.subarray(0, -5)], true],
    ['sizes that do not fit each other', [localRecord({ ...MEMBER, local: { packed: 1e6 } }), NOISE], false],
    ['stored data that get longer', [localRecord({ ...MEMBER, method: 0, local: { unpacked: 1e6 } }), NOISE], false],
    ['a name of control characters', [localRecord({ ...MEMBER, name: '\x01\x02' }), NOISE], false],
    ['extra fields that are none', [localRecord({ ...MEMBER, extra: bytesOf('text') }), NOISE], false],
    ['flags that there are none', [localRecord({ ...MEMBER, flags: 0x8000 }), NOISE], false],
    ['a signature and text', [bytesOf('PK\x03\x04'), NOISE, NOISE], false],
    ['a signature at the very end', [bytesOf('PK\x03\x04')], false],
    ['signatures of all records', [bytesOf('PK\x03\x04PK\x01\x02PK\x05\x06PK\x07\x08'), NOISE], false],
  ] as const)('%s', (_what, parts, expected) => {
    expect(proven('zip', ...parts)).toBe(expected)
  })

  test('of ZIP64: the end record behind that of 64 bits', () => {
    const entry = centralRecord(ODD, 0)
    const end64 = new Writer().u32(0x0606_4b50).u32(44).u32(0).u16(45).u16(45).u32(0).u32(0).bytes(new Uint8Array(16))
    end64.u32(entry.length).u32(0).u32(odd.length).u32(0)
    const locator = new Writer()
      .u32(0x0706_4b50)
      .u32(0)
      .u32(odd.length + entry.length)
      .u32(0)
      .u32(1)
      .finish()
    const end = new Writer().u32(0x0605_4b50).u32(0).u32(0xffff_ffff).u32(0xffff_ffff).u32(0xffff_ffff).u16(0).finish()
    // A name that is no entry's: nothing but the end records leads to the directory.
    const other = localRecord({ ...ODD, name: 'other' })
    expect(proven('zip', other, NOISE, entry, end64.finish(), locator, end)).toBe(true)
    expect(proven('zip', other, NOISE, entry, NOISE, locator, end)).toBe(false)
  })

  test('any bytes behind a signature prove nothing', () => {
    const bytes = fc.uint8Array({ minLength: 40, maxLength: 300 })
    fc.assert(
      fc.property(bytes, some => !proven('zip', bytesOf('PK\x03\x04'), some)),
      { numRuns: 5000 },
    )
  })
})

test('any bytes at all are no error', () => {
  const starts = PROOFS.map(([, kind, file]) => [kind, file] as const)
  const change = fc.record({ at: fc.nat(200), byte: fc.nat(255) })
  fc.assert(
    fc.property(
      fc.constantFrom(...starts),
      fc.array(change, { maxLength: 6 }),
      fc.nat(120),
      ([kind, file], changes, cut) => {
        const content = concat(FRONT, file)
        for (const { at, byte } of changes) if (at < content.length) content[at] = byte
        const result = isProven({ kind, offset: FRONT.length, end: undefined }, content.subarray(0, FRONT.length + cut))
        expect(typeof result).toBe('boolean')
      },
    ),
    { numRuns: 2000 },
  )
})

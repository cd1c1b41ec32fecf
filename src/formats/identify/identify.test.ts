import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytesOf, decodeHex } from '../../bytes/index.ts'
import { buildElf, buildMachO, buildPe, buildUniversal } from '../testing.ts'
import { FILE_TYPES, typeByClamName, typeByName } from './file-types.ts'
import type { FileTypeName } from './file-types.ts'
import { identify } from './identify.ts'

const nameOf = (content: Uint8Array) => identify(content).name
const SIZE = 40_000

/** `hex` at `offset` in bytes that mean nothing by themselves. */
function placed(hex: string, offset = 0, size = SIZE, fill = 0x81): Uint8Array {
  const content = new Uint8Array(size).fill(fill)
  // No text, no UTF-16, no tar: a zero and a control character near the start.
  content.set([0x00, 0x01, 0x02, 0x80], 0)
  content.set(decodeHex(hex.replaceAll(' ', ''))!, offset < 0 ? size + offset : offset)
  return content
}

describe('the magic number of', () => {
  it.each<[FileTypeName, string, number?]>([
    ['dos', '4d5a 9000'],
    ['elf', '7f454c46'],
    ['macho', 'feedface'],
    ['macho', 'cffaedfe'],
    ['macho-universal', 'cafebabe 00000002'],
    ['macho-universal', 'cafebabf 00000002'],
    ['java-class', 'cafebabe 00000034'],
    ['java-class', 'cafebabe 0003002d'],
    ['java-class', 'cafebabe ffff0041'],
    ['data', 'cafebabe 00000000'],
    ['data', 'cafebabf 00000034'],
    ['data', 'cafebabe 00001000'],
    ['pyc', 'cb0d0d0a'],
    ['pyc', '03f30d0a'],
    ['wasm', '0061736d01000000'],
    ['lnk', '4c0000000114020000000000c000000000000046'],
    ['gif', '474946383961'],
    ['png', '89504e470d0a1a0a'],
    ['jpeg', 'ffd8ffe0'],
    ['tiff', '49492a00'],
    ['bmp', '424d3600'],
    ['riff', '52494646'],
    ['jpeg2000', '0000000c6a502020'],
    ['swf', '46575309'],
    ['swf-compressed', '43575309'],
    ['swf-compressed', '5a57530d'],
    ['pdf', '255044462d312e34'],
    ['ole2', 'd0cf11e0a1b11ae1'],
    ['rtf', '7b5c72746631'],
    ['onenote', 'e4525c7b8cd8a74daeb15378d02996d3'],
    ['chm', '49545346'],
    ['tnef', '789f3e22'],
    ['cms', '308006092a864886f70d010702'],
    ['cms', '30820100060b2a864886f70d0109100109'],
    ['zip', '504b0304'],
    ['zip', '504b0506'],
    ['rar', '526172211a0700'],
    ['rar', '526172211a070100'],
    ['7z', '377abcaf271c'],
    ['arj', '60ea'],
    ['cab', '4d534346'],
    ['cab-installshield', '49536328'],
    ['alz', '414c5a01'],
    ['egg', '45474741'],
    ['lha', '2d6c68352d', 2],
    ['ace', '2a2a4143452a2a', 7],
    ['cpio-old', 'c771'],
    ['cpio-old', '71c7'],
    ['cpio-newc', '303730373031'],
    ['cpio-crc', '303730373032'],
    ['cpio-odc', '303730373037'],
    ['ar', '213c617263683e0a2f20'],
    ['deb', '213c617263683e0a64656269616e2d62696e617279'],
    ['rpm', 'edabeedb'],
    ['xar', '78617221'],
    ['sis', '19040010', 8],
    ['sis', '7a1a2010'],
    ['gzip', '1f8b08'],
    ['bzip2', '425a6839'],
    ['data', '425a683000'],
    ['xz', 'fd377a585a00'],
    ['zstd', '28b52ffd'],
    ['zstd', '5a2a4d18'],
    ['lz4', '04224d18'],
    ['lzip', '4c5a4950'],
    ['compress', '1f9d90'],
    ['lzma', '5d00008000 ffffffffffffffff00'],
    ['data', '5d00008100 ffffffffffffffff00'],
    ['szdd', '535a444488f02733'],
    ['kwaj', '4b57414a88f027d1'],
    ['wim', '4d5357494d000000'],
    ['vhd', '636f6e6563746978'],
    ['vhd', '636f6e6563746978', -512],
    ['vhdx', '7668647866696c65'],
    ['vmdk', '4b444d56'],
    ['qcow', '514649fb'],
    ['vdi', '7f10dabe', 64],
    ['squashfs', '68737173'],
    ['dmg', '6b6f6c79', -512],
    ['iso9660', '4344303031', 0x8001],
    ['udf', '4245413031', 0x8001],
    ['hfsplus', '482b0004', 1024],
    ['gpt', '4546492050415254', 512],
    ['tar', '7573746172', 257],
    ['sqlite', '53514c69746520666f726d6174203300'],
    ['ogg', '4f676753'],
  ])('%s: %s', (type, hex, offset = 0) => {
    expect(nameOf(placed(hex, offset))).toBe(type)
  })
})

describe('executables', () => {
  const sections = [{ name: '.text', data: new Uint8Array(64) }]
  it.each([
    ['pe', buildPe({ sections })],
    ['elf', buildElf({ sections })],
    ['macho', buildMachO({ sections })],
    ['macho-universal', buildUniversal([buildMachO({ sections })])],
  ])('%s stay executables with "ustar" at 257', (type, content) => {
    expect(nameOf(content)).toBe(type)
    content.set(bytesOf('ustar'), 257)
    expect(nameOf(content)).toBe(type)
  })
})

describe('text', () => {
  it('is what holds no control characters but those of text, as file(1) and ClamAV have it', () => {
    const binary = [0, 1, 2, 3, 4, 5, 6, 0x0b, 0x0e, 0x0f, 0x7f]
    for (let byte = 0x10; byte < 0x20; byte++) if (byte !== 0x1b) binary.push(byte)
    for (let byte = 0; byte < 256; byte++) {
      const content = bytesOf(`plain text${String.fromCharCode(byte)} goes on`)
      expect([byte, nameOf(content)]).toEqual([byte, binary.includes(byte) ? 'data' : 'text'])
    }
  })

  const utf16 = (text: string, bigEndian: boolean) => bytesOf(text.replaceAll(/[^]/g, bigEndian ? '\0$&' : '$&\0'))
  it.each<[FileTypeName, Uint8Array]>([
    ['empty', new Uint8Array(0)],
    ['text', bytesOf('a')],
    ['data', Uint8Array.of(0)],
    ['text', bytesOf('caf\xe9 au lait')],
    ['text-utf8', new TextEncoder().encode('café au lait')],
    ['text-utf8', new TextEncoder().encode('é'.repeat(511) + 'aé')],
    ['text-utf16le', new Uint8Array([0xff, 0xfe, ...utf16('hello', false)])],
    ['text-utf16be', new Uint8Array([0xfe, 0xff, ...utf16('hello', true)])],
    ['text-utf16le', utf16('without a mark', false)],
    ['text-utf16be', utf16('without a mark', true)],
    ['html-utf16', utf16('<html>without a mark', false)],
    ['html-utf16', utf16('without a mark <script>', true)],
    ['text', bytesOf('x'.repeat(1024) + '\0\x01')],
    ['data', bytesOf('x'.repeat(1023) + '\0\x01')],
    ['text', bytesOf('BMW builds cars')],
    ['text', bytesOf('FWS and CWS are formats')],
    ['text', bytesOf('begin the day')],
    ['uuencode', bytesOf('begin 644 clam.exe\nM')],
    ['uuencode', bytesOf('begin-base64 644 clam.exe\nTVo=')],
    ['binhex', bytesOf('(This file must be converted with BinHex 4.0)\n:')],
    ['pgp', bytesOf('-----BEGIN PGP MESSAGE-----\n')],
    ['warc', bytesOf('WARC/1.0\r\n')],
  ])('%s: case %#', (type, content) => expect(nameOf(content)).toBe(type))
})

describe('HTML by a word in the first kilobyte', () => {
  it.each([
    '<html>',
    '<HTML>',
    '<Html>',
    '<head>',
    '<script src=x',
    '<SCRIPT',
    '<iframe ',
    '<IFRAME',
    '<table',
    '<img',
    '<Img',
    '<object',
    '<a href=',
    '<A HREF',
    '<a name=x Href=y',
  ])('%s', word => {
    expect(nameOf(bytesOf(`some text\n${word} and more`))).toBe('html')
    expect(nameOf(bytesOf(`\0\x01\x02${word} and more`))).toBe('html')
  })

  it('and not behind it', () => {
    expect(nameOf(bytesOf(`${'x'.repeat(1018)}<html>`))).toBe('html')
    expect(nameOf(bytesOf(`${'x'.repeat(1019)}<html>`))).toBe('text')
  })

  it.each([
    '<html lang="en">',
    '<hTml>',
    '<title>',
    '<body>',
    '<a\nhref=',
    '<area href=',
    '<p>',
    '<!DOCTYPE HTML',
    '<?xml',
  ])('not by %s', word => expect(nameOf(bytesOf(`some text\n${word} and more`))).toBe('text'))

  it.each<[FileTypeName, string]>([
    ['pdf', 'junk before %PDF-1.4'],
    ['xdp', '<?xml version="1.0"?><xdp:xdp xmlns:xdp="x">'],
    ['xml-word', '<?xml version="1.0"?>\n<?mso-application progid="Word.Document"?>'],
    ['xml-excel', '<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>'],
  ])('%s: %s', (type, text) => expect(nameOf(bytesOf(text))).toBe(type))
})

describe('mail', () => {
  it.each([
    'From: a',
    'From a@b',
    '>From a',
    'Received: x',
    'Return-Path: <a>',
    'Return-path: <a>',
    'Delivered-To: a',
    'To: a',
    'Subject: x',
    'Date: x',
    'Message-ID: <a>',
    'Message-Id: <a>',
    'X-UIDL: 1',
    'X-Sieve: x',
    'Envelope-to: x',
  ])('by its first line: %s', line => expect(nameOf(bytesOf(`${line}\nx`))).toBe('mail'))

  it.each(['FROM: a', 'from: a', 'Subject:x', 'Frombox', 'Cc: a', 'X-Mailer: a'])('not by %s alone', line => {
    expect(nameOf(bytesOf(`${line}\n\nx`))).toBe('text')
  })

  it.each<[FileTypeName, string]>([
    ['mail', 'MIME-Version: 1.0\r\nContent-Type: multipart/mixed;\r\n boundary=x\r\n\r\n--x'],
    ['mail', 'DKIM-Signature: v=1;\n a=x\nReceived: x\n\nbody'],
    ['mhtml', 'MIME-Version: 1.0\nContent-Type: multipart/related; boundary=x\n\n--x'],
    ['text', 'name: value\nother: value\n\nbody'],
    ['text', 'MIME-Version: 1.0\n\nbody'],
    ['text', 'root:x:0:0\ncontent-type: x\n'],
  ])('%s by its header block: case %#', (type, text) => expect(nameOf(bytesOf(text))).toBe(type))
})

describe('archives and disks without a magic number at the start', () => {
  it('tar before POSIX, by its checksum', () => {
    const header = new Uint8Array(1024)
    header.set(bytesOf('file.txt'))
    header.set(bytesOf('0000644\x000000000\x000000000\x0000000000005\x0000000000000\x00'), 100)
    header.set(bytesOf('        '), 148)
    const sum = header.subarray(0, 512).reduce((a, b) => a + b, 0)
    header.set(bytesOf(sum.toString(8).padStart(6, '0') + '\0 '), 148)
    expect(nameOf(header)).toBe('tar-old')
    header[0] ^= 1
    expect(nameOf(header)).toBe('data')
  })

  it.each<[FileTypeName, readonly (readonly [number, string])[]]>([
    ['mbr', [[446, '80000000']]],
    ['data', [[446, '81']]],
    ['ntfs', [[3, '4e54465320202020']]],
    ['fat', [[54, '4641543136']]],
  ])('%s', (type, patches) => {
    const sector = new Uint8Array(1024)
    sector.set([0x33, 0xc0, 0x8e, 0xd0])
    sector.set([0x55, 0xaa], 510)
    for (const [offset, hex] of patches) sector.set(decodeHex(hex)!, offset)
    expect(nameOf(sector)).toBe(type)
  })
})

describe('ZIP by the names inside', () => {
  it.each<[FileTypeName, string[]]>([
    ['docx', ['[Content_Types].xml', '_rels/.rels', 'word/document.xml']],
    ['xlsx', ['[Content_Types].xml', 'xl/workbook.xml']],
    ['pptx', ['[Content_Types].xml', 'ppt/presentation.xml']],
    ['zip', ['word/document.xml']],
    ['zip', ['[Content_Types].xml']],
    ['jar', ['META-INF/MANIFEST.MF', 'A.class']],
    ['apk', ['META-INF/MANIFEST.MF', 'AndroidManifest.xml']],
    ['zip', ['readme.txt']],
    ['zip', []],
  ])('%s: %j', (type, names) => expect(nameOf(zipOf(names))).toBe(type))

  it.each<[FileTypeName, string]>([
    ['epub', 'application/epub+zip'],
    ['odf', 'application/vnd.oasis.opendocument.text'],
    ['zip', 'text/plain'],
  ])('%s by its stored mimetype', (type, mime) => {
    expect(nameOf(bytesOf(`PK\x03\x04${'\0'.repeat(26)}mimetype${mime}`))).toBe(type)
  })
})

/** A central directory with these names, which is all that counts here. */
function zipOf(names: readonly string[]): Uint8Array {
  const local = `PK\x03\x04${'\0'.repeat(26)}`
  const entries = names.map(
    name => `PK\x01\x02${'\0'.repeat(24)}${String.fromCharCode(name.length)}\0${'\0'.repeat(16)}${name}`,
  )
  const count = `${String.fromCharCode(names.length)}\0`
  const end = `PK\x05\x06\0\0\0\0${count}${count}${'\0'.repeat(4)}${String.fromCharCode(local.length)}\0\0\0\0\0`
  return bytesOf(local + entries.join('') + end)
}

describe('the table of types', () => {
  it('has every name once', () => {
    const names = FILE_TYPES.map(type => type.name)
    expect(new Set(names).size).toBe(names.length)
  })

  it.each([
    ['CL_TYPE_MSEXE', 'pe'],
    ['CL_TYPE_BINARY_DATA', 'data'],
    ['CL_TYPE_ZIP', 'zip'],
    ['CL_TYPE_TEXT_ASCII', 'text'],
    ['CL_TYPE_OOXML_WORD', 'docx'],
    ['CL_TYPE_GRAPHICS', 'graphics'],
    ['CL_TYPE_AUTOIT', 'autoit'],
  ])('%s is %s', (clamName, name) => expect(typeByClamName(clamName)?.name).toBe(name))

  it('does not know what ClamAV does not know', () => expect(typeByClamName('CL_TYPE_NONSENSE')).toBeUndefined())

  it('has ClamAV targets only', () => {
    for (const { target } of FILE_TYPES) expect(target >= 0 && target <= 14).toBe(true)
    expect(typeByName('html').target).toBe(3)
  })
})

it('answers for any bytes, the same each time, whatever follows the part it looks at', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2048 }), content => {
      const type = identify(content)
      expect(FILE_TYPES).toContain(type)
      expect(identify(content.slice())).toBe(type)
    }),
    { numRuns: 2_000 },
  )
})

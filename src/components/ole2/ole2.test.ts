import { deflateRawSync, deflateSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { bytesOf, Writer } from '../../bytes/index.ts'
import {
  buildOle2,
  buildVba,
  buildWorkbook,
  callToken,
  joined,
  moduleSource,
  ovbaStored,
  textToken,
} from '../../formats/testing.ts'
import type { Ole2Entry } from '../../formats/testing.ts'
import { collect, missedOf } from '../testing/collect.ts'
import type { Collected } from '../testing/collect.ts'
import { mutilate } from '../testing/mutilate.ts'
import { ole2 } from './ole2.ts'

const utf16 = (text: string) =>
  Uint8Array.from(text.split('').flatMap(c => [c.charCodeAt(0) & 255, c.charCodeAt(0) >> 8]))
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1')
const PAYLOAD = bytesOf('MZ this stands for a program, and is none')
const of = (entries: readonly Ole2Entry[]) => collect(ole2, buildOle2({ entries }))

const childrenOf = ({ children }: Collected) => new Map(children.map(child => [child.name, text(child.bytes)]))
const propertiesOf = ({ emissions }: Collected) =>
  emissions.flatMap(emission => (emission.emit === 'property' ? [`${emission.name}=${emission.value}`] : []))
const anomaliesOf = ({ emissions }: Collected) =>
  emissions.flatMap(emission => (emission.emit === 'anomaly' ? [emission.code] : []))

/** A package as the stream "\x01Ole10Native" has it. */
const nativePackage = (label: string, data: Uint8Array, claimed = data.length) => {
  const body = new Writer()
    .u16(2)
    .bytes(bytesOf(`${label}\0C:\\old\\${label}\0`))
    .u32(0x30000)
  body.u32(8).bytes(bytesOf('C:\\tmp\\\0')).u32(claimed).bytes(data)
  return new Writer().u32(body.length).bytes(body.finish()).finish()
}

describe('kinds', () => {
  it.each([
    ['WordDocument', 'word'],
    ['Workbook', 'excel'],
    ['Book', 'excel'],
    ['PowerPoint Document', 'powerpoint'],
    ['VisioDocument', 'visio'],
    ['__properties_version1.0', 'msg'],
    ['\u0005HwpSummaryInformation', 'hwp'],
    ['\u4840\u3f7f\u4164\u422f\u4836', 'msi'],
    ['anything', 'unknown'],
  ])('%j: %s', async (path, kind) => {
    expect(propertiesOf(await of([{ path, data: PAYLOAD }]))).toContain(`ole2.kind=${kind}`)
  })
})

it('gives every stream by its path, and nothing missed', async () => {
  const collected = await of([
    { path: 'A/B', data: PAYLOAD },
    { path: '\u0003ObjInfo', data: bytesOf('x') },
  ])
  expect(childrenOf(collected)).toEqual(
    new Map([
      ['A/B', text(PAYLOAD)],
      ['\u0003ObjInfo', 'x'],
    ]),
  )
  expect([...missedOf(collected), ...anomaliesOf(collected)]).toEqual([])
})

it('unpacks the names of installer streams', async () => {
  const collected = await of([
    { path: '\u4840\u3f7f\u4164\u422f\u4836', data: bytesOf('t') },
    { path: 'Data1.cab', data: PAYLOAD },
  ])
  expect([...childrenOf(collected).keys()].sort()).toEqual(['!_Tables', 'Data1.cab'])
})

it('gives orphans and what is behind the end', async () => {
  const bytes = buildOle2({
    entries: [
      { path: 'seen', data: bytesOf('s') },
      { path: 'hidden', data: PAYLOAD },
    ],
    orphans: ['hidden'],
  })
  const collected = await collect(ole2, joined(bytes, PAYLOAD))
  expect(childrenOf(collected).get('hidden')).toBe(text(PAYLOAD))
  expect(childrenOf(collected).get('trailing')).toBe(text(PAYLOAD))
  expect(anomaliesOf(collected)).toEqual(['ole2-orphan'])
})

describe('embedded files', () => {
  it('a package comes out under its label', async () => {
    const collected = await of([{ path: 'ObjectPool/_1/\u0001Ole10Native', data: nativePackage('a.exe', PAYLOAD) }])
    expect(childrenOf(collected).get('ObjectPool/_1/a.exe')).toBe(text(PAYLOAD))
    expect(missedOf(collected)).toEqual([])
  })

  it('a package that is cut off says so', async () => {
    const data = nativePackage('a.exe', PAYLOAD, 5_000)
    const collected = await of([{ path: '\u0001Ole10Native', data }])
    expect(childrenOf(collected).get('a.exe')).toBe(text(PAYLOAD))
    expect(missedOf(collected)).toEqual(['malformed a.exe'])
  })

  it('data of another program comes out as it is', async () => {
    const collected = await of([
      { path: '\u0001Ole10Native', data: new Writer().u32(PAYLOAD.length).bytes(PAYLOAD).finish() },
    ])
    expect(childrenOf(collected).get('native')).toBe(text(PAYLOAD))
  })

  it('an object of a presentation is decompressed, wherever it stands', async () => {
    const packed = deflateSync(PAYLOAD)
    const object = new Writer()
      .u16(0x10)
      .u16(0x1011)
      .u32(packed.length + 4)
      .u32(PAYLOAD.length)
      .bytes(packed)
      .finish()
    const data = joined(bytesOf('\x0f\x00\xe8\x03 damaged lists'), object)
    const collected = await of([{ path: 'PowerPoint Document', data }])
    expect(childrenOf(collected).get('PowerPoint Document/object-1')).toBe(text(PAYLOAD))
    expect(missedOf(collected)).toEqual([])
  })

  it('attachments of messages carry their names', async () => {
    const folder = '__attach_version1.0_#00000000'
    const collected = await of([
      { path: '__properties_version1.0', data: new Uint8Array(32) },
      { path: `${folder}/__substg1.0_37010102`, data: PAYLOAD },
      { path: `${folder}/__substg1.0_3704001E`, data: bytesOf('A~1.EXE') },
      { path: `${folder}/__substg1.0_3707001F`, data: utf16('añb.exe') },
      {
        path: '__substg1.0_10090102',
        data: new Writer().u32(15).u32(3).u32(0x414c_454d).u32(0).bytes(bytesOf('abc')).finish(),
      },
    ])
    expect(childrenOf(collected).get(`${folder}/añb.exe`)).toBe(text(PAYLOAD))
    expect(childrenOf(collected).get('__substg1.0_10090102.rtf')).toBe('abc')
  })

  it('parts of Hangul documents are inflated', async () => {
    const header = new Writer().bytes(bytesOf('HWP Document File')).padTo(32).u32(0x05000300).u32(1).padTo(256).finish()
    const collected = await of([
      { path: 'FileHeader', data: header },
      { path: '\u0005HwpSummaryInformation', data: bytesOf('x') },
      { path: 'BinData/BIN0001.OLE', data: deflateRawSync(PAYLOAD) },
    ])
    expect(childrenOf(collected).get('BinData/BIN0001.OLE.inflated')).toBe(text(PAYLOAD))
    expect(missedOf(collected)).toEqual([])
  })
})

describe('VBA', () => {
  const evil = { name: 'Module1', source: 'Sub AutoOpen()\r\nShell "calc"\r\nEnd Sub\r\n' }
  const plain = { name: 'ThisDocument', source: "' nothing\r\n", isClass: true, compiled: bytesOf('compiled') }

  it('source comes out, named by its kind', async () => {
    const collected = await of(buildVba('Macros', [evil, plain]))
    const children = childrenOf(collected)
    expect(children.get('Macros/VBA/Module1.bas')).toBe(text(moduleSource(evil)))
    expect(children.get('Macros/VBA/ThisDocument.cls')).toBe(text(moduleSource(plain)))
    expect(propertiesOf(collected)).toContain('ole2.macros=vba')
    expect([...missedOf(collected), ...anomaliesOf(collected)]).toEqual([])
    const table = collected.emissions.find(emission => emission.emit === 'section')
    expect(JSON.stringify(table)).toContain('autoopen shell')
  })

  it.each([
    ['is missing', (entries: readonly Ole2Entry[]) => entries.filter(({ path }) => !path.endsWith('/dir'))],
    [
      'is damaged',
      (entries: readonly Ole2Entry[]) =>
        entries.map(e => (e.path.endsWith('/dir') ? { ...e, data: bytesOf('\x01garbage') } : e)),
    ],
    [
      'lies elsewhere',
      (entries: readonly Ole2Entry[]) => entries.map(e => (e.path.endsWith('/dir') ? { ...e, path: 'X/dir' } : e)),
    ],
  ])('source is found where the list %s', async (_, change) => {
    const collected = await of(change(buildVba('Macros', [evil])))
    expect([...childrenOf(collected).values()]).toContain(text(moduleSource(evil)))
    expect(propertiesOf(collected)).toContain('ole2.macros=vba')
    expect(anomaliesOf(collected)).toContain('vba-unlisted')
  })

  it('source is found in sectors that no stream reaches', async () => {
    const bytes = joined(
      buildOle2({ entries: [{ path: 'a', data: PAYLOAD }] }),
      ovbaStored(moduleSource(evil)),
      new Uint8Array(100),
    )
    const collected = await collect(ole2, bytes)
    expect(childrenOf(collected).get('unallocated/Module1.bas')).toBe(text(moduleSource(evil)))
  })

  it('compiled code that no source tells of is told', async () => {
    const entries = buildVba('Macros', [plain]).map(entry =>
      entry.path.endsWith('_VBA_PROJECT') ? { ...entry, data: bytesOf('\xcc\x61 CreateObject AutoOpen') } : entry,
    )
    expect(anomaliesOf(await of(entries))).toEqual(['vba-stomped'])
  })

  it('a module whose stream is missing is missed', async () => {
    const entries = buildVba('Macros', [evil]).filter(({ path }) => !path.endsWith('/Module1'))
    expect(missedOf(await of(entries))).toEqual(['malformed Macros/VBA/Module1.bas'])
  })
})

describe('workbooks', () => {
  const EXEC = 110
  const CONCATENATED = joined(textToken('cmd /c '), textToken('calc'), Uint8Array.of(0x08), callToken(EXEC, 1))

  it('macro sheets are written as text', async () => {
    const data = buildWorkbook({
      sheets: [
        { name: 'Cells' },
        {
          name: 'Macro1',
          isMacro: true,
          state: 2,
          formulas: [CONCATENATED, callToken(0x8011, 0), callToken(54, 0)],
          strings: [1],
        },
      ],
      sharedStrings: ['first', 'http://example.com'],
      autoOpen: Uint8Array.of(0x3a, 0, 0, 0, 0, 0, 0),
    })
    const collected = await of([{ path: 'Workbook', data }])
    expect(childrenOf(collected).get('macrosheet-1.txt')).toBe(
      "' Macro1 (very hidden)\nAuto_Open\t=SHEET.0!A1\n" +
        'A1\t=EXEC("cmd /c "&"calc")\nA2\t=RUN()\nA3\t=HALT()\nB1\thttp://example.com\n',
    )
    expect(propertiesOf(collected)).toContain('ole2.macros=xlm')
    expect([...missedOf(collected), ...anomaliesOf(collected)]).toEqual([])
  })

  it('a macro sheet that the list of sheets leaves out is found', async () => {
    const data = buildWorkbook({ sheets: [{ name: 'Macro1', isMacro: true, formulas: [CONCATENATED] }] })
    const hidden = data.slice()
    // Its row in the list becomes a record without a meaning.
    hidden.set([0xfe, 0x0f], Buffer.from(data).indexOf(Uint8Array.of(0x85, 0x00)))
    const collected = await of([{ path: 'Workbook', data: hidden }])
    expect([...childrenOf(collected).values()].join('')).toContain('=EXEC("cmd /c "&"calc")')
  })

  it('links to programs are told', async () => {
    const data = buildWorkbook({ sheets: [{ name: 'S' }], dde: ['cmd\x03/c calc', 'A1'] })
    const collected = await of([{ path: 'Workbook', data }])
    expect(propertiesOf(collected)).toContain('ole2.dde=cmd|/c calc!A1')
    expect(anomaliesOf(collected)).toEqual(['dde'])
  })

  it('a link to another workbook is none', async () => {
    const data = buildWorkbook({ sheets: [{ name: 'S' }], dde: ['\x01\x03other.xls', ''] })
    expect(anomaliesOf(await of([{ path: 'Workbook', data }]))).toEqual([])
  })
})

describe('fields of Word documents', () => {
  /** A document of two pieces, one of one byte per character and one of two. */
  const document = (first: string, second: string): readonly Ole2Entry[] => {
    const stream = new Writer().u16(0xa5ec).u16(0xc1).padTo(0x0a).u16(0x0200).padTo(0x1a2).u32(0).u32(0).padTo(0x200)
    const firstAt = stream.length
    stream.bytes(bytesOf(first))
    const secondAt = stream.length
    stream.bytes(utf16(second))
    const table = new Writer()
      .u8(2)
      .u32(4 * 3 + 8 * 2)
      .u32(0)
      .u32(first.length)
      .u32(first.length + second.length)
    table
      .u16(0)
      .u32(0x4000_0000 | (2 * firstAt))
      .u16(0)
      .u16(0)
      .u32(secondAt)
      .u16(0)
    const bytes = stream.finish()
    new DataView(bytes.buffer).setUint32(0x1a6, table.length, true)
    return [
      { path: 'WordDocument', data: bytes },
      { path: '1Table', data: table.finish() },
    ]
  }

  it.each([
    ['\x13DDEAUTO c:\\\\cmd.exe "/c', ' calc"\x14result\x15 text', 'DDEAUTO c:\\\\cmd.exe "/c calc"'],
    ['text \x13 dde excel', ' sheet\x15', 'dde excel sheet'],
    ['\x13\x13 QUOTE 68 68 69 65 85 84 79 \x15 c', 'alc\x15', 'DDEAUTO calc'],
  ])('%j %j: a command', async (first, second, command) => {
    const collected = await of(document(first, second))
    expect(propertiesOf(collected)).toContain(`ole2.dde=${command}`)
    expect(anomaliesOf(collected)).toEqual(['dde'])
  })

  it.each([
    ['\x13 HYPERLINK "a" \x14', 'DDE\x15'],
    ['DDEAUTO', ' x'],
    ['\x13DDEALL x', '\x15'],
  ])('%j %j: none', async (first, second) => {
    expect(anomaliesOf(await of(document(first, second)))).toEqual([])
  })

  it('is found without a piece table, too', async () => {
    const [word] = document('', '\x13DDEAUTO x\x15')
    expect(anomaliesOf(await of([word]))).toEqual(['dde'])
  })
})

describe('pictures of the drawing layer', () => {
  /** A compressed metafile, then a PNG with two identifiers. */
  const packed = new Uint8Array(deflateSync(PAYLOAD))
  const head = new Writer().bytes(new Uint8Array(16)).u32(PAYLOAD.length).bytes(new Uint8Array(24)).u32(packed.length)
  const metafile = head.u8(0).u8(0xfe).bytes(packed).finish()
  const image = new Writer().bytes(new Uint8Array(32)).u8(0xff).bytes(bytesOf('\x89PNG image')).finish()
  const blip = (head: number, type: number, body: Uint8Array) =>
    new Writer().u16(head).u16(type).u32(body.length).bytes(body).finish()
  const layer = joined(bytesOf('\xf0\xf0'), blip(0x2160, 0xf01b, metafile), blip(0x6e10, 0xf01e, image))

  it.each(['Pictures', 'Data'])('come out of %s', async path => {
    const collected = await of([{ path, data: layer }])
    expect(childrenOf(collected).get(`${path}/picture-1.wmf`)).toBe(text(PAYLOAD))
    expect(childrenOf(collected).get(`${path}/picture-2.png`)).toBe('\x89PNG image')
    expect(missedOf(collected)).toEqual([])
  })

  it('come out of the records of a workbook', async () => {
    const record = (type: number, data: Uint8Array) => new Writer().u16(type).u16(data.length).bytes(data).finish()
    const data = joined(
      buildWorkbook({ sheets: [{ name: 'S' }] }),
      record(0xeb, layer.subarray(0, 60)),
      record(0x3c, layer.subarray(60, 100)),
      record(0xeb, layer.subarray(100)),
    )
    expect(childrenOf(await of([{ path: 'Workbook', data }])).get('Workbook/picture-1.wmf')).toBe(text(PAYLOAD))
  })

  it('that are cut off are malformed', async () => {
    const collected = await of([{ path: 'Pictures', data: layer.subarray(0, layer.length - 5) }])
    expect(missedOf(collected)).toEqual(['malformed Pictures/picture-2.png'])
  })
})

describe('links of objects', () => {
  const ole = (flags: number, link: Uint8Array) => joined(new Writer().u32(0x2000001).u32(flags).finish(), link)

  it.each([
    ['http://example.com/a.hta', utf16('http://example.com/a.hta\0')],
    ['\\\\host\\share\\a.doc', joined(bytesOf('x'), utf16('\\\\host\\share\\a.doc\0'))],
    ['https://example.com', bytesOf('https://example.com\0')],
  ])('%s lies elsewhere', async (link, data) => {
    const collected = await of([{ path: 'ObjectPool/_1/\u0001Ole', data: ole(1, data) }])
    expect(propertiesOf(collected)).toContain(`ole2.link=${link}`)
    expect(anomaliesOf(collected)).toEqual(['external-object'])
  })

  it('an object that is embedded has none', async () => {
    expect(anomaliesOf(await of([{ path: '\u0001Ole', data: ole(0, bytesOf('http://example.com')) }]))).toEqual([])
  })
})

it('a cut-off of streams of its own is ambiguous, and read both ways', async () => {
  const bytes = buildOle2({
    entries: [
      { path: 'small', data: PAYLOAD },
      { path: 'other', data: new Uint8Array(5000).fill(0x41) },
    ],
  })
  bytes.set([0, 0, 0, 0], 0x38)
  const collected = await collect(ole2, bytes)
  expect(collected.children.map(child => text(child.bytes))).toContain(text(PAYLOAD))
  expect(anomaliesOf(collected)).toContain('ambiguous')
})

it('macros of Word 6 are told, and missed', async () => {
  const data = new Writer().u16(0xa5dc).u16(0x68).padTo(0x0a).u16(1).padTo(0x11c).u32(40).padTo(0x300).finish()
  data.set([0xec, 0xa5])
  const collected = await of([{ path: 'WordDocument', data }])
  expect(propertiesOf(collected)).toContain('ole2.macros=wordbasic')
  expect(missedOf(collected)).toEqual(['unsupported'])
})

it('a project of which only compiled code is left is told', async () => {
  const collected = await of([
    { path: 'Macros/VBA/_VBA_PROJECT', data: bytesOf('\xcc\x61 compiled code of some length') },
  ])
  expect(propertiesOf(collected)).toContain('ole2.macros=vba')
  expect(anomaliesOf(collected)).toEqual(['vba-stomped'])
})

it('stands damage anywhere', async () => {
  const macro = { name: 'Macro1', isMacro: true, formulas: [joined(textToken('x'), callToken(110, 1))], strings: [0] }
  const bytes = buildOle2({
    entries: [
      { path: 'Workbook', data: buildWorkbook({ sheets: [macro], sharedStrings: ['a', 'b'], dde: ['a\x03b', 'c'] }) },
      { path: 'Ole/\u0001Ole10Native', data: nativePackage('a', PAYLOAD) },
      ...buildVba('Macros', [{ name: 'M', source: 'Sub a()' }]),
    ],
  })
  expect(await mutilate(ole2, bytes, 'ole2', { step: 41, mutations: 1_200 })).toBeGreaterThan(100)
})

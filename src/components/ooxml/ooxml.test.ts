import { deflateRawSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { bytesOf, latin1, Writer } from '../../bytes/index.ts'
import { collect, missedOf } from '../testing/collect.ts'
import { mutilate } from '../testing/mutilate.ts'
import { ooxml } from './ooxml.ts'

/** A ZIP archive; every second member is stored. */
function zip(members: Readonly<Record<string, string>>): Uint8Array {
  const out = new Writer()
  const central = new Writer()
  Object.entries(members).forEach(([name, text], i) => {
    const plain = bytesOf(text)
    const data = i % 2 === 0 ? plain : new Uint8Array(deflateRawSync(plain))
    const method = i % 2 === 0 ? 0 : 8
    const at = out.length
    const fields = (to: Writer) =>
      to.u16(0).u16(method).u32(0).u32(0).u32(data.length).u32(plain.length).u16(name.length).u16(0)
    fields(out.u32(0x0403_4b50).u16(20)).bytes(bytesOf(name)).bytes(data)
    fields(central.u32(0x0201_4b50).u16(20).u16(20)).u16(0).u16(0).u16(0).u32(0).u32(at).bytes(bytesOf(name))
  })
  const at = out.length
  const count = Object.keys(members).length
  out.bytes(central.finish())
  return out
    .u32(0x0605_4b50)
    .u16(0)
    .u16(0)
    .u16(count)
    .u16(count)
    .u32(out.length - at)
    .u32(at)
    .u16(0)
    .finish()
}

const RELATIONSHIPS = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
const rels = (type: string, target: string, mode = ' TargetMode="External"') =>
  `<?xml version="1.0"?><Relationships><Relationship Id="r1" Type="${RELATIONSHIPS}/${type}" Target="${target}"${mode}/></Relationships>`
const run = (members: Readonly<Record<string, string>>) => collect(ooxml, zip(members), { type: 'docx' })
type Run = Awaited<ReturnType<typeof run>>
const anomaliesOf = ({ emissions }: Run) =>
  emissions.flatMap(emission => (emission.emit === 'anomaly' ? [emission.code] : []))
const propertiesOf = ({ emissions }: Run) =>
  emissions.flatMap(emission => (emission.emit === 'property' ? [`${emission.name}=${emission.value}`] : []))

describe('references', () => {
  it.each([
    ['attachedTemplate', 'http://example.com/t.dotm', 'external-template'],
    ['attachedTemplate', '\\\\host\\share\\t.dotm', 'external-template'],
    ['oleObject', 'mhtml:http://example.com/a!x-usc:http://example.com/a', 'external-object'],
    ['frame', 'file:///\\\\host\\a', 'external-object'],
    ['image', 'https://example.com/a?b=1&amp;c=2', 'external-object'],
  ])('%s to %s', async (type, target, code) => {
    for (const name of ['word/_rels/settings.xml.rels', 'word/_rels/document.xml.rels', '_rels/.rels']) {
      const found = await run({ '[Content_Types].xml': '<Types/>', [name]: rels(type, target) })
      expect(anomaliesOf(found)).toEqual([code])
      expect(propertiesOf(found)).toEqual([`ooxml.external.${type}=${target.replace('&amp;', '&')}`])
    }
  })

  it.each([
    ['hyperlink', 'http://example.com', undefined],
    ['image', 'media/image1.png', ''],
    ['oleObject', 'embeddings/oleObject1.bin', ''],
  ])('%s to %s is none', async (type, target, mode) => {
    expect(anomaliesOf(await run({ 'word/_rels/document.xml.rels': rels(type, target, mode) }))).toEqual([])
  })
})

describe('commands', () => {
  const field = (...runs: readonly string[]) =>
    `<w:document>${['<w:fldChar w:fldCharType="begin"/>', ...runs, '<w:fldChar w:fldCharType="end"/>'].map(run => `<w:r>${run}</w:r>`).join('')}</w:document>`

  it.each([
    ['word/document.xml', '<w:fldSimple w:instr=" DDEAUTO c:\\a &quot;b&quot; "/>', 'DDEAUTO c:\\a "b"'],
    [
      'word/document.xml',
      field('<w:instrText xml:space="preserve"> DDE</w:instrText>', '<w:instrText>AUTO x</w:instrText>'),
      'DDEAUTO x',
    ],
    [
      'word/header2.xml',
      field(
        '<w:instrText>DDE</w:instrText>',
        '<w:instrText> x</w:instrText>',
        '<w:fldChar w:fldCharType="separate"/>',
        '<w:t>y</w:t>',
      ),
      'DDE x',
    ],
    [
      'xl/externalLinks/externalLink1.xml',
      '<externalLink><ddeLink ddeService="cmd" ddeTopic="/c calc"/></externalLink>',
      'cmd|/c calc',
    ],
  ])('in %s: %s', async (name, xml, command) => {
    const found = await run({ [name]: xml })
    expect(propertiesOf(found)).toEqual([`ooxml.dde=${command}`])
    expect(anomaliesOf(found)).toEqual(['dde'])
  })

  it('a page number is none', async () => {
    expect(anomaliesOf(await run({ 'word/document.xml': '<w:fldSimple w:instr=" PAGE "/>' }))).toEqual([])
  })
})

it('names macros and embedded files, and writes macro sheets as text', async () => {
  const sheet =
    '<xm:macrosheet><sheetData><row><c r="A1"><f>EXEC("a&amp;b")</f><v>0</v></c><c r="B2"><v>7</v></c></row></sheetData></xm:macrosheet>'
  const found = await run({
    'xl/vbaProject.bin': 'x',
    'xl/macrosheets/sheet1.xml': sheet,
    'xl/embeddings/oleObject1.bin': 'x',
  })
  expect(propertiesOf(found)).toEqual(['ooxml.macros=vba', 'ooxml.macros=xlm', 'ooxml.embedded=1'])
  expect(found.children.map(child => [child.name, child.relation, child.type, latin1(child.bytes)])).toEqual([
    ['macrosheet-sheet1.txt', 'view', 'text', 'A1\t=EXEC("a&b")\nA1\t0\nB2\t7\n'],
  ])
})

it('says nothing about an ordinary document', async () => {
  const found = await run({ '[Content_Types].xml': '<Types/>', 'word/document.xml': '<w:document/>' })
  expect([found.emissions, found.children]).toEqual([[], []])
})

it('stands damage anywhere', async () => {
  const bytes = zip({
    'a.rels': '',
    'word/_rels/document.xml.rels': rels('image', 'http://a'),
    'word/document.xml': '<a',
  })
  expect(await mutilate(ooxml, bytes, 'docx', { step: 3, mutations: 500 })).toBe(0)
  expect(missedOf(await collect(ooxml, new Uint8Array(0), { type: 'docx' }))).toEqual([])
})

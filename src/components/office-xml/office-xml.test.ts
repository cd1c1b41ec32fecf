import { deflateSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { bytesOf, latin1, Writer } from '../../bytes/index.ts'
import { identify } from '../../formats/index.ts'
import { activeMime } from '../activemime/activemime.ts'
import { hwp3 } from '../hwp3/hwp3.ts'
import { collect, missedOf } from '../testing/collect.ts'
import { mutilate } from '../testing/mutilate.ts'
import { officeXml } from './office-xml.ts'

const PAYLOAD = 'MZ this stands for a program, and is none'
const base64 = (text: string) => Buffer.from(text).toString('base64').replace(/.{20}/g, '$&\r\n')
const HEAD = '<?xml version="1.0"?><?mso-application progid="Word.Document"?>'
const run = (text: string) => collect(officeXml, bytesOf(HEAD + text))
const childrenOf = ({ children }: Awaited<ReturnType<typeof run>>) =>
  children.map(child => [child.name, latin1(child.bytes)])

it('gives the binary parts of Word 2003 XML', async () => {
  const found = await run(
    `<w:wordDocument><w:docSuppData><w:binData w:name="editdata.mso">${base64(PAYLOAD)}</w:binData></w:docSuppData>` +
      `<w:binData w:name='oledata.mso'>${base64('second')}</w:binData><w:binData/></w:wordDocument>`,
  )
  expect(childrenOf(found)).toEqual([
    ['editdata.mso', PAYLOAD],
    ['oledata.mso', 'second'],
  ])
  expect(missedOf(found)).toEqual([])
})

it('gives the binary parts of Flat OPC, and what it refers to', async () => {
  const found = await run(
    '<pkg:package><pkg:part pkg:name="/word/_rels/document.xml.rels"><pkg:xmlData><Relationships><Relationship ' +
      'Type="http://x/attachedTemplate" Target="http://example.com" TargetMode="External"/></Relationships></pkg:xmlData></pkg:part>' +
      `<pkg:part pkg:name="/word/vbaProject.bin"><pkg:binaryData>${base64(PAYLOAD)}</pkg:binaryData></pkg:part></pkg:package>`,
  )
  expect(childrenOf(found)).toEqual([['/word/vbaProject.bin', PAYLOAD]])
  expect(found.emissions).toContainEqual({
    emit: 'anomaly',
    code: 'external-template',
    detail: 'The template lies elsewhere',
  })
})

it('a part that is cut off is what there is, and malformed', async () => {
  const found = await run(`<w:binData w:name="a">${base64(PAYLOAD)}`)
  expect([childrenOf(found), missedOf(found)]).toEqual([[['a', PAYLOAD]], ['malformed a']])
})

it('more parts than are taken out are missed', async () => {
  const found = await run('<w:binData>QUFB</w:binData>'.repeat(50_001))
  expect([found.children.length, missedOf(found)]).toEqual([50_000, ['too-large']])
})

it('stands damage anywhere', async () => {
  const text = `${HEAD}<w:binData w:name="a">${base64(PAYLOAD)}</w:binData><w:fldSimple w:instr="DDE a"/>`
  expect(await mutilate(officeXml, bytesOf(text), 'xml-word', { mutations: 800 })).toBeGreaterThan(10)
})

it.each([0x32, 0x40])('an ActiveMime wrapper is decompressed from offset %d', async offset => {
  const out = new Writer()
    .bytes(bytesOf('ActiveMime\0\0'))
    .padTo(0x1e)
    .u16(offset - 46)
    .padTo(offset)
  const bytes = out.bytes(new Uint8Array(deflateSync(PAYLOAD))).finish()
  expect(identify(bytes).name).toBe('activemime')
  const { children, emissions } = await collect(activeMime, bytes)
  expect([children.map(child => latin1(child.bytes)), emissions]).toEqual([[PAYLOAD], []])
  expect(await mutilate(activeMime, bytes, 'activemime', { mutations: 200 })).toBeGreaterThan(10)
})

it('Hangul 3 documents are missed', async () => {
  expect(missedOf(await collect(hwp3, bytesOf('HWP Document File V3.00')))).toEqual(['unsupported'])
})

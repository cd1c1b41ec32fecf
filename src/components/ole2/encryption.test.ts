import { createHash } from 'node:crypto'
import { deflateSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { bytesOf, latin1, Writer } from '../../bytes/index.ts'
import { buildOle2, buildWorkbook, callToken, joined, textToken } from '../../formats/testing.ts'
import type { Ole2Entry } from '../../formats/testing.ts'
import { componentCrypto } from '../../runtime/component-crypto.ts'
import { collect, missedOf } from '../testing/collect.ts'
import { mutilate } from '../testing/mutilate.ts'
import { ole2 } from './ole2.ts'
import {
  basicCipher,
  cryptoApiCipher,
  encryptPresentation,
  encryptWord,
  encryptWorkbook,
  XOR_FILE_PASS,
  xorWorkbook,
} from './testing/encrypt.ts'
import type { TestCipher } from './testing/encrypt.ts'
import { AGILE_INFO, AGILE_PACKAGE, PLAIN_SHA256, STANDARD_INFO, STANDARD_PACKAGE } from './testing/samples.ts'

const PASSWORD = 'lazaret'
const base64 = (text: string) => new Uint8Array(Buffer.from(text, 'base64'))
const open = (entries: readonly Ole2Entry[], passwords: readonly string[] = []) =>
  collect(ole2, buildOle2({ entries }), { passwords })
type Opened = Awaited<ReturnType<typeof open>>
const child = ({ children }: Opened, name: string) => children.find(child => child.name === name)?.bytes
const passwordsOf = ({ emissions }: Opened) =>
  emissions.flatMap(emission => (emission.emit === 'password' ? [emission.password] : []))
const isMarked = ({ emissions }: Opened) =>
  emissions.some(emission => emission.emit === 'property' && emission.name === 'encrypted' && emission.value === 'ole2')

describe.each([
  ['agile', AGILE_INFO, AGILE_PACKAGE],
  ['standard', STANDARD_INFO, STANDARD_PACKAGE],
])('OOXML, %s encryption', (_, info, packed) => {
  const entries = [
    { path: 'EncryptionInfo', data: base64(info) },
    { path: 'EncryptedPackage', data: base64(packed) },
  ]

  it('is opened by its password', async () => {
    const opened = await open(entries, [PASSWORD])
    const plain = child(opened, 'decrypted')!
    expect(createHash('sha256').update(plain).digest('hex')).toBe(PLAIN_SHA256)
    expect([missedOf(opened), passwordsOf(opened), isMarked(opened)]).toEqual([[], [PASSWORD], true])
  })

  it('stays closed without it', async () => {
    const opened = await open(entries)
    expect([missedOf(opened), isMarked(opened), child(opened, 'decrypted')]).toEqual([['encrypted'], true, undefined])
  })

  it('keeps what there is of a cut package', async () => {
    const cut = [entries[0], { path: 'EncryptedPackage', data: base64(packed).subarray(0, 8 + 64) }]
    const opened = await open(cut, [PASSWORD])
    expect(child(opened, 'decrypted')!.length).toBe(64)
    expect(missedOf(opened)).toEqual(['malformed decrypted'])
  })
})

const EVIL = joined(textToken('calc'), callToken(110, 1))
const workbook = (filePass: Uint8Array) =>
  buildWorkbook({
    sheets: [{ name: 'Macro1', isMacro: true, formulas: Array.from({ length: 60 }, () => EVIL) }],
    filePass,
  })

const CIPHERS: readonly (readonly [string, (password: string) => TestCipher])[] = [
  ['RC4 of Office 97', password => basicCipher(componentCrypto, password)],
  ['RC4 of 40 bits by CryptoAPI', password => cryptoApiCipher(componentCrypto, password, 40)],
  ['RC4 of 128 bits by CryptoAPI', password => cryptoApiCipher(componentCrypto, password, 128)],
]

describe.each(CIPHERS)('%s', (_, cipherOf) => {
  const encrypted = (password: string) => {
    const cipher = cipherOf(password)
    const filePass = new Writer().u16(1).bytes(cipher.header).finish()
    return [{ path: 'Workbook', data: encryptWorkbook(workbook(filePass), cipher) }]
  }

  it.each([
    ['VelvetSweatshop', []],
    [PASSWORD, [PASSWORD]],
  ])('a workbook under %j is opened, and its macros read', async (password, passwords) => {
    const opened = await open(encrypted(password), passwords)
    expect(latin1(child(opened, 'macrosheet-1.txt')!)).toContain('A60\t=EXEC("calc")')
    expect([missedOf(opened), passwordsOf(opened), isMarked(opened)]).toEqual([[], [password], true])
  })

  it('a workbook under another password stays closed', async () => {
    const opened = await open(encrypted(PASSWORD))
    expect([missedOf(opened), isMarked(opened)]).toEqual([['encrypted'], true])
  })

  it('a Word document is opened, and its fields read', async () => {
    const cipher = cipherOf(PASSWORD)
    const text = '\x13DDEAUTO calc\x15'
    const plain = new Writer().u16(0xa5ec).u16(0xc1).padTo(0x0a).u16(0x0200).padTo(0x1a2)
    const head = cipher.header.length
    plain
      .u32(head)
      .u32(5 + 16)
      .padTo(0x500)
      .bytes(bytesOf(text))
    const table = new Writer()
      .u8(2)
      .u32(16)
      .u32(0)
      .u32(text.length)
      .u16(0)
      .u32(0x4000_0000 | (2 * 0x500))
      .u16(0)
    const { word, table: closed } = encryptWord(plain.finish(), table.finish(), cipher)
    const entries = [
      { path: 'WordDocument', data: word },
      { path: '1Table', data: closed },
    ]
    const opened = await open(entries, [PASSWORD])
    expect(latin1(child(opened, 'decrypted/WordDocument')!, 0x500)).toBe(text)
    expect(JSON.stringify(opened.emissions)).toContain('DDEAUTO calc')
    expect(missedOf(opened)).toEqual([])
    expect(missedOf(await open(entries))).toEqual(['encrypted'])
  })
})

it('XOR: a workbook under the usual password is opened', async () => {
  const opened = await open([{ path: 'Workbook', data: xorWorkbook(workbook(XOR_FILE_PASS)) }])
  expect(latin1(child(opened, 'macrosheet-1.txt')!)).toContain('A60\t=EXEC("calc")')
  expect([missedOf(opened), passwordsOf(opened)]).toEqual([[], ['VelvetSweatshop']])
})

it('a presentation is opened, and its objects taken out', async () => {
  const packed = deflateSync(bytesOf('MZ payload'))
  const object = new Writer()
    .u16(0x10)
    .u16(0x1011)
    .u32(packed.length + 4)
    .u32(10)
    .bytes(packed)
    .finish()
  const { stream, user } = encryptPresentation(object, cryptoApiCipher(componentCrypto, PASSWORD, 128))
  const entries = [
    { path: 'PowerPoint Document', data: stream },
    { path: 'Current User', data: user },
  ]
  const opened = await open(entries, [PASSWORD])
  expect(latin1(child(opened, 'decrypted/PowerPoint Document/object-1')!)).toBe('MZ payload')
  expect(missedOf(opened)).toEqual([])
  expect(missedOf(await open(entries))).toEqual(['encrypted'])
})

it('encryption by another way is unsupported, or encrypted', async () => {
  const info = (...version: readonly number[]) => Uint8Array.from([...version, 0, 0, 0, 0])
  const entries = (data: Uint8Array) => [
    { path: 'EncryptionInfo', data },
    { path: 'EncryptedPackage', data: new Uint8Array(40) },
  ]
  expect(missedOf(await open(entries(info(3, 0, 3, 0))))).toEqual(['unsupported'])
  expect(missedOf(await open(entries(info(4, 0, 4, 0))))).toEqual(['malformed'])
  expect(missedOf(await open([{ path: '\tDRMContent', data: new Uint8Array(40) }]))).toEqual(['encrypted'])
})

it('a number of rounds that would take forever is not begun', async () => {
  const info = Buffer.from(AGILE_INFO, 'base64')
    .toString('latin1')
    .replace('spinCount="100000"', 'spinCount="999999999"')
  const entries = [
    { path: 'EncryptionInfo', data: bytesOf(info) },
    { path: 'EncryptedPackage', data: base64(AGILE_PACKAGE) },
  ]
  expect(missedOf(await open(entries, [PASSWORD]))).toEqual(['encrypted'])
})

it('stands damage anywhere', async () => {
  const cipher = basicCipher(componentCrypto, PASSWORD)
  const filePass = new Writer().u16(1).bytes(cipher.header).finish()
  const bytes = buildOle2({ entries: [{ path: 'Workbook', data: encryptWorkbook(workbook(filePass), cipher) }] })
  expect(await mutilate(ole2, bytes, 'ole2', { step: 97, mutations: 300 })).toBeGreaterThan(100)
})

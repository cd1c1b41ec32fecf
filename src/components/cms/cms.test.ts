import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { collect, missedOf } from '../testing/collect.ts'
import { cms } from './cms.ts'

const TEXT = Buffer.from('benign content of a message\r\n'.repeat(100))

/** An element with a length of four bytes, or of none at all. */
const element = (tag: number, ...inner: Uint8Array[]): Buffer => {
  const body = Buffer.concat(inner)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(body.length)
  return Buffer.concat([Uint8Array.of(tag, 0x84), length, body])
}
const open = (tag: number, ...inner: Uint8Array[]): Buffer =>
  Buffer.concat([Uint8Array.of(tag, 0x80), ...inner, Uint8Array.of(0, 0)])
const hex = (text: string): Buffer => Buffer.from(text, 'hex')
const oid = (text: string): Buffer => element(6, hex(text))
const DATA = oid('2a864886f70d010701')

const signed = (make: typeof element, ...content: Uint8Array[]): Buffer =>
  make(
    0x30,
    oid('2a864886f70d010702'),
    make(0xa0, make(0x30, hex('020101'), make(0x31), make(0x30, DATA, ...content), element(0x31))),
  )
const octets = (make: typeof element): Buffer =>
  make(0xa0, make(0x24, element(4, TEXT.subarray(0, 9)), element(4, TEXT.subarray(9))))
const compressed = (data: Uint8Array): Buffer =>
  element(
    0x30,
    oid('2a864886f70d0109100109'),
    element(0xa0, element(0x30, hex('020100'), element(0x30), element(0x30, DATA, element(0xa0, element(4, data))))),
  )
const pem = (der: Buffer): Buffer =>
  Buffer.from(`-----BEGIN PKCS7-----\n${der.toString('base64')}\n-----END PKCS7-----\n`)

describe('messages of PKCS#7', () => {
  it.each([
    ['signed', signed(element, octets(element))],
    ['signed, without lengths', signed(open, octets(open))],
    ['signed, PEM', pem(signed(element, octets(element)))],
    ['compressed', compressed(deflateSync(TEXT))],
  ])('%s: gives its content', async (_, bytes) => {
    const collected = await collect(cms, bytes)
    expect(missedOf(collected)).toEqual([])
    expect(collected.children.map(child => TEXT.equals(child.bytes))).toEqual([true])
  })

  it('a detached signature holds nothing', async () => {
    const collected = await collect(cms, signed(element))
    expect([collected.children, missedOf(collected)]).toEqual([[], []])
  })

  it('cut off anywhere, says so', async () => {
    const sample = signed(open, octets(open))
    for (let length = 1; length < sample.length - 20; length += 7)
      expect(missedOf(await collect(cms, sample.subarray(0, length))).length).toBe(1)
  })
})

describe.skipIf(!existsSync('/usr/bin/openssl'))('messages of openssl', () => {
  let folder = ''
  const run = (...options: string[]): void => void execFileSync('openssl', options, { cwd: folder, stdio: 'ignore' })
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'lazaret-cms-'))
    writeFileSync(join(folder, 'text'), TEXT)
    run(
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      'key',
      '-out',
      'cert',
      '-subj',
      '/CN=a',
      '-days',
      '9',
    )
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it.each([
    [['-sign', '-nodetach'], 'DER', [true], []],
    [['-sign', '-nodetach', '-stream', '-indef'], 'DER', [true], []],
    [['-sign', '-nodetach', '-cades'], 'PEM', [true], []],
    [['-sign'], 'DER', [], []],
    [['-encrypt', '-aes256'], 'DER', [], [expect.stringContaining('encrypted')]],
  ])('%j %s', async (options, form, children, missed) => {
    const who = options[0] === '-sign' ? ['-signer', 'cert', '-inkey', 'key'] : []
    const to = options[0] === '-sign' ? [] : ['cert']
    run('cms', ...options, '-binary', '-in', 'text', ...who, '-outform', form, '-out', 'out', ...to)
    const collected = await collect(cms, readFileSync(join(folder, 'out')))
    expect(collected.children.map(child => TEXT.equals(child.bytes))).toEqual(children)
    expect(missedOf(collected)).toEqual(missed)
  })
})

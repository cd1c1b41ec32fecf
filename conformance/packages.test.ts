import { createHash, randomBytes } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createPackager } from '../src/store/index.ts'
import { missing } from './needs.ts'

// The archives in which content leaves the server, against programs that people open them with.

const folder = mkdtempSync(join(tmpdir(), 'lazaret-packages-'))
afterAll(() => rmSync(folder, { recursive: true }))

const digest = (name: string, bytes: Buffer): string => createHash(name).update(bytes).digest('hex')

async function archiveOf(
  bytes: Buffer,
  format: 'zip' | 'cart',
  options: Parameters<typeof createPackager>[0],
  claimedBytes = bytes.length,
): Promise<{ path: string; sha256: string }> {
  const sha256 = digest('sha256', bytes)
  async function* stream(): AsyncIterable<Uint8Array> {
    for (let at = 0; at < bytes.length; at += 50_000) yield await Promise.resolve(bytes.subarray(at, at + 50_000))
  }
  const content = { name: 'x', sizeBytes: claimedBytes, stream: stream(), sha256, sha1: digest('sha1', bytes), md5: digest('md5', bytes) } // prettier-ignore
  const pieces: Buffer[] = []
  for await (const piece of createPackager(options).pack(format, content).stream) pieces.push(Buffer.from(piece))
  const path = join(folder, `${sha256.slice(0, 8)}-${options?.encryption ?? ''}${claimedBytes}.${format}`)
  writeFileSync(path, Buffer.concat(pieces))
  return { path, sha256 }
}

const SAMPLES: readonly (readonly [string, Buffer])[] = [
  ['nothing', Buffer.alloc(0)],
  ['one byte', Buffer.from('A')],
  ['text', Buffer.from('all the same '.repeat(10_000))],
  ['noise', randomBytes(300_000)],
]
const LONG = 2 ** 33
const output = { maxBuffer: 2 ** 24, stdio: ['ignore', 'pipe', 'pipe'] as ['ignore', 'pipe', 'pipe'] }

describe.skipIf(missing('7z').length > 0)('7z opens', () => {
  for (const encryption of ['aes', 'zipcrypto'] as const) {
    for (const claimed of [undefined, LONG]) {
      it.each(SAMPLES)(`%s as ${encryption}, claimed size ${claimed ?? 'as it is'}`, async (_, bytes) => {
        const { path, sha256 } = await archiveOf(bytes, 'zip', { encryption, password: 'pass wörd' }, claimed)
        expect(execFileSync('7z', ['t', '-ppass wörd', path], output).toString()).toContain('Everything is Ok')
        expect(execFileSync('7z', ['e', '-so', '-ppass wörd', path, sha256], output)).toEqual(bytes)
        if (bytes.length > 1) expect(() => execFileSync('7z', ['t', '-pinfected', path], output)).toThrow()
        const listing = execFileSync('7z', ['l', '-slt', path], output).toString()
        expect(listing).toContain(encryption === 'aes' ? 'AES-256' : 'ZipCrypto')
      })
    }
  }
})

describe.skipIf(missing('unzip').length > 0)('unzip opens', () => {
  for (const claimed of [undefined, LONG]) {
    it.each(SAMPLES)(`%s as zipcrypto, claimed size ${claimed ?? 'as it is'}`, async (_, bytes) => {
      const { path, sha256 } = await archiveOf(bytes, 'zip', { encryption: 'zipcrypto' }, claimed)
      expect(execFileSync('unzip', ['-P', 'infected', '-p', path, sha256], output)).toEqual(bytes)
      expect(execFileSync('unzip', ['-P', 'infected', '-t', path], output).toString()).toContain('No errors')
    })
  }
})

/** From the description of the format, with nothing of ours. */
const READ_CART = `
import sys, struct, zlib, json, hashlib
def rc4(key, data):
    s = list(range(256)); j = 0
    for i in range(256):
        j = (j + s[i] + key[i % len(key)]) % 256; s[i], s[j] = s[j], s[i]
    out = bytearray(); i = j = 0
    for b in data:
        i = (i + 1) % 256; j = (j + s[i]) % 256; s[i], s[j] = s[j], s[i]
        out.append(b ^ s[(s[i] + s[j]) % 256])
    return bytes(out)
raw = open(sys.argv[1], 'rb').read()
magic, version, reserved, key, length = struct.unpack('<4shQ16sQ', raw[:38])
assert (magic, version, reserved) == (b'CART', 1, 0) and key == b'\\x03\\x01\\x04\\x01\\x05\\x09\\x02\\x06' * 2
json.loads(rc4(key, raw[38:38 + length]))
trac, reserved, at, size = struct.unpack('<4sQQQ', raw[-28:])
assert (trac, reserved) == (b'TRAC', 0)
footer = json.loads(rc4(key, raw[at:at + size]))
content = zlib.decompress(rc4(key, raw[38 + length:at]))
assert footer['sha256'] == hashlib.sha256(content).hexdigest() and int(footer['length']) == len(content)
sys.stdout.buffer.write(content)
`

describe.skipIf(missing('python3').length > 0)('CaRT is read by Python', () => {
  it.each(SAMPLES)('%s', async (_, bytes) => {
    const { path } = await archiveOf(bytes, 'cart', {})
    expect(execFileSync('python3', ['-c', READ_CART, path], output)).toEqual(bytes)
    expect(readFileSync(path).toString('latin1', 0, 4)).toBe('CART')
  })
})

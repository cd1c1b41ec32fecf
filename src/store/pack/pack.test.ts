import { createHash } from 'node:crypto'
import { inflateSync } from 'node:zlib'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { UseCaseError } from '../../usecases/index.ts'
import { bytesOf, codeOf, collect, streamOf } from '../testing/vault-suite.ts'
import { createRc4 } from './cart.ts'
import { createPackager } from './index.ts'

const contentOf = (bytes: Buffer, stream = streamOf(bytes)) => ({
  name: '../../etc/passwd\u202e',
  sizeBytes: bytes.length,
  stream,
  sha256: createHash('sha256').update(bytes).digest('hex'),
  sha1: createHash('sha1').update(bytes).digest('hex'),
  md5: createHash('md5').update(bytes).digest('hex'),
})

/** RC4 as its description says it, apart from the one in use. */
function rc4Reference(key: Uint8Array, data: Uint8Array): Buffer {
  const s = [...Array(256).keys()]
  for (let i = 0, j = 0; i < 256; i++) {
    j = (j + s[i] + key[i % key.length]) % 256
    ;[s[i], s[j]] = [s[j], s[i]]
  }
  let [i, j] = [0, 0]
  return Buffer.from(
    [...data].map(byte => {
      i = (i + 1) % 256
      j = (j + s[i]) % 256
      ;[s[i], s[j]] = [s[j], s[i]]
      return byte ^ s[(s[i] + s[j]) % 256]
    }),
  )
}

function readCart(bytes: Buffer): { header: unknown; content: Buffer; footer: unknown } {
  expect(bytes.toString('latin1', 0, 4)).toBe('CART')
  expect([bytes.readUInt16LE(4), bytes.readBigUInt64LE(6)]).toEqual([1, 0n])
  const key = bytes.subarray(14, 30)
  const headerEnd = 38 + Number(bytes.readBigUInt64LE(30))
  const last = bytes.subarray(-28)
  expect([last.toString('latin1', 0, 4), last.readBigUInt64LE(4)]).toEqual(['TRAC', 0n])
  const [at, length] = [Number(last.readBigUInt64LE(12)), Number(last.readBigUInt64LE(20))]
  expect(at + length + 28).toBe(bytes.length)
  return {
    header: JSON.parse(rc4Reference(key, bytes.subarray(38, headerEnd)).toString()),
    content: inflateSync(rc4Reference(key, bytes.subarray(headerEnd, at))),
    footer: JSON.parse(rc4Reference(key, bytes.subarray(at, at + length)).toString()),
  }
}

describe('CaRT', () => {
  it('is read back, with digests and without the name of the submitter', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 5000 }), async data => {
        const content = contentOf(Buffer.from(data))
        const { stream, filename, mediaType } = createPackager().pack('cart', content)
        const { sha256, sha1, md5 } = content
        expect([filename, mediaType]).toEqual([`${sha256}.cart`, 'application/x-cart'])
        const cart = readCart(await collect(stream))
        expect(cart.content).toEqual(Buffer.from(data))
        expect(cart.header).toEqual({ name: sha256 })
        expect(cart.footer).toEqual({ length: String(data.length), md5, sha1, sha256 })
      }),
      { numRuns: 40 },
    )
  })

  it('has RC4 as RFC 6229 tests it', () => {
    const stream = new Uint8Array(16)
    createRc4(Uint8Array.from([1, 2, 3, 4, 5]))(stream)
    expect(Buffer.from(stream).toString('hex')).toBe('b2396305f03dc027ccc3524a0a1118a8')
  })
})

describe('encrypted ZIP', () => {
  it.each(['aes', 'zipcrypto'] as const)('with %s shows neither name nor content', async encryption => {
    const bytes = Buffer.from('EIN KLARER TEXT '.repeat(500))
    const { stream, filename } = createPackager({ encryption }).pack('zip', contentOf(bytes))
    const archive = await collect(stream)
    expect(filename).toMatch(/^[0-9a-f]{64}\.zip$/)
    expect([archive.includes('KLARER'), archive.includes('passwd')]).toEqual([false, false])
    expect(archive.readUInt16LE(6) & 1).toBe(1)
  })

  it.each(['zip', 'cart'] as const)('as %s hands on an error of the content, and lets go of it', async format => {
    let closed = false
    async function* failing(): AsyncIterable<Uint8Array> {
      try {
        yield bytesOf(100_000)
        await Promise.resolve()
        throw new UseCaseError('internal')
      } finally {
        closed = true
      }
    }
    const { stream } = createPackager().pack(format, contentOf(bytesOf(10), failing()))
    expect(await codeOf(collect(stream))).toBe('internal')
    expect(closed).toBe(true)
  })

  it('stops reading the content when nobody reads the archive any more', async () => {
    let closed = false
    async function* endless(): AsyncIterable<Uint8Array> {
      try {
        for (let seed = 0; ; seed++) yield await Promise.resolve(bytesOf(10_000, seed))
      } finally {
        closed = true
      }
    }
    for await (const piece of createPackager().pack('zip', contentOf(bytesOf(10), endless())).stream) {
      if (piece.length > 1000) break
    }
    await expect.poll(() => closed).toBe(true)
  })
})

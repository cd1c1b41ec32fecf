import { createDeflate } from 'node:zlib'
import { Readable } from 'node:stream'

// CaRT 1 (https://github.com/CybercentreCanada/cart, README "CaRT format"): neutered content with its digests. Little-endian:
//
//   "CART", version u16 = 1, reserved u64, RC4 key 16, length of the optional header u64
//   optional header    RC4 of JSON
//   content            RC4 of zlib
//   optional footer    RC4 of JSON: length and digests of the content
//   "TRAC", reserved u64, position of the optional footer u64, its length u64
//
// The key is public, and each part begins the cipher anew: this keeps programs off, not people.

const KEY = Buffer.from([3, 1, 4, 1, 5, 9, 2, 6, 3, 1, 4, 1, 5, 9, 2, 6])
const VERSION = 1

export interface CartOptions {
  readonly name: string
  readonly sizeBytes: number
  readonly sha256: string
  readonly sha1: string
  readonly md5: string
}

/** The archive in pieces. */
export async function* cartOf(content: AsyncIterable<Uint8Array>, options: CartOptions): AsyncIterable<Uint8Array> {
  const { name, sizeBytes, sha256, sha1, md5 } = options
  const optionalHeader = rc4Text(JSON.stringify({ name }))
  const header = Buffer.alloc(38)
  header.write('CART', 0, 'latin1')
  header.writeUInt16LE(VERSION, 4)
  KEY.copy(header, 14)
  header.writeBigUInt64LE(BigInt(optionalHeader.length), 30)
  yield header
  yield optionalHeader
  let position = header.length + optionalHeader.length
  const cipher = createRc4(KEY)
  for await (const piece of zlibOf(content)) {
    cipher(piece)
    position += piece.length
    yield piece
  }
  const optionalFooter = rc4Text(JSON.stringify({ length: String(sizeBytes), md5, sha1, sha256 }))
  yield optionalFooter
  const footer = Buffer.alloc(28)
  footer.write('TRAC', 0, 'latin1')
  footer.writeBigUInt64LE(BigInt(position), 12)
  footer.writeBigUInt64LE(BigInt(optionalFooter.length), 20)
  yield footer
}

function zlibOf(content: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const source = Readable.from(content, { objectMode: false })
  const deflate = createDeflate()
  source.on('error', error => deflate.destroy(error))
  deflate.on('close', () => source.destroy())
  return source.pipe(deflate)
}

function rc4Text(text: string): Buffer {
  const bytes = Buffer.from(text)
  createRc4(KEY)(bytes)
  return bytes
}

/** RC4, which OpenSSL no longer offers; works in place. */
export function createRc4(key: Uint8Array): (bytes: Uint8Array) => void {
  const state = Uint8Array.from({ length: 256 }, (_, at) => at)
  for (let at = 0, other = 0; at < 256; at++) {
    other = (other + state[at] + key[at % key.length]) & 0xff
    swap(state, at, other)
  }
  let i = 0
  let j = 0
  return bytes => {
    for (let at = 0; at < bytes.length; at++) {
      i = (i + 1) & 0xff
      const one = state[i]
      j = (j + one) & 0xff
      const other = state[j]
      state[i] = other
      state[j] = one
      bytes[at] ^= state[(one + other) & 0xff]
    }
  }
}

function swap(state: Uint8Array, one: number, other: number): void {
  const kept = state[one]
  state[one] = state[other]
  state[other] = kept
}

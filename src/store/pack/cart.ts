import { createDeflate } from 'node:zlib'
import { Readable } from 'node:stream'
import { Rc4 } from '../../codecs/index.ts'

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
  const cipher = new Rc4(KEY)
  for await (const piece of zlibOf(content)) {
    yield cipher.apply(piece)
    position += piece.length
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
  new Rc4(KEY).apply(bytes)
  return bytes
}

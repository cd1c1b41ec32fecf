import { randomBytes } from 'node:crypto'
import { crc32, createDeflateRaw } from 'node:zlib'
import { Readable } from 'node:stream'
import { createWinzipAes, SALT_BYTES } from './winzip-aes.ts'
import { createZipCrypto } from './zip-crypto.ts'

// An archive of one encrypted member, written as it streams by: sizes follow the data in a descriptor, with 64 bits
// where the content might need them (APPNOTE.TXT 6.3.10 §4.3, §4.5.3).

export type ZipEncryption = 'aes' | 'zipcrypto'

export interface ZipOptions {
  /** ASCII. */
  readonly name: string
  /** Length of the content: an upper bound, which decides about Zip64. */
  readonly sizeBytes: number
  readonly password: string
  readonly encryption: ZipEncryption
}

const LOCAL = 0x04034b50
const DESCRIPTOR = 0x08074b50
const CENTRAL = 0x02014b50
const END = 0x06054b50
const END64 = 0x06064b50
const END64_LOCATOR = 0x07064b50
/** Encrypted, and sizes follow the data. */
const FLAGS = 0x0009
const DEFLATED = 8
const AES_METHOD = 99
const VERSIONS = { aes: 51, zipcrypto: 20, zip64: 45 }
/** 1 January 1980, 00:00: the time says nothing about the content. */
const DOS_TIME = 0
const DOS_DATE = 0x21
const AES_EXTRA = Buffer.from([0x01, 0x99, 7, 0, 2, 0, 0x41, 0x45, 3, DEFLATED, 0])
/** Deflated data that cannot be made shorter grows by less than this share, and some bytes of encryption. */
const ZIP64_FROM = 0xffffffff - 2 ** 24
const MAX32 = 0xffffffff

/** The archive in pieces. Costs two buffers of some ten KiB, whatever the size. */
export async function* zipOf(content: AsyncIterable<Uint8Array>, options: ZipOptions): AsyncIterable<Uint8Array> {
  const { name, encryption, sizeBytes } = options
  const isAes = encryption === 'aes'
  const isLong = sizeBytes >= ZIP64_FROM
  const member: Member = { name: Buffer.from(name, 'latin1'), isAes, isLong }
  const local = localHeader(member)
  yield local
  let crc = 0
  let size = 0
  let packed = 0
  async function* counted(): AsyncIterable<Uint8Array> {
    for await (const piece of content) {
      crc = crc32(piece, crc)
      size += piece.length
      yield piece
    }
  }
  for await (const piece of encrypted(deflated(counted()), options)) {
    packed += piece.length
    yield piece
  }
  // AE-2 leaves the checksum out: the authentication code is stronger, and a checksum tells short contents.
  const sums: Sums = { crc: isAes ? 0 : crc, size, packed }
  const descriptor = descriptorOf(sums, isLong)
  yield descriptor
  const central = centralHeader(member, sums)
  yield central
  yield endOf(central.length, local.length + packed + descriptor.length, isLong)
}

interface Member {
  readonly name: Buffer
  readonly isAes: boolean
  readonly isLong: boolean
}
interface Sums {
  readonly crc: number
  readonly size: number
  readonly packed: number
}

function deflated(content: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const source = Readable.from(content, { objectMode: false })
  const deflate = createDeflateRaw({ level: 6 })
  // An error of the content has to end the reader of what is packed.
  source.on('error', error => deflate.destroy(error))
  deflate.on('close', () => source.destroy())
  return source.pipe(deflate)
}

async function* encrypted(
  data: AsyncIterable<Uint8Array>,
  { password, encryption }: ZipOptions,
): AsyncIterable<Uint8Array> {
  if (encryption === 'aes') {
    const aes = createWinzipAes(password, randomBytes(SALT_BYTES))
    yield aes.header
    for await (const piece of data) {
      aes.encrypt(piece)
      yield piece
    }
    yield aes.code()
    return
  }
  const cipher = createZipCrypto(Buffer.from(password))
  // The checksum is not known yet, so that the time stands for it (§6.1.6, bit 3).
  yield cipher.header(randomBytes(12), DOS_TIME >>> 8)
  for await (const piece of data) {
    cipher.encrypt(piece)
    yield piece
  }
}

const versionOf = ({ isAes, isLong }: Member): number =>
  isAes ? VERSIONS.aes : isLong ? VERSIONS.zip64 : VERSIONS.zipcrypto

function localHeader(member: Member): Buffer {
  const { name, isAes, isLong } = member
  const extra = Buffer.concat([isLong ? zip64Extra([0, 0]) : Buffer.alloc(0), isAes ? AES_EXTRA : Buffer.alloc(0)])
  const header = Buffer.alloc(30)
  header.writeUInt32LE(LOCAL, 0)
  header.writeUInt16LE(versionOf(member), 4)
  header.writeUInt16LE(FLAGS, 6)
  header.writeUInt16LE(isAes ? AES_METHOD : DEFLATED, 8)
  header.writeUInt16LE(DOS_TIME, 10)
  header.writeUInt16LE(DOS_DATE, 12)
  header.writeUInt32LE(isLong ? MAX32 : 0, 18)
  header.writeUInt32LE(isLong ? MAX32 : 0, 22)
  header.writeUInt16LE(name.length, 26)
  header.writeUInt16LE(extra.length, 28)
  return Buffer.concat([header, name, extra])
}

/** Sizes with 64 bits: uncompressed, compressed. */
function zip64Extra(sizes: readonly [number, number]): Buffer {
  const extra = Buffer.alloc(20)
  extra.writeUInt16LE(1, 0)
  extra.writeUInt16LE(16, 2)
  sizes.forEach((size, at) => extra.writeBigUInt64LE(BigInt(size), 4 + 8 * at))
  return extra
}

function descriptorOf({ crc, size, packed }: Sums, isLong: boolean): Buffer {
  const descriptor = Buffer.alloc(isLong ? 24 : 16)
  descriptor.writeUInt32LE(DESCRIPTOR, 0)
  descriptor.writeUInt32LE(crc, 4)
  if (isLong) {
    descriptor.writeBigUInt64LE(BigInt(packed), 8)
    descriptor.writeBigUInt64LE(BigInt(size), 16)
  } else {
    descriptor.writeUInt32LE(packed, 8)
    descriptor.writeUInt32LE(size, 12)
  }
  return descriptor
}

function centralHeader(member: Member, { crc, size, packed }: Sums): Buffer {
  const { name, isAes, isLong } = member
  const long = isLong ? zip64Extra([size, packed]) : Buffer.alloc(0)
  const extra = Buffer.concat([long, isAes ? AES_EXTRA : Buffer.alloc(0)])
  const header = Buffer.alloc(46)
  header.writeUInt32LE(CENTRAL, 0)
  header.writeUInt16LE(versionOf(member), 4)
  header.writeUInt16LE(versionOf(member), 6)
  header.writeUInt16LE(FLAGS, 8)
  header.writeUInt16LE(isAes ? AES_METHOD : DEFLATED, 10)
  header.writeUInt16LE(DOS_TIME, 12)
  header.writeUInt16LE(DOS_DATE, 14)
  header.writeUInt32LE(crc, 16)
  header.writeUInt32LE(isLong ? MAX32 : packed, 20)
  header.writeUInt32LE(isLong ? MAX32 : size, 24)
  header.writeUInt16LE(name.length, 28)
  header.writeUInt16LE(extra.length, 30)
  return Buffer.concat([header, name, extra])
}

function endOf(centralBytes: number, centralAt: number, isLong: boolean): Buffer {
  const end = Buffer.alloc(22)
  end.writeUInt32LE(END, 0)
  end.writeUInt16LE(1, 8)
  end.writeUInt16LE(1, 10)
  end.writeUInt32LE(centralBytes, 12)
  end.writeUInt32LE(isLong ? MAX32 : centralAt, 16)
  if (!isLong) return end
  const end64 = Buffer.alloc(56)
  end64.writeUInt32LE(END64, 0)
  end64.writeBigUInt64LE(44n, 4)
  end64.writeUInt16LE(VERSIONS.zip64, 12)
  end64.writeUInt16LE(VERSIONS.zip64, 14)
  end64.writeBigUInt64LE(1n, 24)
  end64.writeBigUInt64LE(1n, 32)
  end64.writeBigUInt64LE(BigInt(centralBytes), 40)
  end64.writeBigUInt64LE(BigInt(centralAt), 48)
  const locator = Buffer.alloc(20)
  locator.writeUInt32LE(END64_LOCATOR, 0)
  locator.writeBigUInt64LE(BigInt(centralAt + centralBytes), 8)
  locator.writeUInt32LE(1, 16)
  return Buffer.concat([end64, locator, end])
}

import { Writer } from '../../bytes/index.ts'
import { crc32 } from '../../codecs/index.ts'
import { concat, extraBlock, text } from '../../formats/zip/build.ts'
import type { MemberRecipe } from '../../formats/zip/build.ts'
import type { CryptoPort } from '../../scan/index.ts'

// Encrypts members, for tests: the counterparts of what the reader undoes, written from the same specifications.

const table = Array.from({ length: 256 }, (_, value) => (crc32(Uint8Array.of(value), 0xffff_ffff) ^ 0xffff_ffff) >>> 0)

/** Traditional PKWARE encryption of the member's data. */
export function withClassic(member: MemberRecipe, password: string): MemberRecipe {
  const keys = [0x12345678, 0x23456789, 0x34567890]
  const crcStep = (crc: number, byte: number): number => (table[(crc ^ byte) & 255] ^ (crc >>> 8)) >>> 0
  const update = (byte: number): void => {
    keys[0] = crcStep(keys[0], byte)
    keys[1] = Number((BigInt(keys[1] + (keys[0] & 255)) * 134775813n + 1n) & 0xffff_ffffn)
    keys[2] = crcStep(keys[2], keys[1] >>> 24)
  }
  for (const byte of text(password)) update(byte)
  const content = text(member.content)
  const check = crc32(content) >>> 24
  const plain = concat(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, check), member.data ?? content)
  const data = plain.map(byte => {
    const word = (keys[2] | 2) & 0xffff
    const key = (Math.imul(word, word ^ 1) >>> 8) & 255
    update(byte)
    return byte ^ key
  })
  return { ...member, content, data, flags: (member.flags ?? 0) | 1 }
}

/** WinZip's AES; version 2 stores no checksum. */
export function withAes(
  member: MemberRecipe,
  password: string,
  crypto: CryptoPort,
  { strength = 3, version = 2 } = {},
): MemberRecipe {
  const keySize = 8 + 8 * strength
  const salt = Uint8Array.from({ length: keySize / 2 }, (_, i) => i * 7)
  const keys = crypto.pbkdf2('sha1', text(password), salt, 1000, 2 * keySize + 2)
  const plain = member.data ?? text(member.content)
  const body = Uint8Array.from(plain)
  for (let block = 0; block * 16 < body.length; block++) {
    const counter = new Uint8Array(16)
    new DataView(counter.buffer).setUint32(0, block + 1, true)
    const stream = crypto.aesEncrypt('ecb', keys.subarray(0, keySize), new Uint8Array(0), counter)
    for (let i = 0; i < 16 && block * 16 + i < body.length; i++) body[block * 16 + i] ^= stream[i]
  }
  const code = crypto.hmac('sha1', keys.subarray(keySize, 2 * keySize), body).subarray(0, 10)
  const method = member.method ?? 0
  return {
    ...member,
    data: concat(salt, keys.subarray(2 * keySize), body, code),
    flags: (member.flags ?? 0) | 1,
    method: 99,
    ...(version === 2 && { crc: 0 }),
    extra: extraBlock(0x9901, Uint8Array.of(version, 0, 0x41, 0x45, strength, method & 255, method >> 8)),
  }
}

/** Strong encryption of PKWARE with a password, AES-256. */
export function withStrong(member: MemberRecipe, password: string, crypto: CryptoPort): MemberRecipe {
  const padded = (bytes: Uint8Array): Uint8Array => {
    const padding = 16 - (bytes.length % 16)
    return concat(bytes, new Uint8Array(padding).fill(padding))
  }
  const derive = (digest: Uint8Array): Uint8Array => {
    const half = (pad: number) =>
      crypto.hash(
        'sha1',
        Uint8Array.from({ length: 64 }, (_, i) => pad ^ (i < 20 ? digest[i] : 0)),
      )
    return concat(half(0x36), half(0x5c)).subarray(0, 32)
  }
  const iv = Uint8Array.from({ length: 16 }, (_, i) => i * 3)
  const random = Uint8Array.from({ length: 32 }, (_, i) => i * 5)
  const key = derive(crypto.hash('sha1', concat(iv, random)))
  const encrypt = (key: Uint8Array, bytes: Uint8Array, vector: Uint8Array = iv) =>
    crypto.aesEncrypt('cbc', key, vector, bytes)
  const validation = Uint8Array.from({ length: 12 }, (_, i) => i)
  const proof = encrypt(key, new Writer().bytes(validation).u32(crc32(validation)).finish())
  const rest = new Writer()
    .u16(3)
    .u16(0x6610)
    .u16(256)
    .u16(1)
    .u16(48)
    .bytes(encrypt(derive(crypto.hash('sha1', text(password))), padded(random)))
    .u32(0)
    .u16(16)
    .bytes(proof)
    .finish()
  const data = new Writer()
    .u16(16)
    .bytes(iv)
    .u32(rest.length)
    .bytes(rest)
    .bytes(encrypt(key, padded(member.data ?? text(member.content)), proof))
    .finish()
  return { ...member, data, flags: (member.flags ?? 0) | 0x41 }
}

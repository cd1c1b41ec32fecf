import { createCipheriv, createDecipheriv, createHmac, hash, pbkdf2Sync } from 'node:crypto'
import type { CryptoPort } from '../scan/index.ts'

type AesMode = Parameters<CryptoPort['aesDecrypt']>[0]
const aesName = (mode: AesMode, key: Uint8Array): string => `aes-${key.length * 8}-${mode}`

/** Cryptography for components, by Node's OpenSSL. */
export const componentCrypto: CryptoPort = {
  hash: (name, bytes) => hash(name, bytes, 'buffer'),
  hmac: (name, key, bytes) => createHmac(name, key).update(bytes).digest(),
  pbkdf2: (name, password, salt, iterations, lengthBytes) => pbkdf2Sync(password, salt, iterations, lengthBytes, name),
  aesDecrypt: (mode, key, iv, bytes) => {
    const cipher = createDecipheriv(aesName(mode, key), key, mode === 'ecb' ? null : iv).setAutoPadding(false)
    return Buffer.concat([cipher.update(bytes), cipher.final()])
  },
  aesEncrypt: (mode, key, iv, bytes) => {
    const cipher = createCipheriv(aesName(mode, key), key, mode === 'ecb' ? null : iv).setAutoPadding(false)
    return Buffer.concat([cipher.update(bytes), cipher.final()])
  },
}

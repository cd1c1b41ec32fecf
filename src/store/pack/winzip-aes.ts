import { createCipheriv, createHmac, pbkdf2Sync, type Hmac } from 'node:crypto'

// WinZip's AES encryption, AE-2 with 256 bits (https://www.winzip.com/en/support/aes-encryption/): CTR with a counter that
// is little-endian and begins at 1, which node:crypto does not have; so the counters are encrypted by ECB and combined.

export const SALT_BYTES = 16
const CODE_BYTES = 10
const ITERATIONS = 1000
const KEY_BYTES = 32
const BLOCK_BYTES = 16
/** Counters that are encrypted at once. */
const BATCH_BYTES = 65_536

export interface WinzipAes {
  /** Salt and the two bytes by which a reader checks the password. */
  readonly header: Uint8Array
  /** Encrypts in place. */
  encrypt(bytes: Uint8Array): void
  /** The authentication code behind the data. */
  code(): Uint8Array
}

export function createWinzipAes(password: string, salt: Uint8Array): WinzipAes {
  const keys = pbkdf2Sync(password, salt, ITERATIONS, 2 * KEY_BYTES + 2, 'sha1')
  const ecb = createCipheriv('aes-256-ecb', keys.subarray(0, KEY_BYTES), null).setAutoPadding(false)
  const hmac: Hmac = createHmac('sha1', keys.subarray(KEY_BYTES, 2 * KEY_BYTES))
  const counters = Buffer.alloc(BATCH_BYTES)
  let stream: Uint8Array = new Uint8Array(0)
  let used = 0
  let counter = 0
  const refill = (): void => {
    for (let at = 0; at < BATCH_BYTES; at += BLOCK_BYTES) counters.writeUIntLE(++counter, at, 6)
    stream = ecb.update(counters)
    used = 0
  }
  return {
    header: Buffer.concat([salt, keys.subarray(2 * KEY_BYTES)]),
    encrypt(bytes) {
      for (let at = 0; at < bytes.length;) {
        if (used === stream.length) refill()
        const count = Math.min(bytes.length - at, stream.length - used)
        combine(bytes, at, stream, used, count)
        at += count
        used += count
      }
      hmac.update(bytes)
    },
    code: () => hmac.digest().subarray(0, CODE_BYTES),
  }
}

function combine(bytes: Uint8Array, at: number, stream: Uint8Array, from: number, count: number): void {
  for (let step = 0; step < count; step++) bytes[at + step] ^= stream[from + step]
}

/** RC4. Encryption and decryption are the same. State of one key; each call goes on where the last one ended. */
export class Rc4 {
  readonly #state = Uint8Array.from({ length: 256 }, (_, i) => i)
  #i = 0
  #j = 0

  /** @param key - 1 to 256 bytes */
  constructor(key: Uint8Array) {
    const state = this.#state
    for (let i = 0, j = 0; i < 256; i++) {
      j = (j + state[i] + key[i % key.length]) & 255
      const swapped = state[i]
      state[i] = state[j]
      state[j] = swapped
    }
  }

  /** Changes `bytes` in place, and returns them. About 200 MB/s. */
  apply(bytes: Uint8Array): Uint8Array {
    const state = this.#state
    let i = this.#i
    let j = this.#j
    for (let k = 0; k < bytes.length; k++) {
      i = (i + 1) & 255
      const a = state[i]
      j = (j + a) & 255
      const b = state[j]
      state[i] = b
      state[j] = a
      bytes[k] ^= state[(a + b) & 255]
    }
    this.#i = i
    this.#j = j
    return bytes
  }
}

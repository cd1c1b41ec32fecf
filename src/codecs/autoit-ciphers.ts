// Key streams of AutoIt's compiled scripts. They hide, they do not protect: every key is a constant of the interpreter.

const MT_WORDS = 624
const MT_MIDDLE = 397

/** A new array: `input` against the low bytes of MT19937 (each number shifted right by one). AutoIt 3.0 to 3.2. */
export function decryptMersenne(input: Uint8Array, seed: number): Uint8Array<ArrayBuffer> {
  const state = seeded(seed)
  const output = new Uint8Array(input.length)
  let at = MT_WORDS
  for (let i = 0; i < output.length; i++) {
    if (at === MT_WORDS) {
      renew(state)
      at = 0
    }
    let y = state[at++]
    y ^= y >>> 11
    y ^= (y << 7) & 0x9d2c_5680
    y ^= (y << 15) & 0xefc6_0000
    y ^= y >>> 18
    output[i] = input[i] ^ (y >>> 1)
  }
  return output
}

function seeded(seed: number): Uint32Array {
  const state = new Uint32Array(MT_WORDS)
  state[0] = seed
  for (let i = 1; i < MT_WORDS; i++) {
    const last = state[i - 1]
    state[i] = Math.imul(last ^ (last >>> 30), 0x6c07_8965) + i
  }
  return state
}

function renew(state: Uint32Array): void {
  for (let i = 0; i < MT_WORDS; i++) {
    const y = (state[i] & 0x8000_0000) | (state[(i + 1) % MT_WORDS] & 0x7fff_ffff)
    state[i] = state[(i + MT_MIDDLE) % MT_WORDS] ^ (y >>> 1) ^ ((y & 1) * 0x9908_b0df)
  }
}

const RANROT_WORDS = 17
const RANROT_SECOND = 10
const RANROT_WARM_UP = 9

/**
 * A new array: `input` against the upper bytes of every second number of RANROT-B (17 words, lags 17 and 10, rotations
 * 9 and 13). AutoIt from 3.2.6 on.
 */
export function decryptRanrot(input: Uint8Array, seed: number): Uint8Array<ArrayBuffer> {
  const state = new Uint32Array(RANROT_WORDS)
  let word = seed
  for (let i = 0; i < RANROT_WORDS; i++) {
    word = (1 - Math.imul(word, 0x53a9_b4fb)) | 0
    state[i] = word
  }
  let first = 0
  let second = RANROT_SECOND
  const next = (): number => {
    const [a, b] = [state[first], state[second]]
    const sum = (((a << 9) | (a >>> 23)) + ((b << 13) | (b >>> 19))) >>> 0
    state[first] = sum
    first = first === 0 ? RANROT_WORDS - 1 : first - 1
    second = second === 0 ? RANROT_WORDS - 1 : second - 1
    return sum
  }
  for (let i = 0; i < RANROT_WARM_UP; i++) next()
  const output = new Uint8Array(input.length)
  for (let i = 0; i < output.length; i++) {
    next()
    output[i] = input[i] ^ (next() >>> 24)
  }
  return output
}

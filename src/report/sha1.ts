// SHA-1 (FIPS 180-4, section 6.1), for the name-based identifiers of STIX only: short texts, no secrets.

const BLOCK = 64
const ROUNDS = 80
const CONSTANTS = [0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6] as const

const rotated = (word: number, by: number): number => (word << by) | (word >>> (32 - by))

/** The 20 bytes of the digest. */
export function sha1(input: Uint8Array): Uint8Array {
  const length = Math.ceil((input.length + 9) / BLOCK) * BLOCK
  const padded = new Uint8Array(length)
  padded.set(input)
  padded[input.length] = 0x80
  const view = new DataView(padded.buffer)
  view.setUint32(length - 8, Math.floor(input.length / 2 ** 29))
  view.setUint32(length - 4, (input.length << 3) >>> 0)
  const state = new Uint32Array([0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0])
  const schedule = new Uint32Array(ROUNDS)
  for (let at = 0; at < length; at += BLOCK) block(state, schedule, view, at)
  const digest = new Uint8Array(20)
  state.forEach((word, index) => new DataView(digest.buffer).setUint32(index * 4, word))
  return digest
}

function block(state: Uint32Array, schedule: Uint32Array, view: DataView, at: number): void {
  for (let t = 0; t < 16; t++) schedule[t] = view.getUint32(at + t * 4)
  for (let t = 16; t < ROUNDS; t++)
    schedule[t] = rotated(schedule[t - 3] ^ schedule[t - 8] ^ schedule[t - 14] ^ schedule[t - 16], 1)
  let [a, b, c, d, e] = state
  for (let t = 0; t < ROUNDS; t++) {
    const stage = Math.floor(t / 20)
    const mixed = stage === 0 ? (b & c) | (~b & d) : stage === 2 ? (b & c) | (b & d) | (c & d) : b ^ c ^ d
    const next = (rotated(a, 5) + mixed + e + CONSTANTS[stage] + schedule[t]) | 0
    e = d
    d = c
    c = rotated(b, 30)
    b = a
    a = next
  }
  state[0] += a
  state[1] += b
  state[2] += c
  state[3] += d
  state[4] += e
}
